"""An MCP server reached over streamable HTTP."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

import msgspec

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamCut, UpstreamGarbled
from hanbok.gateway.mcp.errors import ToolServerFailed
from hanbok.gateway.mcp.server import ToolServer
from hanbok.gateway.mcp.sessions import Headers, Sessions
from hanbok.gateway.mcp.wire import (
    CAPABILITIES_META,
    CLIENT_META,
    HANDSHAKE,
    MODERN,
    NAMING,
    VERSION_META,
    Answer,
    header_value,
)
from hanbok.gateway.sse import SseReader
from hanbok.gateway.transport.origin import opening
from hanbok.gateway.upstream import Exchange, Gate, Upstream

_LIMIT: Final = 32 * 1024 * 1024
_VISITORS: Final = 1024
"""Sessions kept at a server; beyond them the one longest unused is forgotten."""
_JSON: Final = (("content-type", "application/json"), ("accept", "application/json, text/event-stream"))
_IDS: Final = 1 << 52
"""Processes that share a session must not number their requests alike; larger integers are not the same in all JSON."""
_SESSION: Final = "mcp-session-id"
_OK, _NOT_FOUND = 200, 404
_UNKNOWN: Final = frozenset({400, 405})
"""What a server answers to a generation that it does not speak, with 404 in the newer one."""
_TRIES: Final = 3
"""A session that is over may be known here, and another one to all processes."""
_NOT_RPC: Final = Text(ko="JSON-RPC 응답이 아닙니다", en="it is no JSON-RPC answer")
_READ = msgspec.json.Decoder(Answer).decode


class _SessionOver(Exception):
    """The server does not know the session any more: nothing was done, so the request may be sent again."""


class _Discovered(msgspec.Struct):
    supportedVersions: tuple[str, ...] = ()  # noqa: N815 - the protocol's spelling


class _Initialized(msgspec.Struct):
    protocolVersion: str  # noqa: N815 - the protocol's spelling


class Remote:
    """Declares no capability of a client: a server can ask nothing back of hanbok or of whoever calls through it."""

    def __init__(
        self, server: ToolServer, upstream: Upstream, version: str, shared: Sessions | None = None
    ) -> None:
        """`version` is hanbok's own. `shared`: sessions that other processes go on with; None: no others ask."""
        origin = opening(server.url, ())[0]
        upstream.permit(
            Gate(host=origin.host, port=origin.port, endpoint=server.name, private=server.private)
        )
        self._server = server
        self._upstream = upstream
        self._me = {"name": "hanbok", "version": version}
        self._modern: bool | None = None
        """Which generation it speaks; None: not known yet, or not any more."""
        self._sessions: OrderedDict[str, Headers] = OrderedDict()
        """Headers of each visitor's session."""
        self._opening: dict[str, asyncio.Lock] = {}
        self._shared = shared
        self._ids = count(secrets.randbelow(_IDS))

    async def ask(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        visitor: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Answer:
        """Return its answer."""
        over: list[Headers] = []
        for _ in range(_TRIES):
            if self._modern is None and await self._speaks_modern():
                self._modern = True
            session: Headers | None = None
            try:
                if self._modern:
                    return await self._ask_modern(method, params, headers, known=True)
                session = await self._session(visitor, over)
                self._modern = False  # a handshake tells; a failure at the first look may be any failure
                return await self._send(method, params, session, modern=False)
            except _SessionOver:
                if session is not None:
                    over.append(session)
                    await self._forget(visitor, session)
        raise ToolServerFailed(server=self._server.name, what=f"HTTP {_NOT_FOUND}")

    async def leave(self, visitor: str) -> None:
        """Forget the visitor's session; the server ends it in its own time."""
        if (session := self._sessions.get(visitor)) is not None:
            await self._forget(visitor, session)

    async def close(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()

    async def _speaks_modern(self) -> bool:
        try:
            answer = await self._ask_modern("server/discover", {}, ())
        except (ToolServerFailed, UpstreamGarbled, _SessionOver):
            return False
        if not isinstance(answer.result, msgspec.Raw):
            return False
        try:
            return MODERN in msgspec.json.decode(answer.result, type=_Discovered).supportedVersions
        except msgspec.ValidationError:
            return False

    async def _ask_modern(
        self,
        method: str,
        params: Mapping[str, Any],
        headers: tuple[tuple[str, str], ...],
        *,
        known: bool = False,
    ) -> Answer:
        meta = {VERSION_META: MODERN, CAPABILITIES_META: dict[str, Any](), CLIENT_META: self._me}
        told = [("mcp-protocol-version", MODERN), ("mcp-method", method), *headers]
        if naming := NAMING.get(method):
            told.append(("mcp-name", header_value(str(params[naming]))))
        return await self._send(method, {**params, "_meta": meta}, tuple(told), modern=known or None)

    async def _session(self, visitor: str, over: Sequence[Headers]) -> Headers:
        """Return the headers of the visitor's session, after a handshake if there is none yet but those that are
        over: others, here and elsewhere, may still have to learn so.
        """
        there = self._sessions.get(visitor)
        if there is None or there in over:
            try:
                async with self._opening.setdefault(visitor, asyncio.Lock()):
                    there = self._sessions.get(visitor)
                    if there is None or there in over:
                        there = await self._open(visitor, over)
            finally:
                self._opening.pop(visitor, None)
        self._sessions[visitor] = there
        self._sessions.move_to_end(visitor)
        if len(self._sessions) > _VISITORS:
            self._sessions.popitem(last=False)
        return there

    async def _open(self, visitor: str, over: Sequence[Headers]) -> Headers:
        """Go on with the session that another process has, or shake hands."""
        shared = self._shared if visitor.partition(":")[2] else None  # a client that names none shares none
        there = None if shared is None else await shared.find(visitor)
        if there is not None and there not in over:
            return there
        try:
            headers = await self._handshake()
        except (ToolServerFailed, UpstreamGarbled, _SessionOver):
            self._modern = None
            raise
        if shared is None or _SESSION not in dict(headers):
            return headers
        return await shared.keep(visitor, headers)

    async def _forget(self, visitor: str, session: Headers) -> None:
        if self._sessions.get(visitor) == session:
            self._sessions.pop(visitor, None)
        if self._shared is not None:
            await self._shared.drop(visitor, session)

    async def _handshake(self) -> Headers:
        params = {
            "protocolVersion": HANDSHAKE[-1],
            "capabilities": dict[str, Any](),
            "clientInfo": self._me,
        }
        body, asked = self._message("initialize", params)
        exchange = await self._post(body, ())
        try:
            answer = await self._read(exchange, asked)
        finally:
            exchange.close()
        headers: Headers = (("mcp-protocol-version", self._version_in(answer)),)
        if name := exchange.headers.get(_SESSION, ""):
            headers = ((_SESSION, name), *headers)
        await self._notify("notifications/initialized", headers)
        return headers

    def _version_in(self, answer: Answer) -> str:
        try:
            version = msgspec.json.decode(answer.result or b"null", type=_Initialized).protocolVersion
        except msgspec.ValidationError:
            version = ""
        if version not in HANDSHAKE:
            raise ToolServerFailed(server=self._server.name, what="no version of MCP that hanbok speaks")
        return version

    async def _notify(self, method: str, headers: tuple[tuple[str, str], ...]) -> None:
        exchange = await self._post(msgspec.json.encode({"jsonrpc": "2.0", "method": method}), headers)
        try:
            await exchange.whole(_LIMIT)
        finally:
            exchange.close()

    async def _send(
        self,
        method: str,
        params: Mapping[str, Any],
        headers: tuple[tuple[str, str], ...],
        *,
        modern: bool | None,
    ) -> Answer:
        """`modern`: the generation that the server is known to speak; None: this is to find out."""
        body, asked = self._message(method, params)
        exchange = await self._post(body, headers)
        try:
            return await self._read(exchange, asked, modern=modern)
        finally:
            exchange.close()  # cancelled or done: an exchange that is not whole is aborted, which ends the call there

    def _message(self, method: str, params: Mapping[str, Any]) -> tuple[bytes, int]:
        asked = next(self._ids)
        return msgspec.json.encode({"jsonrpc": "2.0", "id": asked, "method": method, "params": params}), asked

    async def _post(self, body: bytes, headers: tuple[tuple[str, str], ...]) -> Exchange:
        server = self._server
        return await self._upstream.post(
            server.url, (*server.headers, *_JSON, *headers), body, server.timeouts
        )

    async def _read(self, exchange: Exchange, asked: int, *, modern: bool | None = None) -> Answer:
        media = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
        refused = exchange.status in _UNKNOWN or (modern and exchange.status == _NOT_FOUND)
        if refused and modern is self._modern:
            self._modern = None  # it may be another version of itself by now: the next request looks again
        if exchange.status == _OK and media == "text/event-stream":
            return await self._read_events(exchange, asked)
        body = await exchange.whole(_LIMIT)
        if exchange.status != _OK and media != "application/json":
            if exchange.status == _NOT_FOUND:
                raise _SessionOver
            raise ToolServerFailed(server=self._server.name, what=f"HTTP {exchange.status}")
        answer = self._decoded(body)
        if answer.error is None and not isinstance(answer.result, msgspec.Raw):
            raise UpstreamGarbled(origin=self._server.name, why=_NOT_RPC)
        if exchange.status == _NOT_FOUND and not modern:
            raise _SessionOver
        return answer

    async def _read_events(self, exchange: Exchange, asked: int) -> Answer:
        """Return the answer out of a stream. What else a server tells meanwhile (progress, its log) is left aside."""
        reader = SseReader(origin=self._server.name, limit=_LIMIT)
        async for data in exchange.read():
            for _, event in reader.feed(data):
                answer = self._decoded(event)
                if answer.id == asked and (answer.error or isinstance(answer.result, msgspec.Raw)):
                    return answer
        raise UpstreamCut(origin=self._server.name)

    def _decoded(self, body: bytes) -> Answer:
        try:
            return _READ(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UpstreamGarbled(origin=self._server.name, why=_NOT_RPC) from error
