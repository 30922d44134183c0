"""Errors of responses that are kept."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class ResponseUnknown(HanbokError):
    code = "response_unknown"
    message = Text(ko="응답 {response!r}이(가) 없습니다", en="there is no response {response!r}")
    hint = Text(
        ko="만든 키로 물어야 합니다. `store`를 false로 두었거나, 보관 기간이 지났거나, 지웠을 수 있습니다.",
        en="Ask with the key that made it. `store` was false, the period of keeping is over, or it was deleted.",
    )


class ResponseUnfit(HanbokError):
    code = "response_unfit"
    message = Text(ko="이 응답으로는 할 수 없습니다: {why}", en="this response does not allow it: {why}")
    hint = Text(
        ko="`GET /v1/responses/ID`로 상태를 확인하십시오.", en="`GET /v1/responses/ID` tells its state."
    )


class Interrupted(HanbokError):
    """What was under way when its process ended."""

    code = "interrupted"
    message = Text(
        ko="서버가 멈추어 만들던 응답이 중단되었습니다",
        en="the server stopped while the response was being made",
    )
    hint = Text(
        ko="다시 요청하십시오. 쓴 만큼은 기록에 있습니다.", en="Ask again; what was used is on record."
    )
