"""The scanner for machines without Hyperscan: every region is judged, the findings are the same."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from hanbok.guard.normalise import DIRT_PATTERNS
from hanbok.guard.regions import regions
from hanbok.guard.scanner import DIRT, Place
from hanbok.guard.shape import Shape


class Fallback:
    def __init__(self, shapes: Sequence[Shape], cache: Path | None = None) -> None:  # noqa: ARG002 - it has nothing to keep
        self._shapes = shapes
        self._dirt = [re.compile(pattern) for pattern in DIRT_PATTERNS]

    def scan(self, text: str) -> Iterator[Place]:
        if any(pattern.search(text) for pattern in self._dirt):
            yield DIRT, 0, len(text)
        for index, shape in enumerate(self._shapes):
            for start, end in regions(shape, text):
                yield index, start, end
