"""The contract of a scanner: where in a text could something be."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

Place: TypeAlias = tuple[int, int, int]
"""Index of the shape (or `DIRT`), start and end of the region."""

DIRT = -1
"""The text is written in a way that must be normalised before numbers can be read."""


class Scanner(Protocol):
    """Built with all shapes at once. May return too much, never too little; regions in any order, none twice."""

    def scan(self, text: str) -> Sequence[Place] | Iterable[Place]: ...
