"""Keeping contents beside the path: bounded queues, each organisation's its own, so that none waits for another's key.

What waits is written in one transaction, as soon as the last one is done.
"""

import asyncio
import logging
from collections import defaultdict, deque
from typing import NamedTuple

from hanbok.core.errors import HanbokError
from hanbok.store.errors import StoreUnavailable
from hanbok.vault.contents import Contents, Piece
from hanbok.vault.errors import ContentsUnavailable

_log = logging.getLogger("hanbok.vault")
_PAUSE = 0.5
_BATCH = 256


class _Waiting(NamedTuple):
    piece: Piece
    done: "asyncio.Future[None]"


class Keeper:
    """Takes pieces to keep. All calls come from one event loop."""

    def __init__(self, contents: Contents, *, required: bool, limit: int) -> None:
        """Let `limit` bytes wait. Where keeping is `required`, what fails is told at once, not tried again."""
        self.required = required
        self._contents = contents
        self._limit = limit
        self._bytes = 0
        self._queues = defaultdict[str, deque[_Waiting]](deque)
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._failing = ""
        self._try_at = 0.0
        self._closing = False

    def admit(self) -> None:
        """Raise ContentsUnavailable when contents must be kept and a moment ago could not be."""
        if self.required and self._failing and asyncio.get_running_loop().time() < self._try_at:
            raise ContentsUnavailable(why=self._failing)

    def keep(self, piece: Piece) -> "asyncio.Future[None]":
        """Hand over a piece; the future is done when it is durable. Raises ContentsUnavailable when too much waits."""
        if self._closing or self._bytes + piece.size > self._limit:
            raise ContentsUnavailable(why="stopping" if self._closing else "too much waits to be kept")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Who does not wait for it will not ask how it went: that is in the server's own log.
        done.add_done_callback(lambda one: one.cancelled() or one.exception())
        self._bytes += piece.size
        self._queues[piece.organisation].append(_Waiting(piece, done))
        if piece.organisation not in self._writing:
            self._writing[piece.organisation] = asyncio.create_task(self._write_all(piece.organisation))
        return done

    async def close(self) -> None:
        """Write what waits, and take no more."""
        self._closing = True
        await asyncio.gather(*self._writing.values())

    async def _write_all(self, organisation: str) -> None:
        queue = self._queues[organisation]
        try:
            while queue:
                await self._write(queue)
        finally:
            del self._writing[organisation], self._queues[organisation]

    async def _write(self, queue: deque[_Waiting]) -> None:
        batch = [queue.popleft() for _ in range(min(_BATCH, len(queue)))]
        try:
            results = await asyncio.to_thread(self._contents.put, [one.piece for one in batch])
        except StoreUnavailable as error:
            if not self._failing:
                _log.error("contents cannot be kept: %s", error)
            self._failing, self._try_at = error.code, asyncio.get_running_loop().time() + _PAUSE
            if self.required or self._closing:
                for one in batch:
                    self._settle(one, ContentsUnavailable(why=error.code))
            else:
                queue.extendleft(reversed(batch))
                await asyncio.sleep(_PAUSE)
            return
        self._failing = ""
        for one, result in zip(batch, results, strict=True):
            self._settle(one, result)

    def _settle(self, one: _Waiting, error: HanbokError | None) -> None:
        self._bytes -= one.piece.size
        if error is not None:
            _log.warning("contents of call %s are not kept: %s", one.piece.call, error.code)
        if one.done.done():
            return
        if error is None:
            one.done.set_result(None)
        else:
            one.done.set_exception(error)
