"""The log in files: segments of lines that are durable before `append` returns, and a Merkle tree over them.

Entries are encoded and hashed where they come from. One thread makes them durable: those that arrive while it waits
for the disk go out together in its next batch, one write and one sync for all (group commit). While batches bring
company, it starts one every few milliseconds only, so that sixteen waiting requests cost the disk and the processor
what one does; an entry that comes alone waits for nobody. What can follow later, tiles and the signed checkpoint, is
another thread's (`notary.py`).
"""

import fcntl
import os
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from socket import gethostname
from threading import Lock, Thread
from time import monotonic, sleep
from typing import NamedTuple

import msgspec

from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act, AnyEntry
from hanbok.evidence.errors import EntryTooLarge, LogBroken, LogLocked, LogUnavailable
from hanbok.evidence.files import sync_directory
from hanbok.evidence.keychain import read_keys
from hanbok.evidence.line import Line, numbered, seal
from hanbok.evidence.log import Record
from hanbok.evidence.notary import Notary
from hanbok.evidence.restore import Restored, restore
from hanbok.evidence.retention import Retention
from hanbok.evidence.segments import find, lines, open_record
from hanbok.evidence.signer import Signer
from hanbok.evidence.tail import Disk, RealDisk, Tail

MOST = 65_535
"""Bytes of the largest entry."""
_LINGER = 0.02
_RETRY = 1.0
_PROBE = 32
"""After so many batches of one, the writer waits once more to see whether company comes."""
_CROWD = 8
_RECENT = 1024
_CLOSED = "the log is closed"
_encode = msgspec.json.Encoder().encode


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a log is kept."""

    segment_bytes: int = 64 << 20
    backlog: int = 65_536
    """How many posted entries may wait for a disk that refuses."""
    pace: float = 0.004
    """Seconds from one sync to the next while several requests wait."""
    checkpoint_every: float = 1.0
    """Seconds from one signed checkpoint to the next."""
    origin: str = ""
    """Name of a new log; empty: one is made up."""
    retention: Retention = Retention()


class _Waiter(NamedTuple):
    loop: AbstractEventLoop
    future: Future[Record]


class _Item(NamedTuple):
    leaf: bytes
    rest: bytes
    """The line, but for its index."""
    entry: AnyEntry
    waiter: _Waiter | None


class Journal:
    """A `Log` in files. One process writes a directory; any number may read it."""

    def __init__(self, found: Restored, lock: int, options: Options, disk: Disk) -> None:
        """Use `open`."""
        self.directory = found.place.segment.path.parent
        self.notary = Notary(
            self.directory, found.signer, found.edge, found.checkpoint, every=options.checkpoint_every
        )
        # Origins may be the same on several machines, and keys change; the first one is this log's alone.
        self._name = sha256(str(read_keys(self.directory)[0]).encode()).hexdigest()[:32]
        self._tail = Tail(found.place, options.segment_bytes, disk)
        self._lock = lock
        self._options = options
        self._queue: deque[_Item] = deque()
        self._kept: list[_Item] = []
        """Posted entries of batches that failed: they go first in the next one."""
        self._batch: list[_Item] = []
        self._recent: deque[Record] = deque(maxlen=_RECENT)
        self._alone = 1
        """How many batches in a row had one waiter at most."""
        self._waiting = 0
        self._enough = _CROWD
        """When as many wait as in the last batch, and not few, nobody else is expected."""
        self._asleep = False
        self._pacing = False
        self._closing = False
        self._stopped = False
        self._bell = Lock()
        self._bell.acquire()
        self._durable = found.place.index
        self._thread = Thread(target=self._run, name="hanbok-journal", daemon=True)

    @classmethod
    def open(
        cls,
        directory: Path,
        options: Options = Options(),  # noqa: B008 - frozen
        *,
        segment_bytes: int = 0,
        disk: Disk | None = None,
        signer: Signer | None = None,
        patience: float = 1.0,
    ) -> "Journal":
        """Lock the directory, find the end of the log, check it against its checkpoint and start to write.

        A line that a crash left unfinished is moved aside and a `recover` act says so. Waits `patience` seconds for
        the lock, as a command may hold it for a moment. Raises LogLocked, LogBroken, LogUnavailable.
        """
        if segment_bytes:
            options = msgspec.structs.replace(options, segment_bytes=segment_bytes)
        try:
            if not directory.is_dir():
                directory.mkdir(parents=True, exist_ok=True)
                sync_directory(directory.parent)
            lock = _lock(directory, patience)
        except OSError as error:
            raise LogUnavailable(why=_why(error)) from error
        try:
            found = restore(directory, signer, options.origin)
            journal = cls(found, lock, options, disk or RealDisk())
            journal.notary.take(found.leaves())
            journal.notary.work()  # a new log is signed before it has an entry
        except BaseException as error:
            os.close(lock)
            if isinstance(error, OSError):
                raise LogUnavailable(why=_why(error)) from error
            raise
        journal._start(found)
        return journal

    def _start(self, found: Restored) -> None:
        self._thread.start()
        self.notary.start()
        if found.torn:
            torn = found.torn
            facts = {"cut_bytes": str(torn.size), "offset": str(torn.offset), "kept_in": torn.kept}
            self.post(Act(at=stamp(), actor="hanbok", verb="recover", object=torn.segment, facts=facts))
        if found.repaired:
            facts = {"tiles": str(found.repaired)}
            self.post(Act(at=stamp(), actor="hanbok", verb="repair", object="tiles", facts=facts))

    async def append(self, entry: AnyEntry) -> Record:
        """Return when the entry is durable. Raises LogUnavailable when it cannot be made so."""
        return await self.hand_in(entry)

    def hand_in(self, entry: AnyEntry) -> Future[Record]:
        """Do as `append` without waiting: the future is done when the entry is durable, or cannot be made so."""
        loop = get_running_loop()
        future: Future[Record] = loop.create_future()
        self._hand_over(self._item(entry, _Waiter(loop, future)))
        return future

    def post(self, entry: AnyEntry) -> None:
        """Hand over an entry without waiting. It becomes durable with, or before, any later `append`.

        While the disk refuses, posted entries are kept and tried again; LogUnavailable only when too many wait.
        """
        if len(self._queue) + len(self._kept) >= self._options.backlog:
            raise LogUnavailable(why=f"{self._options.backlog} entries wait to be written")
        self._hand_over(self._item(entry, None))

    def read(self, start: int = 0) -> Iterator[Record]:
        """Yield durable records from index `start` on. The newest few thousand are at hand; others are read from
        files: call it in a thread.
        """
        durable, recent = self._durable, list(self._recent)
        if start >= durable:
            return iter(())
        if recent and recent[0].index <= start:
            return iter(recent[start - recent[0].index :])
        return map(open_record, lines(self.directory, start, durable))

    def find(self, call: str) -> list[Line]:
        """Return the sealed lines of one call, oldest first. Reads files: call it in a thread."""
        return [line for line in find(self.directory, call) if line.index < self._durable]

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._durable

    @property
    def name(self) -> str:
        """What tells this log from others of the same database, the same as long as it lives."""
        return self._name

    @property
    def folder(self) -> str:
        """What tells this folder from a copy of it, which has the same name."""
        lock = os.fstat(self._lock)
        return sha256(f"{gethostname()} {lock.st_dev} {lock.st_ino}".encode()).hexdigest()[:16]

    def begin_segment(self) -> None:
        """Have the next entries written to a new file."""
        self._tail.full = True

    def close(self) -> None:
        """Write what is queued, sign a last checkpoint and unlock. Raises LogUnavailable if entries could not be
        written.
        """
        self._closing = True
        self._ring()
        self._thread.join()
        self._tail.close()
        self.notary.close()
        self._recent.clear()
        os.close(self._lock)
        if self._kept:
            raise LogUnavailable(why=f"{len(self._kept)} entries were not written")

    def _item(self, entry: AnyEntry, waiter: _Waiter | None) -> _Item:
        self._options.retention.mark(entry)
        data = _encode(entry)
        if len(data) > MOST:
            raise EntryTooLarge(size=len(data))
        leaf, rest = seal(data)
        return _Item(leaf, rest, entry, waiter)

    def _hand_over(self, item: _Item) -> None:
        if self._closing:
            raise LogUnavailable(why=_CLOSED)
        self._queue.append(item)
        if item.waiter:
            self._waiting += 1
        # A writer that keeps its pace looks at the queue by itself: waking it would cost more than the rest of this.
        if self._asleep or (item.waiter and (not self._pacing or self._waiting == self._enough)):
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
            self._waiting = 0
            self._bell.acquire(blocking=False)  # whoever rang until now has put its entry into the queue
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
        if self._alone % _PROBE == 0 and not self._closing:
            self._pacing = True
            self._bell.acquire(timeout=self._options.pace)
            self._pacing = False
            if self._waiting:
                return
            self._alone = 1
        if idle:
            self._asleep = True
            if not self._queue and not self._closing:
                self._bell.acquire()
            self._asleep = False
        if not self._waiting and not self._closing:
            self._bell.acquire(timeout=_LINGER)

    def _give_up(self, batch: list[_Item]) -> None:
        left = batch
        while self._queue:
            left.append(self._queue.popleft())
        self._kept += [item for item in left if item.waiter is None]
        _wake((item.waiter, LogUnavailable(why=_CLOSED)) for item in left if item.waiter)

    def _commit(self, batch: list[_Item]) -> None:
        first = self._tail.place.index
        pieces: list[bytes] = []
        for index, item in enumerate(batch, start=first):
            pieces += (numbered(index), item.rest)
        try:
            self._tail.write(b"".join(pieces), first + len(batch))
        except (OSError, LogBroken) as error:
            self._kept = [item for item in batch if item.waiter is None]
            failure = LogUnavailable(why=_why(error))
            _wake((item.waiter, failure) for item in batch if item.waiter)
            return
        records = [
            Record(index=index, digest=item.leaf.hex(), entry=item.entry)
            for index, item in enumerate(batch, start=first)
        ]
        self._recent += records
        self._durable = first + len(batch)
        done = [(item.waiter, record) for item, record in zip(batch, records, strict=True) if item.waiter]
        _wake(done)
        self.notary.take([item.leaf for item in batch])
        self._alone = 0 if len(done) > 1 else self._alone + 1
        self._enough = max(len(done), _CROWD)


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
