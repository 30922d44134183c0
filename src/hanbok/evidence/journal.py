"""The log in files: segments of lines that are durable before `append` returns, and a Merkle tree over them.

Entries are encoded and hashed where they come from. One thread makes them durable: those that arrive while it waits
for the disk go out together in its next batch, one write and one sync for all (group commit). While batches bring
company, it starts one every few milliseconds only, so that sixteen waiting requests cost the disk and the processor
what one does; an entry that comes alone waits for nobody. A server has its event loop do the same instead of the
thread, where the kernel offers it (`attach`, `loop_writer.py`). What can follow later, tiles and the signed
checkpoint, is another thread's (`notary.py`).
"""

import fcntl
import logging
import os
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from socket import gethostname
from threading import Lock, Thread
from time import monotonic, sleep

import msgspec

from hanbok.core.clock import stamp
from hanbok.evidence.backlog import Backlog, Item, Waiter, lines_of, why
from hanbok.evidence.entry import Act, AnyEntry
from hanbok.evidence.errors import EntryTooLarge, LogBroken, LogLocked, LogUnavailable
from hanbok.evidence.files import sync_directory
from hanbok.evidence.kernel_sync import KernelSync, Syncer
from hanbok.evidence.keychain import read_keys
from hanbok.evidence.line import Line, seal
from hanbok.evidence.log import Record
from hanbok.evidence.loop_writer import LINGER, LoopWriter
from hanbok.evidence.notary import Notary
from hanbok.evidence.postings import Posting, postings
from hanbok.evidence.restore import Restored, restore
from hanbok.evidence.retention import Retention
from hanbok.evidence.segments import find, lines, open_record
from hanbok.evidence.signer import Signer
from hanbok.evidence.tail import Disk, RealDisk, Tail

MOST = 65_535
"""Bytes of the largest entry."""
_RETRY = 1.0
_PROBE = 32
"""After so many batches of one, the writer waits once more to see whether company comes."""
_CLOSED = "the log is closed"
_log = logging.getLogger("hanbok.evidence")
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
        self._backlog = Backlog(found.place.index, self.notary)
        self._batch: list[Item] = []
        self._on_loop: LoopWriter | None = None
        self._alone = 1
        """How many batches in a row had one waiter at most."""
        self._asleep = False
        self._pacing = False
        self._closing = False
        self._stopped = False
        self._bell = Lock()
        self._bell.acquire()
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
            raise LogUnavailable(why=why(error)) from error
        try:
            found = restore(directory, signer, options.origin)
            journal = cls(found, lock, options, disk or RealDisk())
            journal.notary.take(found.leaves())
            journal.notary.work()  # a new log is signed before it has an entry
        except BaseException as error:
            os.close(lock)
            if isinstance(error, OSError):
                raise LogUnavailable(why=why(error)) from error
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
        writer = self._on_loop
        loop = writer.loop if writer is not None and writer.at_home else get_running_loop()
        future: Future[Record] = loop.create_future()
        self._hand_over(self._item(entry, Waiter(loop, future)))
        return future

    def post(self, entry: AnyEntry) -> None:
        """Hand over an entry without waiting. It becomes durable with, or before, any later `append`.

        While the disk refuses, posted entries are kept and tried again; LogUnavailable only when too many wait.
        """
        if len(self._backlog) >= self._options.backlog:
            raise LogUnavailable(why=f"{self._options.backlog} entries wait to be written")
        self._hand_over(self._item(entry, None))

    def read(self, start: int = 0) -> Iterator[Record]:
        """Yield durable records from index `start` on. The newest few are at hand; others are read from files: call
        it in a thread.
        """
        durable = self._backlog.durable
        if start >= durable:
            return iter(())
        return self._backlog.recent(start) or map(open_record, lines(self.directory, start, durable))

    def postings(self, start: int) -> Iterator[Posting]:
        """Yield what durable entries from index `start` on say of money. Reads files: call it in a thread."""
        return postings(self.directory, start, self._backlog.durable)

    def find(self, call: str) -> list[Line]:
        """Return the sealed lines of one call, oldest first. Reads files: call it in a thread."""
        return [line for line in find(self.directory, call) if line.index < self.size]

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._backlog.durable

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

    def attach(self, syncer_of: Callable[[AbstractEventLoop], Syncer] = KernelSync) -> None:
        """Let the running event loop write from now on, if the kernel can make files durable by itself. To be left
        with `detach` before the loop closes.
        """
        loop = get_running_loop()
        try:
            syncer = syncer_of(loop)
        except OSError as error:
            _log.info("a thread writes the log: %s", error)
            return
        self._on_loop = LoopWriter(
            self._backlog, self._tail, syncer, loop, pace=self._options.pace, hand_back=self._ring
        )
        self._ring()

    async def detach(self) -> None:
        """Take the writing back from the event loop. Entries may be handed over as before."""
        if self._on_loop is not None:
            await self._on_loop.leave()
            self._on_loop = None

    def close(self) -> None:
        """Write what is queued, sign a last checkpoint and unlock. Raises LogUnavailable if entries could not be
        written.
        """
        if self._on_loop is not None:  # nobody detached it: something went wrong there
            self._on_loop.end()
            self._on_loop = None
        self._closing = True
        self._ring()
        self._thread.join()
        self._tail.close()
        self.notary.close()
        self._backlog.forget()
        os.close(self._lock)
        if self._backlog.kept:
            raise LogUnavailable(why=f"{len(self._backlog.kept)} entries were not written")

    def _item(self, entry: AnyEntry, waiter: Waiter | None) -> Item:
        self._options.retention.mark(entry)
        data = _encode(entry)
        if len(data) > MOST:
            raise EntryTooLarge(size=len(data))
        leaf, rest = seal(data)
        return Item(leaf, rest, entry, waiter)

    def _hand_over(self, item: Item) -> None:
        if self._closing:
            raise LogUnavailable(why=_CLOSED)
        self._backlog.add(item)
        writer = self._on_loop
        if writer is not None and writer.turn:
            writer.come(awaited=item.waiter is not None)
            return
        # A writer that keeps its pace looks at the queue by itself: waking it would cost more than the rest of this.
        crowded = self._backlog.waiting == self._backlog.enough
        if self._asleep or (item.waiter and (not self._pacing or crowded)):
            self._ring()
        if self._stopped:  # the writer ended between the lines above
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
            if self._loop_writes():
                self._bell.acquire()
                idle = False
                continue
            self._wait(idle=idle)
            self._bell.acquire(blocking=False)  # whoever rang until now has put its entry into the queue
            batch = self._batch = self._backlog.take()
            if batch:
                self._commit(batch)
            else:
                self._tail.tidy()
            self._batch = []
            idle = not batch
            if self._closing and not self._backlog.fresh:
                return
            self._give_turn()

    def _loop_writes(self) -> bool:
        writer = self._on_loop
        return writer is not None and writer.turn

    def _give_turn(self) -> None:
        """Let the loop write, if there is one and all is well."""
        writer = self._on_loop
        if writer is None or writer.leaving or not self._tail.plain or self._backlog.kept:
            return
        writer.turn = True
        try:
            writer.loop.call_soon_threadsafe(writer.begin)
        except RuntimeError:  # the loop has closed
            writer.turn = False

    def _wait(self, *, idle: bool) -> None:
        """Wait for an append, at most as long as posted entries may linger; for any entry while there are none."""
        backlog = self._backlog
        if backlog.kept:
            self._bell.acquire(timeout=_RETRY)
            return
        if self._alone % _PROBE == 0 and not self._closing:
            self._pacing = True
            self._bell.acquire(timeout=self._options.pace)
            self._pacing = False
            if backlog.waiting:
                return
            self._alone = 1
        if idle:
            self._asleep = True
            if not backlog.fresh and not self._closing:
                self._bell.acquire()
            self._asleep = False
        if not backlog.waiting and not self._closing:
            self._bell.acquire(timeout=LINGER)

    def _give_up(self, batch: list[Item]) -> None:
        self._backlog.failed(batch + self._backlog.take(), LogUnavailable(why=_CLOSED))

    def _commit(self, batch: list[Item]) -> None:
        first = self._backlog.durable
        try:
            self._tail.write(lines_of(batch, first), first + len(batch))
        except (OSError, LogBroken) as error:
            self._backlog.failed(batch, error)
            return
        waited = self._backlog.written(batch)
        self._alone = 0 if waited > 1 else self._alone + 1


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
            sleep(LINGER)
        else:
            return lock
