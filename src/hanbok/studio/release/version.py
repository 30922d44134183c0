"""Semantic versions (semver.org 2.0.0), in their order."""

import re
from typing import Final, TypeAlias

PATTERN: Final = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$"
_SHAPE: Final = re.compile(PATTERN)
Rank: TypeAlias = tuple[int, int, int, bool, list[tuple[bool, int, str]]]


def rank(version: str) -> Rank:
    """Return what versions are sorted by, as section 11 of the standard says. Raises ValueError for what is none."""
    found = _SHAPE.match(version)
    if found is None:
        raise ValueError(f"{version!r} is no semantic version")
    marks = [one for one in (found[4] or "").split(".") if one]
    parts = [(False, int(one), "") if one.isdigit() else (True, 0, one) for one in marks]
    return (int(found[1]), int(found[2]), int(found[3]), not marks, parts)
