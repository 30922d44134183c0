"""Budgets in memory: money is held before a call and settled once, on any end.

Days and months are Korean ones. A call belongs to the day on which it was held, whenever it ends.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from hanbok.core.clock import KST
from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon, Text
from hanbok.policy.key import Key, Limits

_PERIODS_KEPT: Final = 3
_MIDNIGHT: Final = 15
"""The hour in UTC at which a Korean day begins."""


class BudgetExceeded(HanbokError):
    code = "budget_exceeded"
    message = Text(
        ko="예산 {budget}을(를) 다 썼습니다. {resets}에 다시 시작합니다",
        en="the budget {budget} is used up; it starts again at {resets}",
    )
    hint = Text(
        ko="그때까지 기다리거나, 더 짧은 요청을 보내거나, 관리자에게 한도를 늘려 달라고 하십시오.",
        en="Wait until then, send a smaller request, or ask the administrator for a higher limit.",
    )


@dataclass(slots=True, kw_only=True)
class Reservation:
    """Money held for one call."""

    organisation: str
    key: str
    day: str
    amount: MicroWon
    settled: bool = False


@dataclass(slots=True)
class _Account:
    """Spent and held, by period: `2026-11-22` and `2026-11`."""

    days: dict[str, MicroWon] = field(default_factory=dict[str, MicroWon])
    months: dict[str, MicroWon] = field(default_factory=dict[str, MicroWon])

    def add(self, day: str, amount: MicroWon) -> None:
        days, months, month = self.days, self.months, day[:7]
        days[day] = days.get(day, 0) + amount
        months[month] = months.get(month, 0) + amount
        if len(days) > _PERIODS_KEPT:
            del days[min(days)]
        if len(months) > _PERIODS_KEPT:
            del months[min(months)]


class Ledger:
    """To be used from one thread: a reservation is checked and held without a pause in between."""

    def __init__(self, limits_of: Callable[[str], Limits] = lambda _: Limits()) -> None:
        """`limits_of` tells what an organisation as a whole may spend."""
        self._limits_of = limits_of
        self._keys: dict[str, _Account] = {}
        self._organisations: dict[str, _Account] = {}

    def reserve(self, key: Key, amount: MicroWon, now: datetime) -> Reservation:
        """Hold `amount` against the budgets of the key and its organisation, or raise BudgetExceeded and hold none."""
        if amount < 0:
            raise ValueError("a reservation cannot be negative")
        organisation, day = key.principal.organisation, day_of(now)
        own, shared = self._accounts(organisation, key.id)
        if _bounded(key.limits):
            _allow(own, key.limits, amount, day, "key")
        if _bounded(limits := self._limits_of(organisation)):
            _allow(shared, limits, amount, day, "organisation")
        own.add(day, amount)
        shared.add(day, amount)
        return Reservation(organisation=organisation, key=key.id, day=day, amount=amount)

    def settle(self, reservation: Reservation, actual: MicroWon) -> None:
        """Put what the call really cost in the place of what was held. Only the first time counts."""
        if reservation.settled:
            return
        reservation.settled = True
        self.charge(reservation.organisation, reservation.key, reservation.day, actual - reservation.amount)

    def charge(self, organisation: str, key: str, day: str, amount: MicroWon) -> None:
        """Count money of a day (`YYYY-MM-DD`) that no reservation stands for, as from the log."""
        for account in self._accounts(organisation, key):
            account.add(day, amount)

    def spent(self, key: str, now: datetime) -> tuple[MicroWon, MicroWon]:
        """Return what a key has spent and holds today and this month."""
        return _sums(self._keys.get(key, _Account()), now)

    def spent_by(self, organisation: str, now: datetime) -> tuple[MicroWon, MicroWon]:
        """Return what all keys of an organisation have spent and hold today and this month."""
        return _sums(self._organisations.get(organisation, _Account()), now)

    def _accounts(self, organisation: str, key: str) -> tuple[_Account, _Account]:
        own, shared = self._keys.get(key), self._organisations.get(organisation)
        if own is None:
            own = self._keys[key] = _Account()
        if shared is None:
            shared = self._organisations[organisation] = _Account()
        return own, shared


def day_of(moment: datetime) -> str:
    """Return the Korean day of a moment, `YYYY-MM-DD`."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return _written(moment.toordinal() + (moment.hour >= _MIDNIGHT))


@lru_cache(maxsize=64)
def _written(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def _sums(account: _Account, now: datetime) -> tuple[MicroWon, MicroWon]:
    day = day_of(now)
    return account.days.get(day, 0), account.months.get(day[:7], 0)


def _bounded(limits: Limits) -> bool:
    return limits.won_per_day is not None or limits.won_per_month is not None


def _allow(account: _Account, limits: Limits, amount: MicroWon, day: str, owner: str) -> None:
    if limits.won_per_day is not None and account.days.get(day, 0) + amount > limits.won_per_day:
        tomorrow = date.fromisoformat(day) + timedelta(days=1)
        raise BudgetExceeded(budget=f"{owner}.won_per_day", resets=_midnight(tomorrow))
    month = day[:7]
    if limits.won_per_month is not None and account.months.get(month, 0) + amount > limits.won_per_month:
        following = (date.fromisoformat(f"{month}-28") + timedelta(days=4)).replace(day=1)
        raise BudgetExceeded(budget=f"{owner}.won_per_month", resets=_midnight(following))


def _midnight(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=KST).isoformat(timespec="minutes")
