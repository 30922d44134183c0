"""The contract of a scanner: where in a text could something be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Place: TypeAlias = tuple[int, int, int]
"""What could be there (the index of the shape, or one of the disguises), start and end of the region."""

SIGNS, RUN = -1, -2
"""Disguises: characters that stand for plain ones anywhere in the text; a run that must be rewritten as a whole."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What the scanner looks for: `patterns`, and the alphabet of the region around each end of a match.

    An empty alphabet makes the end itself the region, none makes it the whole text.
    """

    patterns: tuple[str, ...]
    alphabet: frozenset[str] | None
    raw: bool = False
    """Sought in the text as it is written."""


class Scanner(Protocol):
    """Built with everything that is sought at once.

    Every scanner returns the same places: for each end of a match of a pattern its region, each region once for
    each index, in any order. What the judges are asked depends on nothing else. Where `SIGNS` are found the text must
    be rewritten and scanned again, so only what is sought in the text as written has its places beside them.
    """

    def scan(self, text: str) -> Sequence[Place]: ...
