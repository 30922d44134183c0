"""`/v1/realtime`: sessions over WebSocket, in the events of OpenAI's Realtime API."""

from functools import partial
from typing import Any
from urllib.parse import parse_qs

import msgspec

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.http.failure import language_of, openai_error
from hanbok.http.inbound import Inbound, Switching
from hanbok.http.statuses import RouteUnknown


async def realtime(app: App, inbound: Inbound) -> None:
    """Open a session, and serve it to its end. What refuses one is told as any other answer of HTTP."""
    gate = app.runtime.realtime
    if gate is None or inbound.method != "GET" or not isinstance(inbound, Switching):
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    handshake = gate.handshake(inbound.path, inbound.headers)
    model = parse_qs(inbound.query).get("model", [""])[0]
    async with gate.open(model, inbound.headers, inbound.peer) as (call, opened, key):
        marks = {
            "x-hanbok-call": call.id,
            "x-hanbok-endpoint": opened.target.endpoint,
            "x-hanbok-ai-generated": "true",
        }
        client = handshake.accept(inbound.switch, marks)
        inbound.when_gone(client.lost)
        await gate.hold(
            call,
            opened,
            key,
            client,
            rules=lambda: app.runtime.realtime,
            shape=partial(_shape, language=language_of(inbound.headers, app.runtime.settings.language)),
        )


def _shape(error: HanbokError, language: Language) -> dict[str, Any]:
    shape: dict[str, Any] = msgspec.json.decode(openai_error(error, language))["error"]
    return shape
