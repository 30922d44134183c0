"""Time as hanbok writes it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from time import time_ns

KST = timezone(timedelta(hours=9), "KST")
"""Korea has no summer time: days and months of budgets are days and months of UTC+9."""


def _of_the_machine() -> datetime:
    return datetime.now(UTC)


_read: Callable[[], datetime] = _of_the_machine


def now() -> datetime:
    """Return the current time in UTC."""
    return _read()


def stamp() -> str:
    """Return the current time in UTC as RFC 3339 with microseconds."""
    if _read is not _of_the_machine:
        return written(_read())
    # Asked twice in every call: calendars are reckoned once a second.
    second, rest = divmod(time_ns(), 1_000_000_000)
    return f"{_to_the_second(second)}.{rest // 1000:06d}+00:00"


@lru_cache(maxsize=8)
def _to_the_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def written(moment: datetime) -> str:
    """Return a moment as the log and the records hold it: UTC, RFC 3339 with microseconds, so that text order is time
    order.
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def today() -> date:
    """Return the day in Korea."""
    return now().astimezone(KST).date()


def years_after(day: date, years: int) -> date:
    """Return the same day so many years on; after a 29th of February the last of that month (민법 제160조제3항)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


@contextmanager
def reading(clock: Callable[[], datetime]) -> Generator[None]:
    """Have this whole process read the time, in UTC, from `clock`: for simulations."""
    global _read  # noqa: PLW0603 - time is one for the whole process
    before, _read = _read, clock
    try:
        yield
    finally:
        _read = before
