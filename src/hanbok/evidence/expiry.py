"""The time of entries is over: their bytes are removed, their leaf hashes stay, and the log says so itself.

An act that names the entries becomes durable first; then each segment that holds some is written anew and put in the
place of the old one in one stroke. A kill in between leaves an act without its effect, which the next run makes good.
The segment that is being written is closed first. What was exported before is elsewhere, and out of reach.
"""

import asyncio
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from hanbok.core.clock import stamp
from hanbok.evidence.chained import CHAINED
from hanbok.evidence.entry import AnyEntry, Expiry
from hanbok.evidence.files import replace_durably
from hanbok.evidence.journal import Journal
from hanbok.evidence.line import Line, gone
from hanbok.evidence.retention import Retention
from hanbok.evidence.segments import Segment, lines_of, segments

BASIS: Final = "개인정보 보호법 제21조, 개인정보의 안전성 확보조치 기준 제8조"
_RANGES: Final = 2000
"""Runs of entries that one act names: it must fit into one entry."""


class _Kept(msgspec.Struct):
    """The part of an entry that tells how long it is kept."""

    at: str = ""
    keep: int = 0


_peek = msgspec.json.Decoder(_Kept).decode
_decode = msgspec.json.Decoder(AnyEntry).decode
_table = Retention()


async def expire(journal: Journal, now: datetime) -> int:
    """Remove every entry whose time was over at `now`; return how many. Only one caller at a time."""
    total = 0
    known = segments(journal.directory)
    for segment in known:
        indexes = await asyncio.to_thread(_over, segment, now)
        if indexes and segment is known[-1]:
            journal.begin_segment()
        runs = list(_runs(indexes))
        while runs:
            some, runs = runs[:_RANGES], runs[_RANGES:]
            facts = {"segment": segment.path.name, "basis": BASIS}
            act = Expiry(
                at=stamp(), actor="hanbok", verb="expire", object="entries", facts=facts, ranges=tuple(some)
            )
            await journal.append(act)
        if indexes:
            await asyncio.to_thread(_rewrite, segment, frozenset(indexes))
            total += len(indexes)
    if total:
        await asyncio.to_thread(_forget_copies, journal.directory)
    return total


def _over(segment: Segment, now: datetime) -> list[int]:
    return [line.index for line in lines_of(segment) if line.entry and _is_over(line, now)]


def _is_over(line: Line, now: datetime) -> bool:
    kept = _peek(line.entry)
    # Entries of the log's older form say nothing of their years; the table does.
    years = kept.keep or _table.years(_decode(line.entry))
    if not years or not kept.at:
        return False
    at = datetime.fromisoformat(kept.at).astimezone(UTC)
    year, leap_day = at.year + years, (at.month, at.day) == (2, 29)
    return now >= (at.replace(year=year, month=3, day=1) if leap_day else at.replace(year=year))


def _runs(indexes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Join neighbours: 1, 2, 3, 7 are (1, 3), (7, 7)."""
    first = last = -1
    for index in indexes:
        if index != last + 1 or first < 0:
            if first >= 0:
                yield first, last
            first = index
        last = index
    if first >= 0:
        yield first, last


def _rewrite(segment: Segment, over: frozenset[int]) -> None:
    data = b"".join(gone(line) if line.index in over else line.raw for line in lines_of(segment))
    replace_durably(segment.path, data)


def _forget_copies(directory: Path) -> None:
    """Remove copies of the same bytes: what crashes cut off, and the log's older form."""
    for torn in directory.glob("*.torn"):
        torn.unlink()
    if (directory / CHAINED).is_dir():
        shutil.rmtree(directory / CHAINED)


def preview(directory: Path, now: datetime) -> int:
    """Return how many entries `expire` would remove."""
    return sum(len(_over(segment, now)) for segment in segments(directory))
