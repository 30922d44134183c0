"""One answer of a provider while it arrives, with its clocks and its back-pressure."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol, Self

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamCut, UpstreamGarbled, UpstreamTimeout
from hanbok.gateway.upstream import Timeouts

HIGH_WATER = 64 * 1024
"""Bytes that may wait for a slow reader before the provider is held back."""


def larger(what: str, limit: int) -> Text:
    """Say that a part of an answer is larger than it may be."""
    parts = {"head": ("머리", "headers"), "body": ("본문", "a body"), "event": ("이벤트", "an event")}
    ko, en = parts[what]
    return Text(ko=f"{ko}이(가) {limit}바이트를 넘습니다", en=f"{en} of more than {limit} bytes")


class Line(Protocol):
    """What an answer needs of its connection."""

    origin: str

    def abort(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def unsent(self) -> int:
        """Bytes of the request that the operating system has not taken yet."""
        ...


class Answer:
    """Implements Exchange: the connection pushes, one reader pulls."""

    __slots__ = (
        "_allowed", "_end", "_error", "_held", "_line", "_loop", "_paused", "_phase", "_pieces", "_progress",
        "_step", "_timeouts", "_timer", "_unsent", "_waiter", "complete", "headers", "status",
    )  # fmt: skip

    def __init__(self, line: Line, timeouts: Timeouts, loop: asyncio.AbstractEventLoop) -> None:
        """Start the clocks. The request must have been written."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False
        self._line = line
        self._loop = loop
        self._timeouts = timeouts
        self._pieces: list[bytes] = []
        self._held = 0
        self._paused = False
        self._error: HanbokError | Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._unsent = line.unsent()
        self._progress = loop.time()
        self._end = self._progress + timeouts.total
        self._phase, self._allowed = ("send", timeouts.idle) if self._unsent else ("first", timeouts.first)
        self._step = min(timeouts.first, timeouts.idle)
        self._timer = loop.call_at(min(self._end, self._progress + self._step), self._tick)

    # What the connection calls.

    def sent(self) -> None:
        """Note that the whole request left."""
        if self._phase == "send":
            self._phase, self._allowed = "first", self._timeouts.first
            self._progress = self._loop.time()

    def begin(self, status: int) -> None:
        """Take the answer's head."""
        self.status = status
        self._phase, self._allowed = "idle", self._timeouts.idle
        self._wake()

    def push(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._pieces.append(data)
        self._held += len(data)

    def flush(self) -> None:
        """Note that all of one read was pushed."""
        self._progress = self._loop.time()
        if self._held > HIGH_WATER and not self._paused and not self.complete:
            self._paused = True
            self._line.pause()
        self._wake()

    def finish(self) -> None:
        """Note that the body is whole."""
        self.complete = True
        self._timer.cancel()
        if self._paused:
            self._paused = False
            self._line.resume()  # the connection goes on to serve another
        self._wake()

    def fail(self, error: HanbokError | Exception) -> None:
        """Nothing more will come; what came before can still be read."""
        if self._error is None and not self.complete:
            self._error = error
            self._timer.cancel()
            self._wake()

    # What the reader calls.

    async def head(self) -> Self:
        """Return when the head arrived. Aborts the connection when that fails or the caller gives up."""
        try:
            while not self.status and self._error is None:
                await self._wait()
        except asyncio.CancelledError:
            self.close()
            raise
        if self._error is not None and not self.status:
            raise self._error
        return self

    def read(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives."""
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self.complete:
                raise StopAsyncIteration
            await self._wait()
        return self._take()

    async def whole(self, limit: int) -> bytes:
        """Return the whole body. Raises UpstreamGarbled over `limit` bytes."""
        taken: list[bytes] = []
        size = 0
        while True:
            if self._pieces:
                size += self._held
                if size > limit:
                    self.close()
                    raise UpstreamGarbled(origin=self._line.origin, why=larger("body", limit))
                taken.append(self._take())
            elif self.complete:
                return taken[0] if len(taken) == 1 else b"".join(taken)
            elif self._error is not None:
                raise self._error
            else:
                await self._wait()

    def close(self) -> None:
        """Abort the connection unless the body arrived whole; then it already serves others."""
        if not self.complete and self._error is None:
            self.fail(UpstreamCut(origin=self._line.origin))
            self._line.abort()

    def _take(self) -> bytes:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces = []
        self._held = 0
        if self._paused:
            self._paused = False
            self._progress = self._loop.time()
            if not self.complete and self._error is None:
                self._line.resume()
        return data

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _tick(self) -> None:
        """One timer serves all clocks: it looks what has moved since it was set, and sets itself again."""
        now = self._loop.time()
        if now >= self._end:
            self._run_out(self._timeouts.total, "total")
            return
        if self._phase == "send" and (unsent := self._line.unsent()) < self._unsent:
            self._unsent, self._progress = unsent, now
        elif self._pieces:
            self._progress = now  # the reader lags, not the provider
        due = self._progress + self._allowed
        if now >= due:
            self._run_out(self._allowed, self._phase)
        else:
            # The phase may change meanwhile, to one with a shorter clock.
            self._timer = self._loop.call_at(min(self._end, due, now + self._step), self._tick)

    def _run_out(self, seconds: float, phase: str) -> None:
        self.fail(UpstreamTimeout(origin=self._line.origin, seconds=seconds, phase=phase))
        self._line.abort()
