"""Errors of paths that are passed through."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class PassageNotAllowed(HanbokError):
    code = "passage_not_allowed"
    message = Text(
        ko="엔드포인트 {endpoint!r}의 {method} {path!r}은(는) 통과가 허용되지 않았습니다",
        en="{method} {path!r} of the endpoint {endpoint!r} may not be passed through",
    )
    hint = Text(
        ko="운영자가 hanbok.yaml의 endpoints.<이름>.passthrough에 메서드와 경로를 적어야 합니다.",
        en="The operator must name its method and path at `endpoints.<name>.passthrough` in hanbok.yaml.",
    )


class NotRead(HanbokError):
    """What nobody can inspect passes only where settings name its type."""

    code = "passage_not_read"
    message = Text(
        ko="요청의 형식 {media!r}은(는) 개인정보를 검사할 수 없어 통과시키지 않습니다",
        en="a request of the type {media!r} cannot be inspected for personal data, so it does not pass",
    )
    hint = Text(
        ko="JSON으로 보내거나, 운영자가 그 경로의 unread에 형식을 적어야 합니다.",
        en="Send JSON, or have the operator name the type at `unread` of that path.",
    )


class AnswerNotRead(HanbokError):
    code = "passage_answer_not_read"
    message = Text(
        ko="답변의 형식 {media!r}은(는) 개인정보를 검사할 수 없어 통과시키지 않습니다",
        en="an answer of the type {media!r} cannot be inspected for personal data, so it does not pass",
    )
    hint = Text(
        ko="운영자가 그 경로의 unread에 형식을 적어야 합니다.",
        en="The operator must name the type at `unread` of that path.",
    )
