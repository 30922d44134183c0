"""From the ends of matches to the stretches of a text that a recogniser judges: one way for every scanner."""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from hanbok.guard.scanner import SIGNS, Place, Sought

_WINDOW = 24
"""Characters looked at in one go: most runs are shorter."""


def worth_placing(indexes: Iterable[int], sought: Mapping[int, Sought]) -> frozenset[int]:
    """Return the indexes whose places are of use, of those that were hit: see `Scanner`."""
    hit = frozenset(indexes)
    return frozenset(one for one in hit if one == SIGNS or sought[one].raw) if SIGNS in hit else hit


def places(text: str, hits: Iterable[tuple[int, int]], sought: Mapping[int, Sought]) -> list[Place]:
    """Return the region of each hit, each once for each index. A hit is the end of a match and the index of what was
    sought; hits come sorted.
    """
    found: list[Place] = []
    done: dict[int, int] = {}
    runs: dict[frozenset[str], tuple[int, int]] = {}
    for end, index in hits:
        last = done.get(index, 0)
        if end <= last:
            continue
        alphabet = sought[index].alphabet
        if not alphabet:
            if alphabet is None:  # the whole text
                done[index] = len(text)
                found.append((index, 0, len(text)))
            else:
                found.append((index, end, end))
            continue
        run = runs.get(alphabet)
        if run is None or run[1] < end:
            run = runs[alphabet] = _run_around(alphabet, text, end)
        start, stop = run
        if stop > last:
            found.append((index, start, stop))
        done[index] = max(stop, end)
    return found


def search(text: str, sought: Mapping[int, Sought]) -> list[Place]:
    """Return the places of everything sought, found with `re` alone."""
    hits = {
        (match.end(1), index)
        for index, one in sought.items()
        for pattern in one.patterns
        for match in _overlapping(pattern).finditer(text)
    }
    worth = worth_placing((index for _, index in hits), sought)
    return places(text, sorted(hit for hit in hits if hit[1] in worth), sought)


def _run_around(alphabet: frozenset[str], text: str, end: int) -> tuple[int, int]:
    """Return the run of the alphabet that a match ends in, or just before: a pattern may look one character on."""
    if text[end - 1] not in alphabet:
        end -= 1
    letters, onward = _run(alphabet)
    start, width = end, _WINDOW
    while start:
        floor = start - width if start > width else 0
        kept = len(text[floor:start].rstrip(letters))
        start = floor + kept
        if kept:
            break
        width *= 2
    run = onward.match(text, end)
    return start, run.end() if run else end


@cache
def _run(alphabet: frozenset[str]) -> tuple[str, re.Pattern[str]]:
    """Return the letters of an alphabet, and a pattern of as many of them as there are."""
    letters = "".join(sorted(alphabet))
    return letters, re.compile(f"[{re.escape(letters)}]*")


@cache
def _overlapping(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?=({pattern}))")
