"""What is there only where settings open it, as the OpenAPI document tells it."""

from typing import Any

from hanbok.core.values import Text
from hanbok.gateway.realtime.client_secrets import Wanted
from hanbok.http.operation import Operation
from hanbok.http.shapes import OpenaiError, SecretShown

OPTIONAL: tuple[Operation, ...] = (
    Operation(
        method="get",
        path="/v1/realtime",
        title=Text(
            ko="WebSocket 실시간 세션(OpenAI Realtime API의 이벤트). `model`이나 `intent=transcription`은 질의에",
            en="A session over WebSocket, in the events of OpenAI's Realtime API; `model`, or "
            "`intent=transcription`, in the query",
        ),
        errors=(101, 400, 401, 402, 403, 404, 426, 429, 501, 502, 503, 504),
    ),
    Operation(
        method="post",
        path="/v1/realtime/client_secrets",
        title=Text(
            ko="브라우저가 세션을 열 임시 키", en="A secret for minutes, with which a browser opens sessions"
        ),
        takes=Wanted,
        gives=SecretShown,
        errors=(400, 401, 402, 403, 404, 408, 413, 429, 503),
    ),
    *(
        Operation(
            method="post",
            path=path,
            title=Text(ko="WebRTC와 SIP. 제공하지 않습니다", en="WebRTC and SIP, which are not served"),
            errors=(404, 501),
        )
        for path in ("/v1/realtime/calls", "/v1/realtime/calls/{call}/{act}")
    ),
    Operation(
        method="post",
        path="/passthrough/{endpoint}/{path}",
        title=Text(
            ko="설정이 허용한 제공자의 경로. 메서드도 설정이 정한 대로",
            en="A provider's path that settings allow; other methods as they say",
        ),
        takes=dict[str, Any],
        gives=dict[str, Any],
        media=("application/json", "text/event-stream"),
        fails=OpenaiError,
        errors=(400, 401, 402, 403, 404, 408, 413, 415, 429, 502, 503, 504),
    ),
)
