"""The counters of many processes as those of one server."""

from collections.abc import Iterable, Iterator

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector


class Point(msgspec.Struct, frozen=True, array_like=True):
    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


class Family(msgspec.Struct, frozen=True, array_like=True):
    """One metric with all its series."""

    name: str
    about: str
    kind: str
    points: list[Point]


def families_of(registry: CollectorRegistry) -> list[Family]:
    """Return what a process has counted so far."""
    return [
        Family(
            one.name,
            one.documentation,
            one.type,
            [Point(point.name, tuple(point.labels.items()), point.value) for point in one.samples],
        )
        for one in registry.collect()
    ]


class Tally(Collector):
    """Counts add up, also those of processes that are gone; of gauges the highest holds: they say the same in each."""

    def __init__(self) -> None:
        self._gone: list[Family] = []
        self._now: dict[object, list[Family]] = {}

    def note(self, process: object, families: list[Family]) -> None:
        """Take up the counters of a process as they are now."""
        self._now[process] = families

    def forget(self, process: object) -> None:
        """Keep what a process that is gone has counted, in one sum with the others."""
        last = [one for one in self._now.pop(process, ()) if one.kind != "gauge"]
        self._gone = list(_joined([*self._gone, *last]))

    def collect(self) -> Iterator[Metric]:
        """Yield every series, for a scrape."""
        for family in _joined([*self._gone, *(one for families in self._now.values() for one in families)]):
            metric = Metric(family.name, family.about, family.kind)
            for point in family.points:
                metric.add_sample(point.name, dict(point.labels), point.value)
            yield metric

    def text(self) -> bytes:
        """Return all of it as Prometheus text."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)


def _joined(families: Iterable[Family]) -> Iterator[Family]:
    heads: dict[str, Family] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for family in families:
        heads.setdefault(family.name, family)
        series = values.setdefault(family.name, {})
        for point in family.points:
            place, before = (point.name, point.labels), series.get((point.name, point.labels))
            if before is None:
                series[place] = point.value
            elif family.kind == "gauge":
                series[place] = max(before, point.value)
            else:
                series[place] = before + point.value
    for name, head in heads.items():
        points = [Point(place[0], place[1], value) for place, value in values[name].items()]
        yield Family(name, head.about, head.kind, points)
