"""Errors of sessions over WebSocket."""

from websockets.frames import CloseCode

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamCut, UpstreamGarbled

_ONE_MORE = Text(ko="새 세션을 여십시오.", en="Open a new session.")


class NotWebSocket(HanbokError):
    code = "upgrade_required"
    message = Text(ko="이 경로는 WebSocket으로만 씁니다: {why}", en="this route takes WebSocket alone: {why}")
    hint = Text(
        ko="`GET /v1/realtime?model=이름`을 WebSocket 클라이언트로 여십시오.",
        en="Open `GET /v1/realtime?model=NAME` with a WebSocket client.",
    )


class NotRealtime(HanbokError):
    code = "realtime_not_offered"
    message = Text(
        ko="모델 {model!r}은(는) 실시간 세션에 쓸 수 없습니다",
        en="the model {model!r} takes no realtime sessions",
    )
    hint = Text(
        ko="운영자가 hanbok.yaml의 realtime.models에, 받아쓰기라면 realtime.transcription에 적어야 합니다.",
        en="The operator must name it in hanbok.yaml at `realtime.models`, or `realtime.transcription` to write down.",
    )


class NotCalls(HanbokError):
    """Sound over WebRTC or SIP would go past hanbok: only its signalling comes here."""

    code = "webrtc_not_served"
    message = Text(
        ko="WebRTC와 SIP 통화는 제공하지 않습니다: 소리가 hanbok을 거치지 않기 때문입니다",
        en="calls over WebRTC and SIP are not served: their sound would not pass through hanbok",
    )
    hint = Text(
        ko="`GET /v1/realtime`을 WebSocket으로 여십시오. 브라우저에서는 client_secrets로 만든 키를 쓰십시오.",
        en="Open `GET /v1/realtime` over WebSocket; in a browser, with a secret of client_secrets.",
    )


class SecretUnknown(HanbokError):
    code = "client_secret_unknown"
    message = Text(
        ko="알 수 없거나 기간이 지난 임시 키입니다", en="the client secret is not known, or its time is over"
    )
    hint = Text(
        ko="서버에서 `POST /v1/realtime/client_secrets`로 새로 만드십시오.",
        en="Have your server make a new one: `POST /v1/realtime/client_secrets`.",
    )


class TooManySessions(HanbokError):
    code = "realtime_full"
    message = Text(
        ko="실시간 세션 {limit}개가 모두 열려 있습니다", en="all {limit} realtime sessions are taken"
    )
    hint = Text(ko="잠시 뒤 다시 시도하십시오.", en="Try again in a moment.")


class SoundNotAllowed(HanbokError):
    """Nobody can read sound for personal data, so settings say where it may go."""

    code = "sound_not_allowed"
    message = Text(
        ko="소리는 개인정보를 검사할 수 없어 {zone} 구역으로 내보내지 않습니다 (개인정보 보호법 제28조의8)",
        en="sound cannot be inspected for personal data, so none goes to the zone {zone} (PIPA art. 28-8)",
    )
    hint = Text(
        ko="글로 보내거나, 운영자가 realtime.sound_zones에 그 구역을 더해야 합니다.",
        en="Send text, or have the operator add the zone to `realtime.sound_zones`.",
    )


class EventUnfit(HanbokError):
    code = "event_unfit"
    message = Text(ko="이벤트를 받을 수 없습니다: {why}", en="the event cannot be taken: {why}")
    hint = Text(
        ko="OpenAI Realtime API의 이벤트를 JSON 텍스트 메시지로 보내십시오.",
        en="Send events of OpenAI's Realtime API, as text messages with JSON.",
    )


class SessionOver(HanbokError):
    code = "session_over"
    message = Text(ko="세션을 닫습니다: {why}", en="the session ends: {why}")
    hint = _ONE_MORE


def close_code(error: HanbokError) -> CloseCode:
    """Return how a session is closed that this ends (RFC 6455, 7.4)."""
    if isinstance(error, SessionOver):
        return CloseCode.GOING_AWAY
    cut = isinstance(error, UpstreamCut | UpstreamGarbled)
    return CloseCode.INTERNAL_ERROR if cut else CloseCode.POLICY_VIOLATION
