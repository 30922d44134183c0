"""Numbers for Prometheus, and its text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats)."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Point(NamedTuple):
    """One series as it is now."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


class Family(NamedTuple):
    """One metric with all its series; `kind` is `counter`, `gauge` or `histogram`."""

    name: str
    about: str
    kind: str
    points: list[Point]


class Collector(Protocol):
    """Counts something, and says how much when it is asked."""

    def collect(self) -> Iterable[Family]: ...


class Registry:
    """All that a process counts."""

    def __init__(self) -> None:
        self._collectors: list[Collector] = []

    def register(self, collector: Collector) -> None:
        self._collectors.append(collector)

    def families(self) -> list[Family]:
        return [family for one in self._collectors for family in one.collect()]


_Series: TypeAlias = Iterable[tuple[tuple[str, ...], float]]
"""Values of labels, and what holds for them."""


def counter(name: str, about: str, labels: Sequence[str], sums: _Series) -> Family:
    """Return the family of a counter; its name ends in `_total`."""
    return Family(name, about, "counter", _points(name, labels, sums))


def gauge(name: str, about: str, labels: Sequence[str], values: _Series) -> Family:
    """Return the family of what goes up and down."""
    return Family(name, about, "gauge", _points(name, labels, values))


def exposition(families: Iterable[Family]) -> bytes:
    """Return what a scrape gets."""
    lines: list[str] = []
    for family in families:
        about = family.about.replace("\\", r"\\").replace("\n", r"\n")
        lines += (f"# HELP {family.name} {about}", f"# TYPE {family.name} {family.kind}")
        lines += (f"{one.name}{_braced(one.labels)} {float(one.value)!r}" for one in family.points)
    return "".join(f"{line}\n" for line in lines).encode()


def _points(name: str, labels: Sequence[str], series: _Series) -> list[Point]:
    # A list first: other threads may count on.
    return [Point(name, tuple(zip(labels, key, strict=True)), value) for key, value in list(series)]


def _braced(labels: Iterable[tuple[str, str]]) -> str:
    inside = ",".join(f'{name}="{_quoted(value)}"' for name, value in sorted(labels))
    return f"{{{inside}}}" if inside else ""


def _quoted(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
