"""The same door under ASGI (version 3), for tests and for other servers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from hanbok.http.inbound import BodyTooLarge, BodyTooSlow, Headers, Inbound, Outlet

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
_MIB = 1024 * 1024


class AsgiInbound:
    """One request under ASGI."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.method = str(scope["method"])
        self.path = str(scope["path"])
        self.escaped = b"%" in bytes(scope.get("raw_path") or b"")
        self.query = bytes(scope.get("query_string", b"")).decode("latin-1")
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        client = scope.get("client")
        self.peer = str(client[0]) if client else ""
        self.streaming = False
        self._watch: asyncio.Future[None] | None = None

    async def read(self, limit: int, seconds: float) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise ConnectionError("the client left")
                    body += message.get("body", b"")
                    if len(body) > limit:
                        raise BodyTooLarge(limit_mib=limit / _MIB)
                    if not message.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            raise BodyTooSlow(seconds=seconds) from None

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        await self._start(status, [*headers, ("content-length", str(len(body)))])
        await self._send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else body})

    async def stream(self, status: int, headers: Headers) -> Outlet:
        await self._start(status, headers)
        self.streaming = True
        return _AsgiOutlet(self._send)

    def when_gone(self, call: Callable[[], object] | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = None if call is None else asyncio.ensure_future(self._tell(call))

    async def _tell(self, call: Callable[[], object]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        call()

    async def _start(self, status: int, headers: Headers) -> None:
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": int(status), "headers": encoded})


class _AsgiOutlet:
    def __init__(self, send: Send) -> None:
        self._send = send

    async def send(self, data: bytes) -> None:
        try:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
        except OSError as error:
            raise ConnectionError("the client left") from error


def asgi(door: Callable[[Inbound], Awaitable[None]]) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    """Return an ASGI application that serves `door`."""

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        inbound = AsgiInbound(scope, receive, send)
        await door(inbound)
        if inbound.streaming:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return application
