"""One request on a connection, and the bytes of its answer (RFC 9110, RFC 9112)."""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote

from hanbok.http.inbound import BodyTooLarge, BodyTooSlow, Headers, Outlet, Raw, Taker

HOLD = 64 * 1024
"""Bytes of a body that may wait before somebody asks for them."""
_JOIN_BELOW = 64 * 1024
_MIB = 1024 * 1024
_STATUS_LINES = {int(one): f"HTTP/1.1 {int(one)} {one.phrase}\r\n" for one in HTTPStatus}
_LEFT = "the client left"


class Line(Protocol):
    """What a request needs of its connection."""

    @property
    def date(self) -> str:
        """The time of day in the form of HTTP."""
        ...

    def write(self, *pieces: bytes) -> None: ...
    async def drain(self) -> None:
        """Return when the client has taken enough of what was written. Raises ConnectionError when it left."""
        ...

    def hold(self) -> None:
        """Read no more for now."""
        ...

    def go_on(self) -> None: ...
    def go_ahead(self) -> None:
        """Tell a client that waits for it to send its body (RFC 9110, 10.1.1)."""
        ...

    def hand_over(self, taker: Taker) -> None:
        """Let somebody else have the bytes that come from now on."""
        ...


class Request:
    """Implements Inbound. The connection pushes the body in; the handler reads it and answers."""

    __slots__ = (
        "_held", "_left", "_limit", "_line", "_on_left", "_pieces", "_waiter", "answered", "chunked", "complete",
        "escaped", "expects", "headers", "keep", "method", "path", "peer", "query", "streamed",
    )  # fmt: skip

    def __init__(
        self,
        line: Line,
        method: str,
        target: str,
        headers: Mapping[str, str],
        peer: str,
        *,
        keep: bool,
        chunked: bool,
    ) -> None:
        """`keep`: the connection may serve another request after this one. `chunked`: the client reads chunks."""
        path, _, query = target.partition("?")
        self.method = method
        self.escaped = "%" in path
        self.path = unquote(path, errors="strict") if self.escaped else path
        self.query = query
        self.headers = headers
        self.peer = peer
        self.keep = keep
        self.chunked = chunked
        self.expects = headers.get("expect", "").lower() == "100-continue"
        self.complete = False
        """Whether all of the body is here."""
        self.answered = False
        self.streamed = False
        self._line = line
        self._pieces: list[bytes] = []
        self._held = 0
        self._limit: int | None = None
        self._left = False
        self._on_left: Callable[[], object] | None = None
        self._waiter: asyncio.Future[None] | None = None

    # What the connection calls.

    def push(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._pieces.append(data)
        self._held += len(data)
        if self._limit is None:
            if self._held > HOLD:
                self._line.hold()
        elif self._held > self._limit:
            self._wake()

    def end(self) -> None:
        """Note that the body is whole."""
        self.complete = True
        self._wake()

    def leave(self) -> None:
        """Note that the client is gone."""
        self._left = True
        self._wake()
        if self._on_left is not None:
            self._on_left()

    # Inbound

    async def read(self, limit: int, seconds: float) -> bytes:
        self._limit = limit
        if int(self.headers.get("content-length", 0)) > limit:
            raise BodyTooLarge(limit_mib=limit / _MIB)
        if not self.complete and not self._left:
            await self._arrived(limit, seconds)
        if self._held > limit:
            raise BodyTooLarge(limit_mib=limit / _MIB)
        if self._left:
            raise ConnectionError(_LEFT)
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        head = self._head(status, [*headers, ("content-length", str(len(body)))])
        if self.method == "HEAD":
            self._line.write(head)
        elif len(body) < _JOIN_BELOW:
            self._line.write(head + body)
        else:
            self._line.write(head, body)

    async def stream(self, status: int, headers: Headers) -> Outlet:
        self.streamed = True
        how = ("transfer-encoding", "chunked") if self.chunked else ("connection", "close")
        self._line.write(self._head(status, [*headers, how]))
        return _Chunks(self._line) if self.chunked else _Plain(self._line)

    def when_gone(self, call: Callable[[], object] | None) -> None:
        self._on_left = call
        if self._left and call is not None:
            call()

    def switch(self, taker: Taker) -> Raw:
        """Implement Switching."""
        if self.answered:
            raise ConnectionError("an answer has begun already")
        self.answered, self.keep = True, False
        self._line.hand_over(taker)
        return self._line

    # Inside

    async def _arrived(self, limit: int, seconds: float) -> None:
        """Wait until the body is whole or too large, or the client left."""
        if self.expects:
            self._line.go_ahead()
        self._line.go_on()
        try:
            async with asyncio.timeout(seconds):
                while not self.complete and not self._left and self._held <= limit:
                    self._waiter = asyncio.get_running_loop().create_future()
                    await self._waiter
        except TimeoutError:
            raise BodyTooSlow(seconds=seconds) from None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _head(self, status: int, headers: Headers) -> bytes:
        if self.answered:
            # What has begun can only be broken off: a second answer would stand inside of the first.
            raise ConnectionError("an answer has begun already")
        self.answered = True
        lines, told = [_STATUS_LINES[status]], False
        for name, value in headers:
            if "\n" in value or "\r" in value:
                raise ValueError(f"the header {name} holds a line break")
            if name == "connection":
                told = True
            lines += (name, ": ", value, "\r\n")
        if told or not self.complete:
            self.keep = False
        if not self.keep and not told:
            lines.append("connection: close\r\n")
        lines += ("date: ", self._line.date, "\r\n\r\n")
        return "".join(lines).encode("latin-1")


class _Chunks:
    """A body in chunks (RFC 9112, 7.1)."""

    __slots__ = ("_line",)

    def __init__(self, line: Line) -> None:
        self._line = line

    async def send(self, data: bytes) -> None:
        if data:  # an empty chunk would end the body
            self._line.write(b"%x\r\n%b\r\n" % (len(data), data))
            await self._line.drain()


class _Plain:
    """A body that ends with its connection, for clients of HTTP/1.0."""

    __slots__ = ("_line",)

    def __init__(self, line: Line) -> None:
        self._line = line

    async def send(self, data: bytes) -> None:
        self._line.write(data)
        await self._line.drain()
