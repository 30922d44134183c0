"""The log's first form: a directory of append-only files, hash-chained line by line (`chain.py`).

One thread writes. Entries that arrive while it waits for the disk go out together in its next batch, one write and
one sync for all (group commit), so that sixteen waiting requests cost the disk what one does. An entry that nobody
waits for lingers up to 20 ms for company.
"""

import fcntl
import os
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import NamedTuple

import msgspec

from hanbok.core.clock import stamp
from hanbok.evidence.chain import Line, seal
from hanbok.evidence.entry import Act, AnyEntry
from hanbok.evidence.errors import LogBroken, LogLocked, LogUnavailable
from hanbok.evidence.log import Record
from hanbok.evidence.segments import find, lines, open_record
from hanbok.evidence.tail import Disk, Place, RealDisk, Tail, survey, sync_directory

_LINGER = 0.02
_RETRY = 1.0
_CLOSED = "the log is closed"
_encode = msgspec.json.Encoder().encode


class _Waiter(NamedTuple):
    loop: AbstractEventLoop
    future: Future[Record]


class _Item(NamedTuple):
    data: bytes
    entry: AnyEntry
    waiter: _Waiter | None


class Journal:
    """A `Log` in files. One process writes a directory; any number may read it."""

    def __init__(self, place: Place, lock: int, *, segment_bytes: int, disk: Disk, backlog: int) -> None:
        """Use `open`."""
        self.directory = place.segment.path.parent
        self._tail = Tail(place, segment_bytes, disk)
        self._lock = lock
        self._backlog = backlog
        self._queue: deque[_Item] = deque()
        self._kept: list[_Item] = []
        """Posted entries of batches that failed: they go first in the next one."""
        self._batch: list[_Item] = []
        self._urgent = False
        self._asleep = False
        self._closing = False
        self._stopped = False
        self._bell = Lock()
        self._bell.acquire()
        self._durable = place.index
        self._head = place.head
        self._thread = Thread(target=self._run, name="hanbok-journal", daemon=True)

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        segment_bytes: int = 64 << 20,
        disk: Disk | None = None,
        backlog: int = 65_536,
        patience: float = 1.0,
    ) -> "Journal":
        """Lock the directory, find the end of the chain and start the writer.

        A line that a crash left unfinished is moved aside and a `recover` act says so. Waits `patience` seconds for
        the lock, as a command may hold it for a moment. Raises LogLocked, LogBroken, LogUnavailable.
        """
        try:
            if not directory.is_dir():
                directory.mkdir(parents=True, exist_ok=True)
                sync_directory(directory.parent)
            lock = _lock(directory, patience)
        except OSError as error:
            raise LogUnavailable(why=_why(error)) from error
        try:
            place, torn = survey(directory)
        except BaseException as error:
            os.close(lock)
            if isinstance(error, OSError):
                raise LogUnavailable(why=_why(error)) from error
            raise
        journal = cls(place, lock, segment_bytes=segment_bytes, disk=disk or RealDisk(), backlog=backlog)
        journal._thread.start()
        if torn:
            facts = {"cut_bytes": str(torn.size), "offset": str(torn.offset), "kept_in": torn.kept}
            journal.post(Act(at=stamp(), actor="hanbok", verb="recover", object=torn.segment, facts=facts))
        return journal

    async def append(self, entry: AnyEntry) -> Record:
        """Return when the entry is durable. Raises LogUnavailable when it cannot be made so."""
        loop = get_running_loop()
        future: Future[Record] = loop.create_future()
        self._hand_over(_Item(_encode(entry), entry, _Waiter(loop, future)))
        return await future

    def post(self, entry: AnyEntry) -> None:
        """Hand over an entry without waiting. It becomes durable with, or before, any later `append`.

        While the disk refuses, posted entries are kept and tried again; LogUnavailable only when too many wait.
        """
        if len(self._queue) + len(self._kept) >= self._backlog:
            raise LogUnavailable(why=f"{self._backlog} entries wait to be written")
        self._hand_over(_Item(_encode(entry), entry, None))

    def read(self, start: int = 0) -> Iterator[Record]:
        """Yield durable records from index `start` on. Reads files: call it in a thread."""
        return map(open_record, lines(self.directory, start, self._durable))

    def find(self, call: str) -> list[Line]:
        """Return the sealed lines of one call, oldest first. Reads files: call it in a thread."""
        return [line for line in find(self.directory, call) if line.index < self._durable]

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._durable

    @property
    def head(self) -> str:
        """Digest of the last durable entry: note it elsewhere, and the log cannot be shortened unseen."""
        return self._head.decode()

    def close(self) -> None:
        """Write what is queued and unlock. Raises LogUnavailable if entries could not be written."""
        self._closing = True
        self._ring()
        self._thread.join()
        self._tail.close()
        os.close(self._lock)
        if self._kept:
            raise LogUnavailable(why=f"{len(self._kept)} entries were not written")

    def _hand_over(self, item: _Item) -> None:
        if self._closing:
            raise LogUnavailable(why=_CLOSED)
        self._queue.append(item)
        if item.waiter:
            self._urgent = True
        if item.waiter or self._asleep:
            self._ring()
        if self._stopped:  # the writer ended between the two lines above
            self._give_up([])

    def _ring(self) -> None:
        if self._bell.locked():
            try:
                self._bell.release()
            except RuntimeError:  # another thread rang in between
                return

    def _run(self) -> None:
        try:
            self._write_until_closed()
        finally:  # also when the writer itself fails: nobody may wait for ever
            self._closing = self._stopped = True
            self._give_up(self._batch)

    def _write_until_closed(self) -> None:
        idle = True
        while True:
            self._wait(idle=idle)
            self._urgent = False
            batch = self._batch = self._kept
            self._kept = []
            while self._queue:
                batch.append(self._queue.popleft())
            if batch:
                self._commit(batch)
            self._batch = []
            idle = not batch
            if self._closing and not self._queue:
                return

    def _wait(self, *, idle: bool) -> None:
        """Wait for an append, at most as long as posted entries may linger; for any entry while there are none."""
        if self._kept:
            self._bell.acquire(timeout=_RETRY)
            return
        if idle:
            self._asleep = True
            if not self._queue and not self._closing:
                self._bell.acquire()
            self._asleep = False
        if not self._urgent and not self._closing:
            self._bell.acquire(timeout=_LINGER)

    def _give_up(self, batch: list[_Item]) -> None:
        left = batch
        while self._queue:
            left.append(self._queue.popleft())
        self._kept += [item for item in left if item.waiter is None]
        _wake((item.waiter, LogUnavailable(why=_CLOSED)) for item in left if item.waiter)

    def _commit(self, batch: list[_Item]) -> None:
        first, head = self._tail.place.index, self._tail.place.head
        digests: list[bytes] = []
        sealed: list[bytes] = []
        for index, item in enumerate(batch, start=first):
            line, head = seal(index, head, item.data)
            sealed.append(line)
            digests.append(head)
        try:
            self._tail.write(b"".join(sealed), first + len(batch), head)
        except (OSError, LogBroken) as error:
            self._kept = [item for item in batch if item.waiter is None]
            failure = LogUnavailable(why=_why(error))
            _wake((item.waiter, failure) for item in batch if item.waiter)
            return
        self._durable, self._head = first + len(batch), head
        _wake(
            (item.waiter, Record(index=index, digest=digest.decode(), entry=item.entry))
            for index, (item, digest) in enumerate(zip(batch, digests, strict=True), start=first)
            if item.waiter
        )


def _lock(directory: Path, patience: float) -> int:
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    until = monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if monotonic() >= until:
                os.close(lock)
                raise LogLocked(directory=str(directory)) from error
            sleep(_LINGER)
        else:
            return lock


def _why(error: OSError | LogBroken) -> str:
    return str(error) if isinstance(error, LogBroken) else (error.strerror or type(error).__name__)


def _wake(results: Iterable[tuple[_Waiter, Record | LogUnavailable]]) -> None:
    """Hand results to their loops, one call for each loop."""
    loops: dict[AbstractEventLoop, list[tuple[Future[Record], Record | LogUnavailable]]] = {}
    for waiter, result in results:
        loops.setdefault(waiter.loop, []).append((waiter.future, result))
    for loop, ready in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, ready)
        except RuntimeError:  # the loop has closed: nobody waits any more
            continue


def _resolve(ready: list[tuple[Future[Record], Record | LogUnavailable]]) -> None:
    for future, result in ready:
        if future.done():  # its caller was cancelled; the entry is in the log all the same
            continue
        if isinstance(result, Record):
            future.set_result(result)
        else:
            future.set_exception(result)
