"""One connection of a client (RFC 9112): its requests, one at a time, in their order."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

import httptools
import msgspec

from hanbok.gateway.transport.flow import Flow
from hanbok.http.inbound import Inbound, Taker
from hanbok.http.request import Request

if TYPE_CHECKING:
    from hanbok.http.forwarded import Forwarding

Handler: TypeAlias = Callable[[Inbound], Awaitable[None]]

MAX_HEAD: Final = 64 * 1024
IDLE: Final = 75.0
"""Seconds that a kept connection may wait for its next request."""
STALL: Final = 60.0
"""Seconds that a client may take nothing of what was written to it."""
_LINGER: Final = 2.0
"""Seconds in which a client may still send what nobody reads any more: closed at once, it would lose the answer."""
_AHEAD: Final = 8
"""Requests that may wait behind the one under way."""
_NEVER: Final = float("inf")
_SHORT: Final = 64
"""Names of headers below so many bytes are remembered."""


class Home(Protocol):
    """What a connection needs of its server."""

    handler: Handler
    head_timeout: float
    date: str
    connections: "set[Connection]"
    tasks: set[asyncio.Task[None]]
    closing: bool
    forwarding: "Forwarding | None"
    """None: who connects is the client."""


class _HeadTooLarge(Exception):
    pass


@lru_cache(maxsize=256)
def _lower(name: bytes) -> str:
    """Return a header's name as hanbok spells it: clients send few, and the same ones in every request."""
    return name.decode("latin-1").lower()


class Connection(Flow):
    """Parses requests and serves them. `deadline` is watched by the server: past it, the connection is let go."""

    __slots__ = (
        "_current", "_forwarding", "_head_size", "_headers", "_home", "_incoming", "_lingering", "_parser", "_peer",
        "_plain_left", "_taker", "_task", "_url", "_waiting", "deadline",
    )  # fmt: skip

    def __init__(self, home: Home, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._home = home
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: list[Request] = []  # few, and mostly none: a deque takes 600 bytes
        self._current: Request | None = None
        self._incoming: Request | None = None
        self._lingering = False
        self._plain_left: int | None = None
        """Bytes of a body that the parser does not read; None: it reads all."""
        self._taker: Taker | None = None
        """Who takes all bytes from now on, and speaks another protocol (RFC 9110, 7.8)."""
        self._head_size = 0
        self._url = b""
        self._headers: dict[str, str] = {}
        self.deadline = loop.time() + home.head_timeout

    @property
    def date(self) -> str:
        """The time of day in the form of HTTP."""
        return self._home.date

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._peer = str((transport.get_extra_info("peername") or ("",))[0])
        forwarding = self._home.forwarding
        self._forwarding = forwarding if forwarding is not None and forwarding.trusts(self._peer) else None
        self._home.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it went
        self._let_go()
        self._home.connections.discard(self)
        for request in (self._current, self._incoming):
            if request is not None:
                request.leave()
        del self._parser  # it holds the connection, and would keep both until the collector comes

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return
        if self._plain_left is not None:
            self._push_plain(data)
            return
        if self._incoming is None and self._current is None and not self._head_size:
            self.deadline = self._loop.time() + self._home.head_timeout
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._push_plain(data[upgrade.args[0] :])
        except (httptools.HttpParserError, UnicodeDecodeError) as error:
            large = isinstance(error.__context__, _HeadTooLarge)
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if large else HTTPStatus.BAD_REQUEST)

    def pause_writing(self) -> None:
        if self._drained is None:
            super().pause_writing()
            self.deadline = self._loop.time() + STALL
            if self._taker is not None:
                self._taker.block()

    def resume_writing(self) -> None:
        self.deadline = _NEVER if self._current is not None else self._loop.time() + IDLE
        super().resume_writing()
        if self._taker is not None:
            self._taker.unblock()

    # httptools

    def on_message_begin(self) -> None:
        self._url, self._headers, self._head_size = b"", {}, 1

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value))
        if self._incoming is not None:
            return  # a trailer: nothing of ours stands there
        key = _lower(name) if len(name) < _SHORT else name.decode("latin-1").lower()
        text, headers = value.decode("latin-1"), self._headers
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        parser, headers = self._parser, self._headers
        newer = parser.get_http_version() != "1.0"
        if newer and "host" not in headers:  # RFC 9112, 3.2
            raise httptools.HttpParserError("no host")
        target = self._url.decode("ascii")
        if not target.startswith("/") and "://" in target:  # absolute form (RFC 9112, 3.2.2)
            target = "/" + target.partition("://")[2].partition("/")[2]
        method = parser.get_method().decode("ascii")
        peer = self._peer if self._forwarding is None else self._forwarding.client(self._peer, headers)
        request = Request(self, method, target, headers, peer, keep=parser.should_keep_alive(), chunked=newer)
        self._incoming = request
        self._head_size = 0
        if parser.should_upgrade():
            # An offer to upgrade may be left aside (RFC 9110, 7.8), but the parser then leaves the body to us.
            if "transfer-encoding" in headers:
                raise httptools.HttpParserError("an upgrade with a body in chunks")
            self._plain_left = int(headers.get("content-length", 0))
            request.keep = False
        if self._current is None:
            self._begin(request)
        else:
            self._waiting.append(request)
            if len(self._waiting) >= _AHEAD:
                self.hold()

    def on_body(self, data: bytes) -> None:
        if self._incoming is not None:
            self._incoming.push(data)

    def on_message_complete(self) -> None:
        if self._plain_left:
            return
        request, self._incoming = self._incoming, None
        if request is not None:
            request.end()

    def _push_plain(self, data: bytes) -> None:
        """Take the body of a request that offered an upgrade; nothing may follow it, unless it got one."""
        if self._taker is not None:
            self._taker.feed(data)
            return
        request, left = self._incoming, self._plain_left or 0
        if request is None or not left:
            return
        request.push(data[:left])
        self._plain_left = max(left - len(data), 0)
        if not self._plain_left:
            self.on_message_complete()

    def _grow(self, size: int) -> None:
        self._head_size += size
        if self._head_size > MAX_HEAD:
            raise _HeadTooLarge

    # Serving

    def _begin(self, request: Request) -> None:
        self._current = request
        self.deadline = _NEVER
        task = self._task = self._loop.create_task(self._serve(request))
        self._home.tasks.add(task)

    async def _serve(self, request: Request) -> None:
        task, whole = self._task, False
        try:
            await self._home.handler(request)
            whole = request.answered
        except ConnectionError:
            pass  # broken off: the client must not take what it has for the whole
        finally:
            self._home.tasks.discard(task)
            self._finish(request, whole=whole)

    def _finish(self, request: Request, *, whole: bool) -> None:
        """Go on to the next request, or let the connection go."""
        self._current = None
        if self._lost:
            return
        if not whole:
            self._transport.abort()
            return
        if request.streamed and request.chunked:
            self.write(b"0\r\n\r\n")
        if not request.keep or self._home.closing:
            self._close(request)
        elif self._waiting:
            self._begin(self._waiting.pop(0))
            self.go_on()
        else:
            self.deadline = self._loop.time() + IDLE
            self.go_on()

    def _close(self, request: Request) -> None:
        if request.complete:
            self.deadline = self._loop.time() + STALL
            self._transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        self._lingering = True
        self.deadline = self._loop.time() + _LINGER
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self.go_on()

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer what is not a request, unless an answer is under way that this would fall into."""
        if self._current is not None or self._lingering:
            self._transport.abort()
            return
        body = msgspec.json.encode({"type": "about:blank", "title": status.phrase, "status": int(status)})
        self.write(
            f"HTTP/1.1 {int(status)} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\ndate: {self.date}\r\n\r\n".encode(),
            body,
        )
        self._linger()

    def expire(self) -> None:
        """Let go of a client that let its time run out."""
        if self._head_size and self._current is None:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._transport.abort()

    def retire(self) -> None:
        """Close now if nothing is under way, else after it."""
        if self._current is None:
            self._transport.close()
        else:
            self._current.keep = False
        if self._taker is not None:
            self._taker.retire()

    # Line

    def write(self, *pieces: bytes) -> None:
        if self._lost:
            return
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        else:
            self._transport.writelines(pieces)

    def hand_over(self, taker: Taker) -> None:
        self._taker = taker

    def go_ahead(self) -> None:
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
