"""The counters of many processes as those of one server."""

from collections.abc import Iterable, Iterator

from hanbok.core.metrics import Family, Point, exposition


class Tally:
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

    def text(self) -> bytes:
        """Return all of it as Prometheus text."""
        now = (one for families in self._now.values() for one in families)
        return exposition(_joined([*self._gone, *now]))


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
