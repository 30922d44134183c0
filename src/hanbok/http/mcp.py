"""`/mcp`: what a key may use of all MCP servers, tools and prompts as `server__name`, resources as `server+address`;
`/mcp/{server}`: what it may use of one.

Both generations of the protocol are served from the same address. Answers are JSON; one that takes long becomes a
stream of events, so that proxies in between see something move. The server asks nothing of clients, so there is no
stream for that (`GET` is 405, as the transport allows).
"""

import asyncio
import secrets
from typing import Final
from urllib.parse import urlsplit

import msgspec

from hanbok.app import App
from hanbok.core.clock import now
from hanbok.core.errors import HanbokError
from hanbok.gateway.mcp.errors import OriginForbidden
from hanbok.gateway.mcp.wire import (
    CAPABILITIES_META,
    HANDSHAKE,
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    MODERN,
    NAMING,
    PARSE_ERROR,
    SUPPORTED,
    UNSUPPORTED_VERSION,
    VERSION_META,
    Asked,
    header_text,
)
from hanbok.gateway.steps.authenticate import bearer
from hanbok.http.delivery import read_body
from hanbok.http.failure import language_of, tell
from hanbok.http.inbound import JSON, Headers, Inbound
from hanbok.http.mcp_methods import Client, Fault, answer
from hanbok.http.mcp_paths import MCP, WELL_KNOWN
from hanbok.http.statuses import RouteUnknown, status_of

_SESSION: Final = "mcp-session-id"
_QUIET: Final = 10.0
"""Seconds after which an answer that is not there yet becomes a stream."""
_BEAT: Final = 15.0
_EVENTS: Final[Headers] = [
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
]
_STATUS: Final = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    UNSUPPORTED_VERSION: 400,
    -32601: 404,
}
"""What 2026-07-28 sends with an error; all others go with 200, and before it all do."""


async def metadata(app: App, inbound: Inbound) -> None:
    """Answer with what a client must know to get a token (RFC 9728)."""
    settings, place = app.runtime.settings.mcp, inbound.path.removeprefix(WELL_KNOWN)
    if app.runtime.tools is None or not (place in ("", MCP) or place.startswith(f"{MCP}/")):
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    told: dict[str, object] = {
        "resource": settings.oauth.resource if settings.oauth else f"{_home(app, inbound)}{place or MCP}",
        "bearer_methods_supported": ["header"],
        "resource_name": "hanbok",
    }
    if settings.oauth is not None:
        told["authorization_servers"] = [settings.oauth.issuer]
        told["scopes_supported"] = list(settings.oauth.scopes)
    await inbound.reply(200, JSON, msgspec.json.encode(told))


async def mcp(app: App, inbound: Inbound) -> None:
    """Take a message of the protocol, or end a session."""
    gate, server = app.runtime.tools, inbound.path.removeprefix(MCP).strip("/")
    if gate is None:
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    _check_origin(app, inbound)
    try:
        key = gate.keys.find(bearer(inbound.headers), now())
        if server:
            gate.toolbox.server(server)
    except HanbokError as error:
        place = f'Bearer resource_metadata="{_home(app, inbound)}{WELL_KNOWN}{inbound.path}"'
        unknown: Headers = [("www-authenticate", place)] if status_of(error) == 401 else []  # noqa: PLR2004 - RFC 9728, 5.1
        await tell(inbound, error, app.runtime.settings.language, unknown)
        return
    if inbound.method == "DELETE":
        await gate.toolbox.leave(f"{key.id}:{inbound.headers.get(_SESSION, '')}")
        await inbound.reply(204, [], b"")
        return
    body = await read_body(app.runtime, inbound)
    gate = app.runtime.tools or gate  # a slow body may outlast the settings
    language = language_of(inbound.headers, app.runtime.settings.language)
    await _serve(inbound, Client(app.version, gate, key, inbound, server, language), body)


def _check_origin(app: App, inbound: Inbound) -> None:
    origin = inbound.headers.get("origin")
    if origin is not None and origin not in app.runtime.settings.mcp.origins:
        raise OriginForbidden


def _home(app: App, inbound: Inbound) -> str:
    """Return hanbok's address as clients know it."""
    if app.runtime.settings.mcp.url:
        parts = urlsplit(app.runtime.settings.mcp.url)
        return f"{parts.scheme}://{parts.netloc}"
    scheme = "https" if app.runtime.settings.server.tls else "http"
    return f"{scheme}://{inbound.headers.get('host', '')}"


async def _serve(inbound: Inbound, client: Client, body: bytes) -> None:
    try:
        asked = msgspec.json.decode(body, type=Asked)
    except msgspec.ValidationError:
        await _tell(inbound, None, Fault(INVALID_REQUEST, "one JSON-RPC request is expected").told(), 400)
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        await _tell(inbound, None, Fault(PARSE_ERROR, "the body is no JSON").told(), 400)
        return
    if isinstance(asked.id, msgspec.UnsetType):
        await inbound.reply(202, [], b"")
        return
    modern = _is_modern(inbound, asked)
    fault = _misfit(inbound, asked) if modern else _unsupported(inbound)
    if fault is not None:
        await _tell(inbound, asked.id, fault.told(), 400)
        return
    await _answer(inbound, client, asked, asked.id, modern=modern)


def _is_modern(inbound: Inbound, asked: Asked) -> bool:
    version = inbound.headers.get("mcp-protocol-version", "")
    return asked.method != "initialize" and (
        version not in ("", *HANDSHAKE)
        or VERSION_META.encode() in bytes((asked.params or {}).get("_meta", b""))
    )


def _unsupported(inbound: Inbound) -> Fault | None:
    version = inbound.headers.get("mcp-protocol-version", "")
    if version in ("", *SUPPORTED):
        return None
    return Fault(
        UNSUPPORTED_VERSION, "unsupported protocol version", {"supported": SUPPORTED, "requested": version}
    )


def _misfit(inbound: Inbound, asked: Asked) -> Fault | None:
    """Return what is wrong with a request of 2026-07-28: each carries its version, twice, and what it is about."""
    params, headers = asked.params or {}, inbound.headers
    try:
        meta = msgspec.json.decode(params.get("_meta", msgspec.Raw(b"null")), type=dict[str, object])
        name = msgspec.json.decode(params.get(NAMING.get(asked.method, ""), msgspec.Raw(b'""')), type=str)
    except msgspec.DecodeError:
        return Fault(INVALID_PARAMS, "params._meta must be an object, params.name or params.uri a string")
    missing = ", ".join(one for one in (VERSION_META, CAPABILITIES_META) if one not in meta)
    version = meta.get(VERSION_META)
    named = asked.method in NAMING
    known = {"supported": SUPPORTED, "requested": version}
    checks = (
        (not missing, Fault(INVALID_PARAMS, f"params._meta is missing {missing}")),
        (headers.get("mcp-protocol-version") == version, _unlike("mcp-protocol-version")),
        (headers.get("mcp-method") == asked.method, _unlike("mcp-method")),
        (not named or header_text(headers.get("mcp-name", "")) == name, _unlike("mcp-name")),
        (version == MODERN, Fault(UNSUPPORTED_VERSION, "unsupported protocol version", known)),
    )
    return next((fault for fits, fault in checks if not fits), None)


def _unlike(header: str) -> Fault:
    return Fault(HEADER_MISMATCH, f"the header {header} does not say what the body says")


async def _answer(inbound: Inbound, client: Client, asked: Asked, id_: int | str, *, modern: bool) -> None:
    """Answer as JSON when it is soon, else as a stream with signs of life; a client that leaves ends the call."""
    work = asyncio.ensure_future(answer(client, asked, modern=modern))
    inbound.when_gone(work.cancel)
    try:
        done, _ = await asyncio.wait([work], timeout=_QUIET)
        if done:
            told = work.result()
            status = _STATUS.get(told.error, 200) if modern else 200
            headers = list(told.headers)
            if asked.method == "initialize":
                headers.append((_SESSION, secrets.token_hex(16)))
            await _tell(inbound, id_, told.body, status, headers)
            return
        outlet = await inbound.stream(200, _EVENTS)
        while not work.done():
            await outlet.send(b": beat\n\n")
            await asyncio.wait([work], timeout=_BEAT)
        await outlet.send(b"event: message\ndata: %b\n\n" % _message(id_, work.result().body))
    except asyncio.CancelledError:
        if not work.cancelled():
            raise
    finally:
        work.cancel()
        inbound.when_gone(None)


async def _tell(
    inbound: Inbound, id_: int | str | None, body: bytes, status: int, headers: Headers | None = None
) -> None:
    await inbound.reply(status, [*JSON, *(headers or [])], _message(id_, body))


def _message(id_: int | str | None, body: bytes) -> bytes:
    """Return a JSON-RPC answer: `body` is an object with the member `result` or `error`."""
    return b'{"jsonrpc":"2.0","id":%b,%b' % (msgspec.json.encode(id_), body[1:])
