"""Errors of the request path."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text

_RETRY = Text(ko="잠시 뒤 다시 시도하십시오.", en="Try again in a moment.")


class UnsupportedRequest(HanbokError):
    code = "unsupported_request"
    message = Text(
        ko="{dialect} 형식은 요청의 {feature!r}을(를) 나타낼 수 없습니다",
        en="the {dialect} format cannot express {feature!r} of the request",
    )
    hint = Text(ko="그 필드를 빼거나 다른 모델을 쓰십시오.", en="Leave that field out, or ask another model.")


class EndpointUnavailable(HanbokError):
    code = "endpoint_unavailable"
    message = Text(
        ko="엔드포인트 {endpoint!r}을(를) 쓸 수 없습니다: {why}",
        en="endpoint {endpoint!r} is not available: {why}",
    )
    hint = _RETRY


class UpstreamUnreachable(HanbokError):
    """Nothing was sent: another endpoint may be tried safely."""

    code = "upstream_unreachable"
    message = Text(ko="{origin}에 연결하지 못했습니다: {why}", en="could not connect to {origin}: {why}")
    hint = Text(
        ko="주소, 방화벽, 인증서를 확인하십시오.", en="Check the address, the firewall and the certificate."
    )


class UpstreamTimeout(HanbokError):
    code = "upstream_timeout"
    message = Text(
        ko="{origin}이(가) {seconds}초 안에 응답하지 않았습니다 ({phase})",
        en="{origin} did not answer within {seconds} s ({phase})",
    )
    hint = Text(
        ko="hanbok.yaml의 timeouts를 늘리거나 다른 엔드포인트를 더하십시오.",
        en="Raise `timeouts` in hanbok.yaml, or add another endpoint.",
    )


class UpstreamCut(HanbokError):
    code = "upstream_cut"
    message = Text(ko="{origin}의 응답이 도중에 끊겼습니다", en="the answer of {origin} broke off")
    hint = _RETRY


class UpstreamGarbled(HanbokError):
    code = "upstream_garbled"
    message = Text(
        ko="{origin}의 응답을 읽을 수 없습니다: {why}", en="the answer of {origin} cannot be read: {why}"
    )
    hint = Text(
        ko="엔드포인트의 kind가 맞는지 확인하십시오.", en="Check that the endpoint's `kind` is right."
    )


class UpstreamFailed(HanbokError):
    """The provider answered with an error of its own."""

    code = "upstream_failed"
    message = Text(
        ko="{origin}이(가) 오류 {status}({reason})로 답했습니다",
        en="{origin} answered with the error {status} ({reason})",
    )
    hint = Text(
        ko="제공자의 상태와 열쇠, 한도를 확인하십시오.", en="Check the provider's status, key and limits."
    )


class ContentsNotKept(HanbokError):
    """What was asked for needs contents that stay, and policy keeps none."""

    code = "contents_not_kept"
    message = Text(
        ko="이 조직의 내용은 보관하지 않으므로 할 수 없습니다",
        en="this needs contents to be kept, and those of your organisation are not",
    )
    hint = Text(
        ko="운영자가 vault.contents.keep을 켜면 됩니다. 응답은 `store`를 false로 두고 이전 대화를 함께 보내도 됩니다.",
        en="The operator can set vault.contents.keep. Responses go without: `store` false, earlier turns sent along.",
    )
