"""The guard: all recognisers over one text, one answer."""

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hanbok.core.plugin import load, names
from hanbok.guard.align import Aligned
from hanbok.guard.custom import Custom, CustomType, as_kind
from hanbok.guard.kinds import Kind, kinds
from hanbok.guard.normalise import normalise
from hanbok.guard.recogniser import Finding, Recogniser
from hanbok.guard.scanner import DIRT, Place, Scanner
from hanbok.guard.settle import settle
from hanbok.guard.shape import Shape

_RECOGNISERS = "hanbok.guard.recognisers"
_SCANNERS = "hanbok.guard.scanners"
BOUNDARY = "\x1e"
"""Joins texts that are judged together: words before it still say what stands after it, no value crosses it."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Finds every kind it was built with. Safe to share between threads."""

    shapes: Sequence[Shape]
    scanner: Scanner
    others: Sequence[Recogniser] = ()
    """Recognisers that read the whole text by themselves: names, addresses."""
    customs: Sequence[Custom] = ()

    @classmethod
    def load(
        cls,
        kinds: frozenset[str] | None = None,
        custom: Sequence[CustomType] = (),
        cache: Path | None = None,
    ) -> "Guard":
        """Build the guard with all recognisers, or with those of `kinds`, and with a customer's own types. What is
        slow to build is kept in the folder `cache`.
        """
        shapes: list[Shape] = []
        others: list[Recogniser] = []
        for name in names(_RECOGNISERS):
            recogniser = load(_RECOGNISERS, name)()
            if kinds is not None and getattr(recogniser, "kind", name.upper()) not in kinds:
                continue
            (shapes if hasattr(recogniser, "verify") else others).append(recogniser)
        scanner: Scanner = load(_SCANNERS, best_scanner())(shapes, cache)
        return cls(shapes, scanner, others, [Custom(one) for one in custom])

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Every kind of finding, a customer's own among them."""
        return {**kinds(), **{custom.type.kind: as_kind(custom.type) for custom in self.customs}}

    def find(self, text: str) -> list[Finding]:
        """Return what `text` holds: sorted, without overlaps, in code points of `text` as it was written."""
        places = list(self.scanner.scan(text))
        aligned = Aligned(text)
        if any(index == DIRT for index, _, _ in places):
            aligned = normalise(text)
            found = list(self._judge(text, places, raw=True))
            again = self.scanner.scan(aligned.text)
            found += map(aligned.restore, self._judge(aligned.text, again, raw=False))
        else:
            found = list(self._judge(text, places))
        for custom in self.customs:
            read = Aligned(text) if custom.type.raw else aligned
            found += map(read.restore, custom.find(read.text))
        for other in self.others:
            found += map(aligned.restore, other.find(aligned.text))
        return settle(found) if found else found

    def _judge(self, text: str, places: Iterable[Place], *, raw: bool | None = None) -> Iterable[Finding]:
        for index, start, end in places:
            if index != DIRT and (raw is None or self.shapes[index].raw is raw):
                yield from self.shapes[index].verify(text, start, end)


def best_scanner() -> str:
    """Return the name of the fastest scanner that this machine has."""
    return "hyperscan" if importlib.util.find_spec("hyperscan") else "fallback"
