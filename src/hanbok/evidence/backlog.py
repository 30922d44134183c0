"""Entries between those who hand them over and the disk: what waits to be written, and whom to tell."""

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Final, NamedTuple

from hanbok.evidence.entry import AnyEntry
from hanbok.evidence.errors import LogBroken, LogUnavailable
from hanbok.evidence.line import numbered
from hanbok.evidence.log import Record
from hanbok.evidence.notary import Notary

_RECENT: Final = 64
"""Few: whatever a thousand calls leave behind is out of the processor's cache when its memory is used again."""
_CROWD: Final = 8


class Waiter(NamedTuple):
    loop: AbstractEventLoop
    future: Future[Record]


class Item(NamedTuple):
    leaf: bytes
    rest: bytes
    """The line, but for its index."""
    entry: AnyEntry
    waiter: Waiter | None


class Backlog:
    """Any thread adds; whoever writes at the time takes, and says what became of it."""

    def __init__(self, durable: int, notary: Notary) -> None:
        self.durable = durable
        """How many entries are."""
        self.waiting = 0
        """How many of those that wait are waited for."""
        self.enough = _CROWD
        """When as many wait as in the last batch, and not few, nobody else is expected."""
        self.kept: list[Item] = []
        """Posted entries of batches that failed: they go first in the next one."""
        self._queue: deque[Item] = deque()
        self._recent: deque[tuple[int, Item]] = deque(maxlen=_RECENT)
        self._notary = notary

    def __len__(self) -> int:
        return len(self._queue) + len(self.kept)

    @property
    def fresh(self) -> bool:
        """Whether there are entries that were not tried yet."""
        return bool(self._queue)

    def add(self, item: Item) -> None:
        self._queue.append(item)
        if item.waiter:
            self.waiting += 1

    def take(self) -> list[Item]:
        """Return all that waits, in its order."""
        self.waiting = 0
        batch, self.kept = self.kept, []
        queue = self._queue
        while queue:  # others add meanwhile
            batch.append(queue.popleft())
        return batch

    def written(self, batch: Sequence[Item]) -> int:
        """Note that these are durable, and tell those who wait for it; return how many that were."""
        # Little is done here: where a thread writes, the event loop waits for whatever that thread does.
        first = self.durable
        self._recent.extend(enumerate(batch, start=first))
        self.durable = first + len(batch)
        self._notary.take([item.leaf for item in batch])
        waited = _wake(batch, first)
        self.enough = max(waited, _CROWD)
        return waited

    def failed(self, batch: Sequence[Item], error: OSError | LogBroken | LogUnavailable) -> None:
        """Tell those who wait, and keep what nobody waits for."""
        self.kept += [item for item in batch if item.waiter is None]
        _wake(batch, error if isinstance(error, LogUnavailable) else LogUnavailable(why=why(error)))

    def recent(self, start: int) -> Iterator[Record] | None:
        """Return the durable records from index `start` on, where all of them are still at hand."""
        recent = list(self._recent)
        if recent and recent[0][0] <= start:
            return starmap(_record, recent[start - recent[0][0] :])
        return None

    def forget(self) -> None:
        """Keep no records at hand."""
        self._recent.clear()


def lines_of(batch: Sequence[Item], first: int) -> bytes:
    """Return the bytes of a batch whose first entry gets this index."""
    pieces: list[bytes] = []
    for index, item in enumerate(batch, start=first):
        pieces += (numbered(index), item.rest)
    return b"".join(pieces)


def why(error: OSError | LogBroken) -> str:
    """Say in a few words what went wrong."""
    return str(error) if isinstance(error, LogBroken) else (error.strerror or type(error).__name__)


def _record(index: int, item: Item) -> Record:
    return Record(index=index, digest=item.leaf.hex(), entry=item.entry)


def _wake(batch: Sequence[Item], result: int | LogUnavailable) -> int:
    """Tell those who wait where the batch begins, or why it is not in the log, with one call for each of their loops;
    return how many wait.
    """
    waiters = [item.waiter for item in batch if item.waiter]
    for loop in {waiter.loop for waiter in waiters}:
        try:
            loop.call_soon_threadsafe(_resolve, loop, batch, result)
        except RuntimeError:  # the loop has closed: nobody waits any more
            continue
    return len(waiters)


def _resolve(loop: AbstractEventLoop, batch: Sequence[Item], result: int | LogUnavailable) -> None:
    for place, item in enumerate(batch):
        waiter = item.waiter
        # Whose caller was cancelled is done; the entry is in the log all the same.
        if waiter is None or waiter.loop is not loop or waiter.future.done():
            continue
        if isinstance(result, int):
            waiter.future.set_result(_record(result + place, item))
        else:
            waiter.future.set_exception(result)
