"""Reading the segments of a log: files of lines, each named after the index of its first one."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from hanbok.evidence.entry import GONE, AnyEntry, Intent, Refusal
from hanbok.evidence.errors import LogBroken
from hanbok.evidence.line import Line, parse
from hanbok.evidence.log import Record

_SUFFIX = ".jsonl"
_CHUNK = 1 << 20
_NEAR = 1 << 14
"""Bytes before the wanted line that may be read rather than halved again."""
_decode = msgspec.json.Decoder(AnyEntry).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    path: Path
    first: int


def name_of(first: int) -> str:
    """Return the file name of the segment that begins with this index."""
    return f"{first:012d}{_SUFFIX}"


def segments(directory: Path) -> list[Segment]:
    """Return the segments in the order of the chain."""
    paths = sorted(path for path in directory.glob("*" + _SUFFIX) if path.stem.isdigit())
    return [Segment(path=path, first=int(path.stem)) for path in paths]


def open_record(line: Line) -> Record:
    """Decode what a line holds; an expired one holds `Gone`. Raises LogBroken for an entry of no known kind."""
    try:
        entry = _decode(line.entry) if line.entry else GONE
        return Record(index=line.index, digest=line.leaf, entry=entry)
    except msgspec.MsgspecError as error:
        number = line.index - int(line.file.partition(".")[0]) + 1
        raise LogBroken(file=line.file, line=number, why=str(error)) from error


def lines(directory: Path, start: int = 0, stop: int | None = None) -> Iterator[Line]:
    """Yield complete lines with `start` <= index < `stop`, unchecked; what they hold is proved by `verify`."""
    number, file = 0, ""
    for segment, raw in written(directory, start):
        if segment.path.name != file:
            number, file = 0, segment.path.name
        line = _parse(raw, file, number)
        number = line.index - segment.first + 1
        if stop is not None and line.index >= stop:
            return
        if line.index >= start:
            yield line


def written(directory: Path, start: int) -> Iterator[tuple[Segment, bytes]]:
    """Yield complete lines as they are in the files, from a little before index `start` on."""
    known = segments(directory)
    at = max(bisect_right([segment.first for segment in known], start) - 1, 0)
    for segment in known[at:]:
        with segment.path.open("rb") as file:
            _seek(file, start)
            for raw in file:
                if not raw.endswith(b"\n"):
                    return
                yield segment, raw


def lines_of(segment: Segment) -> Iterator[Line]:
    """Yield the complete lines of a segment."""
    with segment.path.open("rb") as file:
        for number, raw in enumerate(file):
            if not raw.endswith(b"\n"):
                return
            yield _parse(raw, segment.path.name, number)


def _parse(raw: bytes, file: str, number: int) -> Line:
    try:
        return parse(raw, file)
    except ValueError as error:
        raise LogBroken(file=file, line=number + 1, why=str(error)) from error


def _seek(file: BinaryIO, index: int) -> None:
    """Move to a line start at or before this index, by halving: lines carry their index."""
    low, high = 0, file.seek(0, 2)
    while high - low > _NEAR:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        here, raw = file.tell(), file.readline()
        if not raw.endswith(b"\n") or here >= high or _parse(raw, file.name, -1).index > index:
            high = middle
        else:
            low = here
    file.seek(low)


def find(directory: Path, call: str) -> list[Line]:
    """Return the lines of one call, oldest first; searched from the newest back to where the call began."""
    if not call:
        return []
    needle = msgspec.json.encode(call)
    found: list[Line] = []
    for segment in reversed(segments(directory)):
        with segment.path.open("rb") as file:
            for raw in _backwards(file, b'"call":' + needle):
                line = _parse(raw, segment.path.name, -1)
                entry = open_record(line).entry
                if entry.call == call:
                    found.insert(0, line)
                    if isinstance(entry, Intent | Refusal):
                        return found
    return found


def _backwards(file: BinaryIO, needle: bytes) -> Iterator[bytes]:
    """Yield the complete lines that hold `needle`, last first."""
    end, step = file.seek(0, 2), _CHUNK
    while end > 0:
        begin = max(end - step, 0)
        file.seek(begin)
        chunk = file.read(end - begin)
        if begin:  # a line that begins before the chunk is left to the next one
            cut = chunk.find(b"\n") + 1
            if cut in {0, len(chunk)}:
                step *= 2
                continue
            begin, chunk = begin + cut, chunk[cut:]
        at = chunk.rfind(needle)
        while at >= 0:
            head = chunk.rfind(b"\n", 0, at) + 1
            tail = chunk.find(b"\n", at) + 1
            if tail:
                yield chunk[head:tail]
            at = chunk.rfind(needle, 0, head)
        end, step = begin, _CHUNK


def size_of(directory: Path) -> int:
    """Return how many complete lines there are, from the last one's index."""
    for segment in reversed(segments(directory)):
        with segment.path.open("rb") as file:
            for raw in _backwards(file, b'{"index":'):
                return _parse(raw, segment.path.name, -1).index + 1
    return 0
