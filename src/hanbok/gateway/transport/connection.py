"""One HTTP/1.1 connection to a provider (RFC 9112): writes a request, parses the answer, knows when it is fit to
be used again.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from functools import lru_cache
from typing import cast

import httptools

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamCut, UpstreamGarbled
from hanbok.gateway.transport.answer import Answer, larger
from hanbok.gateway.upstream import Timeouts

MAX_HEAD = 64 * 1024
MAX_BODY = 256 * 1024 * 1024
_JOIN_BELOW = 64 * 1024
_RACE = 1.0
_SHORT = 64
"""Names of headers below so many bytes are remembered."""
_INTERIM = range(100, 200)
_WITHOUT_BODY = frozenset({204, 304})
_HUNG_UP = select.POLLIN | select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


_TRAILING = Text(ko="끝난 뒤에 바이트가 더 왔습니다", en="bytes after its end")
_CODING = Text(ko="요청하지 않은 방식으로 부호화되어 있습니다", en="a coding that was not asked for")


_PROBE_SECONDS = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


@lru_cache(maxsize=256)
def _lower(name: bytes) -> str:
    """Return a header's name as hanbok spells it: a provider sends the same ones in every answer."""
    return name.decode("latin-1").lower()


class StaleConnection(Exception):
    """A kept connection was closed by the other side before it could take the request: send it on a new one."""


class Connection(asyncio.Protocol):
    """Serves one request at a time."""

    __slots__ = (
        "_answer", "_asked_at", "_body_size", "_closing", "_done", "_head_size", "_keep", "_loop", "_lost",
        "_parser", "_poll", "_release", "_reused", "_silent", "_transport", "_until_close", "idle_since", "origin",
    )  # fmt: skip

    def __init__(
        self, origin: str, release: Callable[["Connection"], None], lost: Callable[["Connection"], None]
    ) -> None:
        """`release` is told when it is free for another request, `lost` when it is gone."""
        self.origin = origin
        self.idle_since = 0.0
        self._release = release
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._poll = select.poll()
        self._answer: Answer | None = None
        self._closing = False
        self._reused = False
        self._begin_message()

    def _begin_message(self) -> None:
        self._silent = True
        self._keep = False
        self._done = False
        self._until_close = False
        self._head_size = 0
        self._body_size = 0

    @property
    def fit(self) -> bool:
        """Whether it can take a request: open, and the other side has neither hung up nor sent anything."""
        return not self._closing and not self._poll.poll(0)

    async def ask(self, head: bytes, body: bytes, timeouts: Timeouts) -> Answer:
        """Send, and return when the answer's head has arrived. Raises StaleConnection when the request surely or
        all but surely was not read: only then may it be sent again, for every answer of a model costs money.
        """
        self._begin_message()
        self._asked_at = self._loop.time()
        if len(body) < _JOIN_BELOW:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))
        self._answer = Answer(self, timeouts, self._loop)
        return await self._answer.head()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(
            high=0
        )  # so that resume_writing tells when a request has left
        line: socket.socket = transport.get_extra_info("socket")
        keep_alive(line)
        self._poll.register(line.fileno(), _HUNG_UP)

    def resume_writing(self) -> None:
        if self._answer is not None:
            self._answer.sent()

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None:
            self.abort()  # nobody asked: what follows could be taken for the answer to the next request
            return
        self._silent = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            cause = error.__context__
            why = Text(ko="HTTP/1.1이 아닙니다", en="it is not valid HTTP/1.1")
            self._break(
                cause if isinstance(cause, HanbokError) else UpstreamGarbled(origin=self.origin, why=why)
            )
            return
        if not answer.status:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._break(self._garbled(larger("head", MAX_HEAD)))
                return
        if not self._done:
            answer.flush()
            return
        self._answer = None
        answer.finish()
        if self._keep and not self._closing:
            self._reused = True
            self._release(self)
        else:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._lost(self)
        del self._parser  # it holds the connection, and would keep both until the collector comes
        answer, self._answer = self._answer, None
        if answer is None:
            return
        if self._until_close and exc is None:
            answer.finish()
        elif self._may_repeat():
            answer.fail(StaleConnection())
        else:
            answer.fail(UpstreamCut(origin=self.origin))

    def _may_repeat(self) -> bool:
        """Whether a kept connection was closed by the server at the very moment that we wrote."""
        # Such a server answers nothing, and hangs up within a round trip. One that fails later may have worked on
        # the request, and charge for it.
        return self._reused and self._silent and self._loop.time() - self._asked_at < _RACE

    # httptools

    def on_message_begin(self) -> None:
        if self._done:
            self._keep = False  # bytes after the end of the answer: never read another one here
            raise self._garbled(_TRAILING)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value)
        if self._head_size > MAX_HEAD:
            raise self._garbled(larger("head", MAX_HEAD))
        answer = self._answer
        if answer is not None and not answer.status:  # later ones are trailers
            key = _lower(name) if len(name) < _SHORT else name.decode("latin-1").lower()
            answer.headers[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        answer = self._answer
        status = self._parser.get_status_code()
        if answer is None:
            return
        headers = answer.headers
        if status in _INTERIM:
            headers.clear()
            return
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise self._garbled(_CODING)
        elif "content-length" not in headers:
            self._until_close = status not in _WITHOUT_BODY
        elif int(headers["content-length"]) > MAX_BODY:
            raise self._garbled(larger("body", MAX_BODY))
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise self._garbled(_CODING)
        answer.begin(status)

    def on_body(self, data: bytes) -> None:
        self._body_size += len(data)
        if self._body_size > MAX_BODY:
            raise self._garbled(larger("body", MAX_BODY))
        if self._answer is not None:
            self._answer.push(data)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() not in _INTERIM:
            self._done = True
            self._keep = self._parser.should_keep_alive()

    # Line

    def abort(self) -> None:
        """Close at once, without waiting for the other side."""
        self._closing = True
        self._transport.abort()

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        self._transport.resume_reading()

    def unsent(self) -> int:
        return self._transport.get_write_buffer_size()

    def _garbled(self, why: Text) -> UpstreamGarbled:
        return UpstreamGarbled(origin=self.origin, why=why)

    def _break(self, error: HanbokError) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            if self._done:
                answer.finish()
            else:
                answer.fail(error)
        self.abort()


def keep_alive(line: socket.socket) -> None:
    """Probe while a model thinks: firewalls drop connections that are silent for long, and tell nobody."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _PROBE_SECONDS.items():
        if hasattr(socket, option):  # not on every system
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
