"""Heartbeats: comments in a stream that is silent, so that proxies which drop idle connections keep it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from hanbok.http.inbound import Headers, Inbound, Outlet

_COMMENT: Final = b":\n\n"
"""A comment (WHATWG HTML, 9.2): readers of events drop it."""


class Beating:
    """Implements Inbound for one streamed answer, and Outlet for its pieces.

    A stream that waits for its first token begins with a comment. What fails then is told by an error event, for the
    status has left.
    """

    def __init__(self, inbound: Inbound, seconds: float, headers: Headers) -> None:
        """Beat after so many silent seconds, until `stop`. `headers` begin a stream that has none yet."""
        self.method: str = inbound.method
        self.path: str = inbound.path
        self.escaped: bool = inbound.escaped
        self.query: str = inbound.query
        self.headers: Mapping[str, str] = inbound.headers
        self.peer: str = inbound.peer
        self._inbound = inbound
        self._seconds = seconds
        self._begin = headers
        self._outlet: Outlet | None = None
        self._lock = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._sent = self._loop.time()
        self._task = self._loop.create_task(self._beat())

    async def read(self, limit: int, seconds: float) -> bytes:
        """Return the whole body."""
        return await self._inbound.read(limit, seconds)

    def when_gone(self, call: Callable[[], object] | None) -> None:
        """Call this once the client has left."""
        self._inbound.when_gone(call)

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer whole: as an error event, where a stream has begun."""
        await self.stop()
        if self._outlet is None:
            await self._inbound.reply(status, headers, body)
        else:
            await self._outlet.send(b"event: error\ndata: %b\n\n" % body)

    async def stream(self, status: int, headers: Headers) -> Outlet:
        """Begin the stream, unless a comment has begun it."""
        async with self._lock:
            if self._outlet is None:
                self._outlet = await self._inbound.stream(status, headers)
        return self

    async def send(self, data: bytes) -> None:
        """Send now."""
        async with self._lock:
            await self._send(data)

    async def stop(self) -> None:
        """Beat no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _send(self, data: bytes) -> None:
        if self._outlet is None:
            raise RuntimeError("nothing can be sent before the stream began")
        await self._outlet.send(data)
        self._sent = self._loop.time()

    async def _beat(self) -> None:
        while True:
            wait = self._sent + self._seconds - self._loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            try:
                async with self._lock:
                    self._outlet = self._outlet or await self._inbound.stream(200, self._begin)
                    await self._send(_COMMENT)
            except ConnectionError:
                return  # the client has left: whoever asked for it is told elsewhere
