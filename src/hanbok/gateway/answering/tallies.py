"""Counters of what only some settings ask for: registered when the first of them is counted."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from hanbok.core.metrics import Family, Registry, counter

SIMILAR: Final = "hanbok_similar_total"
ESCALATIONS: Final = "hanbok_escalations_total"
SHADOWS: Final = "hanbok_shadows_total"
_HELP: Final = {
    SIMILAR: "Questions compared with others, by how that ended",
    ESCALATIONS: "First answers that were judged, by what was said of them",
    SHADOWS: "Calls that another model should answer too, by how that ended",
}


class Tallies:
    def __init__(self, registry: Registry) -> None:
        self._sums = {name: defaultdict[tuple[str, str], int](int) for name in _HELP}
        registry.register(self)

    def add(self, name: str, model: str, how: str) -> None:
        """Count one more."""
        self._sums[name][(model, how)] += 1

    def collect(self) -> Iterator[Family]:
        """Yield every series, for a scrape."""
        for name, help_text in _HELP.items():
            yield counter(name, help_text, ("model", "how"), self._sums[name].items())
