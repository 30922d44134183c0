"""From the ends of matches to the stretches of a text that a recogniser judges: one way for every scanner."""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from hanbok.guard.scanner import Place, Sought


def places(text: str, hits: Iterable[tuple[int, int]], sought: Mapping[int, Sought]) -> list[Place]:
    """Return the region of each hit, each once for each index. A hit is the end of a match and the index of what was
    sought; hits come sorted.
    """
    found: list[Place] = []
    done = dict.fromkeys(sought, 0)
    runs: dict[frozenset[str], tuple[int, int]] = {}
    for end, index in hits:
        alphabet = sought[index].alphabet
        if alphabet is None:
            if not done[index]:
                found.append((index, 0, len(text)))
            done[index] = len(text)
        elif not alphabet:
            found.append((index, end, end))
        elif end > done[index]:
            run = runs.get(alphabet)
            if run is None or run[1] < end:
                run = runs[alphabet] = _run_around(alphabet, text, end)
            if run[1] > done[index]:
                found.append((index, *run))
            done[index] = max(run[1], end)
    return found


def search(text: str, sought: Mapping[int, Sought]) -> list[Place]:
    """Return the places of everything sought, found with `re` alone."""
    hits = {
        (match.end(1), index)
        for index, one in sought.items()
        for pattern in one.patterns
        for match in _overlapping(pattern).finditer(text)
    }
    return places(text, sorted(hits), sought)


def _run_around(alphabet: frozenset[str], text: str, end: int) -> tuple[int, int]:
    """Return the run of the alphabet that a match ends in, or just before: a pattern may look one character on."""
    if text[end - 1] not in alphabet:
        end -= 1
    start = end
    while start and text[start - 1] in alphabet:
        start -= 1
    run = _run_of(alphabet).match(text, end)
    return start, run.end() if run else end


@cache
def _run_of(alphabet: frozenset[str]) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(sorted(alphabet)))}]+")


@cache
def _overlapping(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?=({pattern}))")
