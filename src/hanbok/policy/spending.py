"""What was spent, by key or account and Korean day: a view of the evidence log, a few seconds behind it."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, case, func, select, tuple_

from hanbok.core.values import MicroWon
from hanbok.policy.ledger import account_of
from hanbok.store.database import Store
from hanbok.store.tables import shares, spend

NOTHING: Final = (0, 0)
"""What an account spent on a day and in its month that is in no table."""


def sums(table: Table, day: str, *by: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Return the query of what was spent on a day and in its month up to then, for each value of `by`."""
    on_the_day = func.sum(case((table.c.day == day, table.c.won), else_=0))
    in_month = table.c.day.between(day[:7], day)
    return select(*by, on_the_day, func.sum(table.c.won)).where(in_month).group_by(*by)


def shares_spent(connection: Connection, day: str) -> dict[str, tuple[MicroWon, MicroWon]]:
    """Return what each team's, person's and model's account spent on a day and in its month."""
    rows = connection.execute(sums(shares, day, shares.c.account))
    return {account: (int(today), int(month)) for account, today, month in rows}


def all_spent(connection: Connection, day: str) -> dict[str, tuple[MicroWon, MicroWon]]:
    """Return what each account, of every kind, spent on the day and in its month."""
    found: dict[str, tuple[MicroWon, MicroWon]] = {}
    whose = (spend.c.organisation, spend.c.key)
    for organisation, key, today, month in connection.execute(sums(spend, day, *whose)):
        for account in (account_of("organisation", organisation, ""), account_of("key", organisation, key)):
            before = found.get(account, NOTHING)
            found[account] = (before[0] + int(today), before[1] + int(month))
    return found | shares_spent(connection, day)


def spent_since(connection: Connection, day: str) -> dict[tuple[str, str], MicroWon]:
    """Return what each account spent on each day from `day` on, and in each month from that day's on."""
    found: dict[tuple[str, str], MicroWon] = {}
    days = select(spend.c.day).where(spend.c.day > day).distinct()
    for one in sorted({day, *connection.execute(days).scalars()}):
        for account, (on_the_day, in_month) in all_spent(connection, one).items():
            found[account, one], found[account, one[:7]] = on_the_day, in_month
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentOnDay:
    day: str
    key: str
    won: MicroWon
    calls: int


@dataclass(frozen=True, slots=True)
class Spending:
    store: Store

    def by_day(
        self,
        organisation: str,
        since: str,
        until: str,
        *,
        after: tuple[str, str] = ("", ""),
        limit: int = 100,
    ) -> list[SpentOnDay]:
        """Return one line for each key and day, from `since` to `until`, from behind `after` (day, key) on. Blocks."""
        query = (
            select(spend)
            .where(spend.c.organisation == organisation, spend.c.day.between(since, until))
            .where(tuple_(spend.c.day, spend.c.key) > tuple_(*after))
            .order_by(spend.c.day, spend.c.key)
            .limit(limit)
        )
        with self.store.read() as connection:
            rows = connection.execute(query).all()
        return [SpentOnDay(day=row.day, key=row.key, won=row.won, calls=row.calls) for row in rows]
