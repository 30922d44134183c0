"""Personal data in many short texts, found by hanbok's guard as in each alone, at the speed of one long text."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

from hanbok.guard.guard import BOUNDARY, Guard
from hanbok.guard.kinds import kinds
from hanbok.guard.recogniser import Finding
from hanbok.guard.scanner import SIGNS

NAMED: Final = frozenset({"PERSON", "ADDRESS"})
"""Kinds that a tagger finds, at two megabytes a second; all others are found by their shape."""
_NO_VALUES: Final = frozenset({"SENSITIVE", "CREDIT_INFO", "INJECTION"})
"""Kinds that say what a text is about; no recogniser finds them."""
_BLOCK: Final = 16_384
_LONG: Final = 1_000
"""Characters from which on a text is worth a scan of its own."""
_GAP: Final = f"\n{BOUNDARY}\n"


def kinds_sought(*, names: bool) -> list[str]:
    """Return the kinds that a guard of these settings finds, sorted."""
    return sorted(kinds().keys() - _NO_VALUES - (frozenset() if names else NAMED))


@cache
def guard_for(*, names: bool) -> Guard:
    """Return this process's guard. What takes a second to build is kept beside what Python compiles of this file, as
    numba keeps its kernels: no worker builds it again.
    """
    kept = Path(cache_from_source(__file__)).parent
    return Guard.load(kinds=frozenset(kinds_sought(names=names)), cache=kept)


def suspects(guard: Guard, texts: Sequence[str]) -> Iterator[int]:
    """Yield the places of the texts that may hold something, in no order: all others hold nothing.

    Scanning costs as much for a line as for a page, so short texts are scanned together, with a boundary that no value
    crosses; where something hides its characters every text of the block is one. A long text is not scanned here: it
    would be scanned again to find what it holds.
    """
    if guard.others or guard.customs:
        yield from range(len(texts))
        return
    block: list[int] = []
    size = 0
    for at, text in enumerate(texts):
        if len(text) >= _LONG:
            yield at
            continue
        block.append(at)
        size += len(text) + len(_GAP)
        if size >= _BLOCK:
            yield from _of_block(guard, texts, block)
            block, size = [], 0
    yield from _of_block(guard, texts, block)


def _of_block(guard: Guard, texts: Sequence[str], block: Sequence[int]) -> Iterator[int]:
    places = guard.scanner.scan(_GAP.join(texts[at] for at in block))
    if not places:
        return
    if any(index == SIGNS for index, _, _ in places):
        yield from block
        return
    starts = [0]
    for at in block[:-1]:
        starts.append(starts[-1] + len(texts[at]) + len(_GAP))
    hit = {bisect_right(starts, at) - 1 for _, start, stop in places for at in (start, max(start, stop - 1))}
    yield from (block[one] for one in sorted(hit))


def found_in(guard: Guard, texts: Sequence[str]) -> dict[int, list[Finding]]:
    """Return the findings of each text that has any, by its place."""
    found = {at: guard.find(texts[at]) for at in suspects(guard, texts)}
    return {at: some for at, some in found.items() if some}
