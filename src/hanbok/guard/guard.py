"""The guard: all recognisers over one text, one answer."""

import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from pathlib import Path

from hanbok.core.plugin import load, names
from hanbok.guard.custom import Custom, CustomType, as_kind
from hanbok.guard.kinds import Kind, kinds
from hanbok.guard.normalise import DISGUISES, read
from hanbok.guard.recogniser import Finding, Recogniser
from hanbok.guard.scanner import Place, Scanner, Sought
from hanbok.guard.settle import settle
from hanbok.guard.shape import DIGITS, NUMBER, Shape
from hanbok.guard.table import Page

_RECOGNISERS = "hanbok.guard.recognisers"
_SCANNERS = "hanbok.guard.scanners"
_BETWEEN = "".join(NUMBER - DIGITS)
_INDEX, _PLACE, _START = itemgetter(0), itemgetter(1), attrgetter("start")
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
        shapes.sort(key=lambda shape: -shape.most)
        return cls(shapes, _scanner(shapes, cache), others, [Custom(one) for one in custom])

    def only(self, kinds: frozenset[str], cache: Path | None = None) -> "Guard":
        """Return a guard that finds these of its kinds, written as numbers and signs are, and nothing else: without
        names and addresses. It reads a text in a fraction of the time. `cache` as for `load`.
        """
        shapes = [one for one in self.shapes if one.kind in kinds]
        customs = [one for one in self.customs if one.type.kind in kinds]
        return Guard(shapes, _scanner(shapes, cache), customs=customs)

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Every kind of finding, a customer's own among them."""
        return {**kinds(), **{custom.type.kind: as_kind(custom.type) for custom in self.customs}}

    def find(self, text: str) -> list[Finding]:
        """Return what `text` holds: sorted, without overlaps, in code points of `text` as it was written."""
        aligned, places, written = read(text, self.scanner.scan)
        found: list[Finding] = []
        for index, start, end in written:
            if index >= 0 and (shape := self.shapes[index]).raw:
                found += shape.verify(text, start, end)
        plain = self._judge(Page(aligned.text), places) if places else []
        for custom in self.customs:
            if custom.type.raw:
                found += custom.find(text)
            else:
                plain += custom.find(aligned.text)
        for other in self.others:
            plain += other.find(aligned.text)
        found += map(aligned.restore, plain) if aligned.steps else plain
        return settle(found) if found else found

    def _judge(self, text: str, places: Iterable[Place]) -> list[Finding]:
        """Judge the places, those of the surest shapes first: the others need not look where one of them is right."""
        found: list[Finding] = []
        sure: dict[int, list[Finding]] = {}
        shapes, here = self.shapes, -1
        for index, start, end in sorted(sorted(places, key=_INDEX), key=_PLACE):
            if index < 0 or (shape := shapes[index]).raw:
                continue
            if start != here:
                here, sure = start, {}
            before = sure.get(end)
            if before is None:
                new = list(shape.verify(text, start, end))
                if new:
                    found += new
                    sure[end] = new
                continue
            for begin, stop in _open(text, start, end, before, shape.most):
                new = list(shape.verify(text, begin, stop))
                found += new
                before += new
        return found


def _open(text: str, start: int, end: int, found: list[Finding], most: float) -> Iterator[tuple[int, int]]:
    """Yield the parts of a region that no finding covers which is surer than `most`."""
    for one in sorted(found, key=_START) if len(found) > 1 else tuple(found):
        if one.score > most:
            if one.start > start and text[start : one.start].strip(_BETWEEN):
                yield start, one.start
            start = max(start, one.end)
    if start < end and text[start:end].strip(_BETWEEN):
        yield start, end


def sought(shapes: Sequence[Shape]) -> Mapping[int, Sought]:
    """Return what a scanner looks for: the disguises, and the shapes by their index."""
    return {
        **DISGUISES,
        **{index: Sought(one.patterns, one.alphabet, one.raw) for index, one in enumerate(shapes)},
    }


def _scanner(shapes: Sequence[Shape], cache: Path | None) -> Scanner:
    scanner: Scanner = load(_SCANNERS, best_scanner())(sought(shapes), cache)
    return scanner


def best_scanner() -> str:
    """Return the name of the fastest scanner that this machine has."""
    return "hyperscan" if importlib.util.find_spec("hyperscan") else "fallback"
