"""A worker's end: the log and the gates as its steps know them, in the keeper's hands."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from socket import socket
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon
from hanbok.evidence.entry import AnyEntry, Intent, Outcome
from hanbok.evidence.errors import LogUnavailable
from hanbok.evidence.line import Line
from hanbok.evidence.log import Record
from hanbok.evidence.segments import find, lines, open_record, size_of
from hanbok.policy.gate import Hold
from hanbok.policy.key import Key
from hanbok.workers.crossing import again
from hanbok.workers.frames import (
    Answer,
    Append,
    Appended,
    Down,
    Enter,
    Failed,
    Hello,
    Leave,
    Post,
    Stages,
    Up,
)
from hanbok.workers.wire import Wire

AWAY: Final = "the keeper of the log is away; it is started again"
_REPLACED: Final = "the keeper of the log was replaced while the call began"
_BACKLOG: Final = 65_536
"""Outcomes that may wait for a keeper."""


class Link:
    """The connection to the keeper, and what must be told again when another one takes its place."""

    def __init__(self) -> None:
        self.there = asyncio.Event()
        """Set while there is a keeper."""
        self.stages: dict[str, str] = {}
        self.unready: list[str] = []
        self.admitted: dict[str, int] = {}
        """Which keeper, counted from 1, holds a slot and money for a call that has no outcome yet."""
        self.recorded: set[str] = set()
        """Calls whose intent went to the log, and that have no outcome yet."""
        self._keeper = 0
        self._wire: Wire[Down] | None = None
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._posts: deque[AnyEntry] = deque()
        """Not known to be durable."""
        self._durable = 0
        """How many posts on this connection are."""

    async def connect(self, end: socket) -> None:
        """Speak to a keeper, the first or the next one."""
        if (before := self._wire) is not None:  # it is gone, and we have not heard so
            self._lost(before)
            before.close()
        self._wire = wire = Wire[Down](Down, self._take, lambda: self._lost(wire))
        self._keeper += 1
        self._durable = 0
        ended = {one.call for one in self._posts if isinstance(one, Outcome)}
        # First of all: whatever is asked meanwhile goes out after these.
        wire.send(Hello(sorted(self.recorded | ended)))
        for entry in self._posts:
            wire.send(Post(entry))
        await wire.open(end)
        if self._wire is wire:
            self.there.set()

    def close(self) -> None:
        """Part from the keeper."""
        if self._wire is not None:
            self._wire.close()

    def ask(self, frame_of: Callable[[int], Up]) -> "asyncio.Future[Answer]":
        """Send what bears this number; the future has the answer. Raises LogUnavailable when there is no keeper."""
        if self._wire is None:
            raise LogUnavailable(why=AWAY)
        number = next(self._numbers)
        future: asyncio.Future[Answer] = self._wire.loop.create_future()
        self._waiting[number] = future
        self._wire.send(frame_of(number))
        return future

    def tell(self, frame: Up) -> None:
        """Send what is not answered; without a keeper nothing is sent."""
        if self._wire is not None:
            self._wire.send(frame)

    def post(self, entry: AnyEntry) -> None:
        """Send an entry, now and to the next keeper until it is durable. Raises LogUnavailable if too many wait."""
        if len(self._posts) >= _BACKLOG:
            raise LogUnavailable(why=AWAY)
        self._posts.append(entry)
        self.tell(Post(entry))

    def came_in(self, call: str) -> None:
        """Note that this keeper holds what a call needs."""
        self.admitted[call] = self._keeper

    def held(self, call: str) -> bool:
        """Tell whether nothing that was held for a call went with an earlier keeper."""
        return self.admitted.get(call, self._keeper) == self._keeper

    def _take(self, frame: Down) -> None:
        if isinstance(frame, Stages):
            self.stages, self.unready = frame.stages, frame.unready
            return
        if isinstance(frame, Appended):
            for _ in range(frame.posts - self._durable):
                self._posts.popleft()
            self._durable = frame.posts
        future = self._waiting.pop(frame.number, None)
        if future is None or future.done():
            return
        if isinstance(frame, Failed):
            future.set_exception(again(frame))
        else:
            future.set_result(frame)

    def _lost(self, wire: Wire[Down]) -> None:
        if self._wire is not wire:
            return
        self._wire = None
        self.there.clear()
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(LogUnavailable(why=AWAY))


@dataclass(frozen=True, slots=True)
class RemoteLog:
    """Written by the keeper, read from its files."""

    link: Link
    directory: Path

    async def append(self, entry: AnyEntry) -> Record:
        """Return when the entry is durable. Raises LogUnavailable, EntryTooLarge."""
        link = self.link
        if isinstance(entry, Intent):
            if not link.held(entry.call):
                raise LogUnavailable(why=_REPLACED)
            link.recorded.add(entry.call)
        try:
            answer = await link.ask(lambda number: Append(number, entry))
        except HanbokError:
            link.recorded.discard(entry.call)
            raise
        if not isinstance(answer, Appended):
            raise TypeError(f"the keeper answered {type(answer).__name__}")
        return Record(index=answer.index, digest=answer.digest, entry=entry)

    def post(self, entry: AnyEntry) -> None:
        """Hand over an entry without waiting; while the keeper is away it is kept. Raises LogUnavailable."""
        self.link.post(entry)
        if isinstance(entry, Outcome):
            self.link.recorded.discard(entry.call)
            self.link.admitted.pop(entry.call, None)

    def read(self, start: int = 0) -> Iterator[Record]:
        """Yield records from index `start` on. Reads files: call it in a thread."""
        return map(open_record, lines(self.directory, start))

    def find(self, call: str) -> list[Line]:
        """Return the sealed lines of one call, oldest first. Reads files: call it in a thread."""
        return find(self.directory, call)

    @property
    def size(self) -> int:
        """How many entries there are."""
        return size_of(self.directory)


@dataclass(frozen=True, slots=True)
class _Away:
    """What the keeper holds for a call."""

    link: Link
    call: str

    def leave(self, cost: MicroWon, tokens: int | None = None) -> None:
        # A call with an outcome was settled by that.
        held = self.link.held(self.call)
        if self.link.admitted.pop(self.call, None) is not None and held:
            self.link.tell(Leave(self.call, cost, tokens))


@dataclass(frozen=True, slots=True)
class RemoteGate:
    link: Link
    preview: bool = False

    async def enter(self, call: str, key: Key, model: str, worst: MicroWon, tokens: int = 0) -> Hold:
        """Have the keeper count the call in. Raises LogUnavailable when there is none."""
        link, preview = self.link, self.preview
        made = None if key.digest else key
        answer = link.ask(lambda number: Enter(number, preview, call, key.id, model, worst, tokens, made))
        link.came_in(call)
        hold = _Away(link, call)
        try:
            await answer
        except asyncio.CancelledError:
            hold.leave(0, 0)
            raise
        except BaseException:
            link.admitted.pop(call, None)
            raise
        return hold
