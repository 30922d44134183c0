"""The writing end of a log: bytes become durable as whole batches or not at all."""

import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from hanbok.evidence.errors import LogBroken
from hanbok.evidence.files import sync_directory
from hanbok.evidence.line import Flaw, check, parse
from hanbok.evidence.segments import Segment, name_of, segments
from hanbok.evidence.walk import Walk

_LAST_LINE = 1 << 20


class Disk(Protocol):
    """The calls that can fail when a disk is full or dying."""

    def write(self, file: int, data: memoryview) -> int: ...

    def sync(self, file: int) -> None: ...

    def truncate(self, file: int, size: int) -> None: ...


class RealDisk:
    def write(self, file: int, data: memoryview) -> int:
        return os.write(file, data)

    def sync(self, file: int) -> None:
        os.fdatasync(file)

    def truncate(self, file: int, size: int) -> None:
        os.ftruncate(file, size)


@dataclass(slots=True, kw_only=True)
class Place:
    """The end of what is durable: the next line gets `index`, at `offset` of `segment`."""

    segment: Segment
    offset: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """What a crash left of an unfinished line, and the file that keeps it."""

    segment: str
    offset: int
    size: int
    kept: str


def survey(directory: Path) -> tuple[Place, Torn | None]:
    """Find the end of the log, checking the last segment line by line and that no segment is missing.

    An unfinished last line was never acknowledged: it is moved to a `.torn` file. Anything else raises LogBroken.
    """
    known = segments(directory)
    if not known:
        return Place(segment=Segment(path=directory / name_of(0), first=0)), None
    walk = Walk()
    for before, after in pairwise(known):
        _link(walk, before, after.first)
    fault = walk.through(known[-1], last=True)
    if fault:
        raise LogBroken(file=fault.file, line=fault.line, why=fault.flaw.value)
    place = Place(segment=known[-1], offset=walk.offset, index=walk.index)
    return place, _cut(place) if walk.torn else None


def _link(walk: Walk, segment: Segment, following: int) -> None:
    """Take the index from a segment's last line, so that the next one can be checked."""
    with segment.path.open("rb") as file:
        file.seek(max(file.seek(0, 2) - _LAST_LINE, 0))
        raw = file.read().splitlines(keepends=True)[-1:] or [b""]
    place = {"file": segment.path.name, "line": following - segment.first}
    try:
        line = parse(raw[0])
    except ValueError as error:
        raise LogBroken(**place, why=Flaw.UNREADABLE.value) from error
    if line.index + 1 != following or segment.first < walk.index:
        raise LogBroken(**place, why=Flaw.MISPLACED.value)
    if isinstance(check(line.raw, line.index), Flaw):
        raise LogBroken(**place, why=Flaw.CHANGED.value)
    walk.index = following


def _cut(place: Place) -> Torn:
    path = place.segment.path
    kept = path.with_name(f"{path.stem}.{place.offset}.torn")
    with path.open("r+b") as file:
        file.seek(place.offset)
        rest = file.read()
        with kept.open("wb") as copy:
            copy.write(rest)
            copy.flush()
            os.fsync(copy.fileno())
        sync_directory(path.parent)
        file.truncate(place.offset)
        os.fsync(file.fileno())
    return Torn(segment=path.name, offset=place.offset, size=len(rest), kept=kept.name)


class Tail:
    """Appends batches after `place`. After any failure the file is brought back to its last durable line first."""

    def __init__(self, place: Place, segment_bytes: int, disk: Disk) -> None:
        self.place = place
        self._segment_bytes = segment_bytes
        self._disk = disk
        self._file = -1
        self._put = 0
        self.full = False
        """The next write begins a new segment."""
        self._dirty = False
        """Bytes after `offset` may be in the file."""
        self._suspect = False
        """A sync failed. The kernel then forgets what it could not write and reports success next time (as PostgreSQL
        found in 2018), so nothing is taken on trust: reopened, cut, read back, and written on in a new file.
        """

    def write(self, data: bytes, index: int) -> None:
        """Make `data` durable and move the place behind it. Raises OSError, LogBroken when it is not durable."""
        self._ready()
        try:
            self.put(data)
        except OSError:
            self._cut()
            raise
        self._sync()
        self.settle(index)

    @property
    def plain(self) -> bool:
        """Whether the next batch only has to be put behind the last one: `put` waits for nothing then."""
        return self._file >= 0 and not (self._suspect or self._dirty or self._ends_here())

    @property
    def file(self) -> int:
        """The file that `put` writes to."""
        return self._file

    def put(self, data: bytes) -> None:
        """Write behind the place, which `settle` moves once the bytes are durable. Raises OSError."""
        self._dirty = True
        self._put = len(data)
        rest = memoryview(data)
        while rest:
            rest = rest[self._disk.write(self._file, rest) :]

    def settle(self, index: int) -> None:
        """Note that what was put is durable, and that the next line gets this index."""
        self._dirty = False
        self.place.offset += self._put
        self.place.index = index

    def doubt(self) -> None:
        """Note that a sync failed."""
        self._suspect = True

    def try_sync(self) -> OSError | None:
        """Make what was put durable; return why it is not."""
        try:
            self._sync()
        except OSError as error:
            return error
        return None

    def tidy(self) -> None:
        """Remove what was put in vain, so that nobody reads what was refused; if that fails, the next write does."""
        if self._dirty and self._file >= 0:
            with suppress(OSError):
                self._cut()

    def close(self) -> None:
        """Give the file back. A later write opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _ready(self) -> None:
        if self._suspect:
            self._recover()
        if self._dirty:  # before anything else: a file is left only with whole lines
            self._cut()
        if self._ends_here():
            self._rotate()
        if self._file < 0:
            self._open()

    def _ends_here(self) -> bool:
        return self.place.offset >= self._segment_bytes or (self.full and self.place.offset > 0)

    def _open(self) -> None:
        file = os.open(self.place.segment.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            sync_directory(self.place.segment.path.parent)
        except OSError:
            os.close(file)
            raise
        self._file = file

    def _cut(self) -> None:
        """Remove what follows the last durable line; if even that fails, the next write tries again."""
        self._disk.truncate(self._file, self.place.offset)
        self._sync()
        self._dirty = False

    def _sync(self) -> None:
        try:
            self._disk.sync(self._file)
        except OSError:
            self._suspect = True
            raise

    def _rotate(self) -> None:
        self.close()
        first = self.place.index
        self.place.segment = Segment(path=self.place.segment.path.with_name(name_of(first)), first=first)
        self.place.offset = 0
        self.full = False

    def _recover(self) -> None:
        self.close()
        self._open()
        self._cut()
        os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)
        found, _ = survey(self.place.segment.path.parent)
        if found.index != self.place.index:
            segment = self.place.segment
            line = self.place.index - segment.first
            raise LogBroken(file=segment.path.name, line=line, why=Flaw.MISSING.value)
        self._suspect = False
        if self.place.offset:
            self._rotate()
