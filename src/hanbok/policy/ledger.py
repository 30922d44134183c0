"""Budgets in memory: money is held before a call and settled once, on any end. A call is under the budgets of its
key, organisation, team, person and model at once: it is held against all of them or none.

Days and months are Korean ones. A call belongs to the day on which it was held, whenever it ends.
"""

from collections.abc import Callable, Iterable
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

    accounts: tuple[str, ...]
    """Whose money: names as `account_of` makes them."""
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
        """`limits_of` tells what an account may spend, by its name; of keys, they tell it themselves."""
        self._limits_of = limits_of
        self._accounts: dict[str, _Account] = {}

    def reserve(self, key: Key, amount: MicroWon, now: datetime, model: str = "") -> Reservation:
        """Hold `amount` against all budgets that the call is under: of its key, organisation, team, person and model.
        Raises BudgetExceeded for the first that is used up, and then holds none.
        """
        if amount < 0:
            raise ValueError("a reservation cannot be negative")
        day, accounts = day_of(now), accounts_of(key, model)
        known = [self._account(name) for name in accounts]
        for name, account in zip(accounts, known, strict=True):
            limits = key.limits if account is known[0] else self._limits_of(name)
            if _bounded(limits):
                _allow(account, limits, amount, day, name.partition(":")[0])
        for account in known:
            account.add(day, amount)
        return Reservation(accounts=accounts, day=day, amount=amount)

    def hold(self, key: Key, amount: MicroWon, day: str, model: str = "") -> Reservation:
        """Hold `amount` against a day's budgets, whether they allow it or not."""
        accounts = accounts_of(key, model)
        self.charge(accounts, day, amount)
        return Reservation(accounts=accounts, day=day, amount=amount)

    def settle(self, reservation: Reservation, actual: MicroWon) -> None:
        """Put what the call really cost in the place of what was held. Only the first time counts."""
        if reservation.settled:
            return
        reservation.settled = True
        self.charge(reservation.accounts, reservation.day, actual - reservation.amount)

    def charge(self, accounts: Iterable[str], day: str, amount: MicroWon) -> None:
        """Count money of a day (`YYYY-MM-DD`) that no reservation stands for, as from the log."""
        for name in accounts:
            self._account(name).add(day, amount)

    def spent(self, account: str, now: datetime) -> tuple[MicroWon, MicroWon]:
        """Return what an account has spent and holds today and this month."""
        day, known = day_of(now), self._accounts.get(account, _Account())
        return known.days.get(day, 0), known.months.get(day[:7], 0)

    def _account(self, name: str) -> _Account:
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = _Account()
        return account


def accounts_of(key: Key, model: str) -> tuple[str, ...]:
    """Return the names of the accounts that a call is charged to, that of its key first."""
    who = key.principal
    own = (account_of("key", who.organisation, key.id), account_of("organisation", who.organisation, ""))
    return own + shares_of(who.organisation, who.team, who.person, model)


def shares_of(organisation: str, team: str, person: str, model: str) -> tuple[str, ...]:
    """Return the names of the accounts within an organisation that are neither a key's nor its own."""
    parts = (("team", team), ("person", person), ("model", model))
    return tuple([account_of(kind, organisation, subject) for kind, subject in parts if subject])


def account_of(kind: str, organisation: str, subject: str) -> str:
    """Return the name of an account: a plain text that is the same on every machine."""
    if kind == "key":
        return f"key:{subject}"
    return f"{kind}:{organisation}/{subject}" if subject else f"{kind}:{organisation}"


def day_of(moment: datetime) -> str:
    """Return the Korean day of a moment, `YYYY-MM-DD`."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return _written(moment.toordinal() + (moment.hour >= _MIDNIGHT))


@lru_cache(maxsize=64)
def _written(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def _bounded(limits: Limits) -> bool:
    return limits.won_per_day is not None or limits.won_per_month is not None


def _allow(account: _Account, limits: Limits, amount: MicroWon, day: str, owner: str) -> None:
    if limits.won_per_day is not None and account.days.get(day, 0) + amount > limits.won_per_day:
        raise used_up(owner, "day", day)
    if limits.won_per_month is not None and account.months.get(day[:7], 0) + amount > limits.won_per_month:
        raise used_up(owner, "month", day)


def used_up(owner: str, period: str, day: str) -> BudgetExceeded:
    """Return the error of a budget, by the kind of its owner, that is used up on this day: of a `day` or a `month`."""
    first = date.fromisoformat(day) + timedelta(days=1)
    if period == "month":
        first = (date.fromisoformat(f"{day[:7]}-28") + timedelta(days=4)).replace(day=1)
    return BudgetExceeded(budget=f"{owner}.won_per_{period}", resets=_midnight(first))


def _midnight(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=KST).isoformat(timespec="minutes")
