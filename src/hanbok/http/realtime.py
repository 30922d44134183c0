"""`/v1/realtime`: sessions over WebSocket, in the events of OpenAI's Realtime API."""

from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import msgspec

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.gateway.realtime.errors import NotCalls
from hanbok.http.delivery import marks_of, read_body
from hanbok.http.failure import language_of, openai_error
from hanbok.http.inbound import Inbound, Switching
from hanbok.http.shapes import SecretShown
from hanbok.http.statuses import RouteUnknown


async def realtime(app: App, inbound: Inbound) -> None:
    """Open a session, and serve it to its end. What refuses one is told as any other answer of HTTP."""
    gate = app.runtime.realtime
    if gate is None or inbound.method != "GET" or not isinstance(inbound, Switching):
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    asked = {name: values[0] for name, values in parse_qs(inbound.query).items()}
    if "call_id" in asked:
        raise NotCalls
    handshake = gate.handshake(inbound.path, inbound.headers)
    writes = asked.get("intent") == "transcription"
    async with gate.open(asked.get("model", ""), inbound.headers, inbound.peer, writes=writes) as door:
        marks = {
            "x-hanbok-call": door.call.id,
            "x-hanbok-endpoint": door.opened.target.endpoint,
            "x-hanbok-ai-generated": "true",
        }
        client = handshake.accept(inbound.switch, marks)
        inbound.when_gone(client.lost)
        await gate.hold(
            door,
            client,
            rules=lambda: app.runtime.realtime,
            shape=partial(_shape, language=language_of(inbound.headers, app.runtime.settings.language)),
        )


async def client_secret(app: App, inbound: Inbound) -> None:
    """Make a secret for a browser."""
    gate = app.runtime.realtime
    if gate is None:
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    call = await gate.mint(await read_body(app.runtime, inbound), inbound.headers, inbound.peer)
    if call.minted is None:
        raise RuntimeError("the path of client secrets lacks a step")
    secret, held = call.minted
    kind, named = ("transcription", {}) if held.writes else ("realtime", {"model": held.model})
    shown: dict[str, Any] = {
        **held.session,
        "id": f"sess_{call.id}",
        "object": "realtime.transcription_session" if held.writes else "realtime.session",
        "type": kind,
        **named,
    }
    answer = SecretShown(value=secret, expires_at=int(held.expires.timestamp()), session=shown)
    headers = [*marks_of(call), ("content-type", "application/json"), ("cache-control", "no-store")]
    await inbound.reply(HTTPStatus.OK, headers, msgspec.json.encode(answer))


async def calls(app: App, inbound: Inbound) -> None:
    """Refuse WebRTC and SIP, in words of their own."""
    if app.runtime.realtime is None:
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    raise NotCalls


def _shape(error: HanbokError, language: Language) -> dict[str, Any]:
    shape: dict[str, Any] = msgspec.json.decode(openai_error(error, language))["error"]
    return shape
