"""Paragraphs out of the lines of a page, where the page leaves no doubt.

A line goes on in the next one when it reaches the right edge of its column, and the next one stands right below it
without indent or mark of a list. Whether a word or a space was broken there is told by programs that write the space
at the end of the line; where none is written, Korean lines stay as they are, for they break within words as well.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

_HEIGHTS_TO_EDGE: Final = 1.5
_HEIGHTS_TO_NEXT: Final = 2.0
_HEIGHTS_APART: Final = 1.5
_HEIGHTS_OUTDENTED: Final = 4.0
_ALIKE: Final = 0.75
_COLUMN: Final = 36
"""Points within which the lines of a column begin, one indented or not; half of it, within which they end."""
_ENDS: Final = (".", "!", "?", ":", ";", ")")
_EDGE: Final = 3
"""Lines that end at one place make an edge."""
_MARK: Final = re.compile(
    r"\s*(?:[-–—•·∙○●◦□■◇◆▪▶※*☐]|[(<\[【「]?(?:\d{1,3}|[가나다라마바사아자차카타파하]|[a-zA-Z]|[ivxIVX]+)[.):】」]|[①-⑳㉠-㉻]|제\s?\d+\s?[조항장절관])"
)
"""Marks of lists and articles."""
_LATIN: Final = re.compile(r"[A-Za-z][.,;:)]?\n[A-Za-z(]")
_LEADERS: Final = re.compile(r"[.·…‥\s]{4,}\d+\s*$")
"""The end of a line in a table of contents."""


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A line of a page and its place in points, from the lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    gap: float
    """The widest gap within it: cells of tables stand apart."""

    @property
    def height(self) -> float:
        return self.top - self.bottom


def spaced(lines: Sequence[Line]) -> bool:
    """Tell whether the program that wrote these lines writes spaces at which it breaks them."""
    edges = _edges(lines)
    return any(one.text.endswith(" ") and _continues(one, after, edges) for one, after in pairwise(lines))


def joined(lines: Sequence[Line], *, spaces: bool) -> str:
    """Return the text of a page, one paragraph a line where that is clear; `spaces` is what `spaced` told."""
    edges = _edges(lines)
    pieces = [one.text for one in lines[:1]]
    for one, after in pairwise(lines):
        latin = _LATIN.search(f"{one.text}\n{after.text[:1]}")
        if (spaces or latin) and _continues(one, after, edges):
            pieces.append(after.text if spaces else f" {after.text}")
        else:
            pieces.append(f"\n{after.text}")
    return "".join(pieces)


def _edges(lines: Sequence[Line]) -> dict[int, float]:
    """Return the right edges of columns, by where their lines begin."""
    ends: dict[int, list[float]] = defaultdict(list)
    for one in lines:
        if one.gap < _HEIGHTS_APART * one.height:
            at = int(one.left // _COLUMN)
            for near in (at - 1, at, at + 1):
                ends[near].append(one.right)
    furthest = {at: max(rights) for at, rights in ends.items()}
    return {
        at: edge
        for at, edge in furthest.items()
        if sum(one > edge - _COLUMN / 2 for one in ends[at]) >= _EDGE
    }


def _continues(line: Line, after: Line, edges: Mapping[int, float]) -> bool:
    height, edge = line.height, edges.get(int(line.left // _COLUMN), float("inf"))
    return (
        height > 0
        and line.right > edge - _HEIGHTS_TO_EDGE * height
        and _alike(line, after)
        and 0 < line.top - after.top < _HEIGHTS_TO_NEXT * height
        and -_HEIGHTS_OUTDENTED * height < after.left - line.left < height / 2
        and not _LEADERS.search(line.text)
        and not _marked(line, after)
    )


def _marked(line: Line, after: Line) -> bool:
    """Tell whether a line begins an item. `다.` ends a sentence as often: then what stands before it ends none."""
    if after.text.startswith("다.") and not line.text.rstrip().endswith(_ENDS):
        return False
    return _MARK.match(after.text) is not None


def _alike(line: Line, other: Line) -> bool:
    """Tell whether both are running text of one size."""
    gap = max(line.gap, other.gap)
    low, high = sorted((line.height, other.height))
    return low > _ALIKE * high and gap < _HEIGHTS_APART * high
