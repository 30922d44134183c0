"""The stretches of a text that a recogniser judges."""

import re
from collections.abc import Iterator
from functools import cache

from hanbok.guard.shape import Shape


def regions(shape: Shape, text: str) -> Iterator[tuple[int, int]]:
    """Yield every region of `text` that the recogniser could judge, in order: what a scan narrows down."""
    if shape.alphabet:
        for match in _run_of(shape.alphabet).finditer(text):
            yield match.span()
        return
    ends = {match.end(1) for pattern in shape.patterns for match in _overlapping(pattern).finditer(text)}
    for end in sorted(ends):
        yield end, end


def region_at(alphabet: frozenset[str], text: str, end: int, floor: int) -> tuple[int, int]:
    """Return the region around the character before `end`, not looking left of `floor`."""
    start = end
    while start > floor and text[start - 1] in alphabet:
        start -= 1
    run = _run_of(alphabet).match(text, end)
    return start, run.end() if run else end


@cache
def _run_of(alphabet: frozenset[str]) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(sorted(alphabet)))}]+")


@cache
def _overlapping(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?=({pattern}))")
