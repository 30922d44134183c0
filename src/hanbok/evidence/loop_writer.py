"""The event loop writes a batch itself, and the kernel makes it durable meanwhile (`kernel_sync.py`).

What it does never waits for a disk: the bytes go to the page cache, and only when those of the batch before are
durable. All else (a new file, one that is full or failed) is the journal's thread's.
"""

from asyncio import AbstractEventLoop, Event
from collections.abc import Callable
from threading import get_ident
from typing import Final

from hanbok.evidence.backlog import Backlog, Item, lines_of
from hanbok.evidence.kernel_sync import Syncer
from hanbok.evidence.tail import Tail

LINGER: Final = 0.02
"""Seconds that posted entries may wait for company."""


class LoopWriter:
    """To be used on its loop's thread, but for `come`. It writes only while it is its turn."""

    def __init__(
        self,
        backlog: Backlog,
        tail: Tail,
        syncer: Syncer,
        loop: AbstractEventLoop,
        *,
        pace: float,
        hand_back: Callable[[], None],
    ) -> None:
        """`hand_back` lets the thread write until it gives the turn back."""
        self.turn = False
        """Whether it writes, and not the thread."""
        self.leaving = False
        """Whether it must not get another turn."""
        self.loop = loop
        self._home = get_ident()
        self._backlog = backlog
        self._tail = tail
        self._syncer = syncer
        self._pace = pace
        self._hand_back = hand_back
        self._batch: list[Item] = []
        """What is being made durable."""
        self._company = False
        """Whether requests came together of late."""
        self._soon = False
        self._paced = False
        self._lingering = False
        """Whether a timer runs. It is never cancelled: that would cost more than to look once too often."""
        self._left = Event()

    @property
    def at_home(self) -> bool:
        """Whether the caller runs on the loop's thread."""
        return get_ident() == self._home

    def come(self, *, awaited: bool) -> None:
        """Note that an entry was handed over."""
        if not self.at_home:
            self.loop.call_soon_threadsafe(self.begin)
        elif not self._batch and not self._soon:
            self._plan(awaited=awaited)

    def begin(self) -> None:
        """Write what waits, unless something is on its way already."""
        self._soon = False
        if self._batch or not self.turn:
            return
        if self.leaving or not self._tail.plain:
            self._give_back()
            return
        batch = self._backlog.take()
        if not batch:
            return
        try:
            self._tail.put(lines_of(batch, self._backlog.durable))
        except OSError as error:
            self._backlog.failed(batch, error)
            self._give_back()
            return
        self._batch = batch
        try:
            self._syncer.sync(self._tail.file, self._synced)
        except OSError:
            self.leaving = True  # the kernel does not do it after all: the thread does, from now on
            self._synced(self._tail.try_sync())

    async def leave(self) -> None:
        """Write no more; return when nothing is under way."""
        self.leaving = True
        if self._batch:
            self._left.clear()
            await self._left.wait()
        self.end()

    def end(self) -> None:
        """Do as `leave`, at once: what is under way is waited for, with all else."""
        self.leaving = True
        error = self._syncer.close()
        if self._batch:
            self._synced(error)
        elif self.turn:
            self._give_back()

    def _plan(self, *, awaited: bool) -> None:
        """Begin soon, or somewhat later when company is expected."""
        if not awaited:
            if not self._lingering:
                self._lingering = True
                self.loop.call_later(LINGER, self._lingered)
        elif not self._company or self._backlog.waiting >= self._backlog.enough:
            self._soon = True
            self.loop.call_soon(self.begin)
        elif not self._paced:
            self._paced = True
            self.loop.call_later(self._pace, self._stepped)

    def _lingered(self) -> None:
        self._lingering = False
        self.begin()

    def _stepped(self) -> None:
        self._paced = False
        self.begin()

    def _synced(self, error: OSError | None) -> None:
        batch, self._batch = self._batch, []
        self._left.set()
        if error is not None:
            self._tail.doubt()
            self._backlog.failed(batch, error)
            self._give_back()
            return
        self._tail.settle(self._backlog.durable + len(batch))
        waited = self._backlog.written(batch)
        self._company = waited > 1 or self._backlog.waiting > 0
        if self.leaving:
            self._give_back()
        elif self._backlog.waiting:
            self._plan(awaited=True)
        elif self._backlog.fresh:
            self._plan(awaited=False)

    def _give_back(self) -> None:
        self.turn = False
        self._hand_back()
