"""Maintenance windows: times in Korea at which an endpoint is not asked."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from hanbok.core.clock import KST


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `begins` to `ends` on these days; over midnight where it ends no later than it begins."""

    begins: time
    ends: time
    days: frozenset[int] = frozenset()
    """Days of the week on which it begins, Monday 0; none: every day."""
    day: date | None = None
    """The only day on which it begins."""

    def holds(self, at: datetime) -> bool:
        """Whether this moment is inside."""
        here = at.astimezone(KST)
        today, clock = here.date(), here.time()
        if self.begins < self.ends:
            return self._begins(today) and self.begins <= clock < self.ends
        late = self._begins(today) and clock >= self.begins
        return late or (self._begins(today - timedelta(days=1)) and clock < self.ends)

    def _begins(self, day: date) -> bool:
        return self.day in (None, day) and (not self.days or day.weekday() in self.days)
