"""What an organisation spent, by key and Korean day: a view of the evidence log, a few seconds behind it."""

from dataclasses import dataclass

from sqlalchemy import select, tuple_

from hanbok.core.values import MicroWon
from hanbok.store.database import Store
from hanbok.store.tables import spend


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
