"""Counters of what only some settings ask for: registered when the first of them is counted."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

SIMILAR: Final = "hanbok_similar"
ESCALATIONS: Final = "hanbok_escalations"
SHADOWS: Final = "hanbok_shadows"
_HELP: Final = {
    SIMILAR: "Questions compared with others, by how that ended",
    ESCALATIONS: "First answers that were judged, by what was said of them",
    SHADOWS: "Calls that another model should answer too, by how that ended",
}


class Tallies(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self._sums = {name: defaultdict[tuple[str, str], int](int) for name in _HELP}
        registry.register(self)

    def add(self, name: str, model: str, how: str) -> None:
        """Count one more."""
        self._sums[name][(model, how)] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield every series, for a scrape."""
        for name, help_text in _HELP.items():
            counter = CounterMetricFamily(name, help_text, labels=("model", "how"))
            for labels, total in list(self._sums[name].items()):
                counter.add_metric(labels, total)
            yield counter
