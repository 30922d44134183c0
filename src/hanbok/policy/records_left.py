"""How long the records of processors still hold: a metric to watch, and warnings when the server starts."""

from collections.abc import Iterator, Mapping
from datetime import date

from hanbok.core.metrics import Family, Registry, gauge
from hanbok.core.values import Text
from hanbok.policy.transfers import Processor, days_left, running_out


class RecordsLeft:
    """`hanbok_record_days_left`, as of the day that was noted last; negative: lapsed."""

    def __init__(self, registry: Registry) -> None:
        self.warnings: tuple[Text, ...] = ()
        self._days: dict[tuple[str, str], int] = {}
        registry.register(self)

    def note(self, processors: Mapping[str, Processor], day: date, *, within: int) -> None:
        """Look at the records as of this day; warn of those that end within so many days."""
        self._days = days_left(processors, day)
        self.warnings = tuple(
            Text(
                ko=f"{one.processor}의 {one.what} 기록: {one.why.ko}",
                en=f"the record {one.what} of {one.processor}: {one.why.en}",
            )
            for one in running_out(processors, day, within)
        )

    def collect(self) -> Iterator[Family]:
        """Yield the metric."""
        about = "Days until a certificate, pledge, contract or basis on record lapses"
        yield gauge("hanbok_record_days_left", about, ("processor", "record"), self._days.items())
