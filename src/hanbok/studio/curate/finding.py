"""Personal data in many short texts, found by hanbok's guard as in each alone, at the speed of one long text."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
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
_GAP: Final = f"\n{BOUNDARY}\n"


def kinds_sought(*, names: bool) -> list[str]:
    """Return the kinds that a guard of these settings finds, sorted."""
    return sorted(kinds().keys() - _NO_VALUES - (frozenset() if names else NAMED))


@cache
def guard_for(*, names: bool) -> Guard:
    """Return this process's guard."""
    return Guard.load(kinds=frozenset(kinds_sought(names=names)))


def suspects(guard: Guard, texts: Sequence[str]) -> Iterator[int]:
    """Yield the places of the texts that may hold something: all others hold nothing.

    Scanning costs as much for a line as for a page, so texts are scanned together, with a boundary that no value
    crosses; where something hides its characters every text of the block is one.
    """
    if guard.others or guard.customs:
        yield from range(len(texts))
        return
    begin = 0
    while begin < len(texts):
        size, end = 0, begin
        while end < len(texts) and (size < _BLOCK or end == begin):
            size += len(texts[end]) + len(_GAP)
            end += 1
        yield from _of_block(guard, texts, begin, end)
        begin = end


def _of_block(guard: Guard, texts: Sequence[str], begin: int, end: int) -> Iterator[int]:
    places = guard.scanner.scan(_GAP.join(texts[begin:end]))
    if not places:
        return
    if any(index == SIGNS for index, _, _ in places):
        yield from range(begin, end)
        return
    starts = [0]
    for text in texts[begin : end - 1]:
        starts.append(starts[-1] + len(text) + len(_GAP))
    hit = {bisect_right(starts, at) - 1 for _, start, stop in places for at in (start, max(start, stop - 1))}
    yield from (begin + one for one in sorted(hit))


def found_in(guard: Guard, texts: Sequence[str]) -> dict[int, list[Finding]]:
    """Return the findings of each text that has any, by its place."""
    found = {at: guard.find(texts[at]) for at in suspects(guard, texts)}
    return {at: some for at, some in found.items() if some}
