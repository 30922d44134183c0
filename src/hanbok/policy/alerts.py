"""Alerts of budgets: one for each threshold that a budget's day or month passes, told at least once.

They are made from the tables of spending, a few seconds behind the calls, and never stand in a call's way. What is told
names no person: a person's budget is told by the organisation and the kind alone.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, select, update

from hanbok.core.clock import stamp, written
from hanbok.core.values import MicroWon
from hanbok.evidence.entry import Act
from hanbok.evidence.outbox import put
from hanbok.policy.ledger import account_of, day_of
from hanbok.policy.spending import NOTHING, all_spent
from hanbok.store.database import Store, unless_there
from hanbok.store.tables import alerts, budgets, keys, organisations

_LEASE: Final = timedelta(minutes=1)
"""How long one process may take to deliver; then another may try."""
_AT_ONCE: Final = 2
"""How many are delivered within one lease, each with a receiver that answers in its last second."""
_FIRST: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(hours=1)
_TRIES: Final = 40
"""Over about a day and a half."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it is told. Amounts are micro-won; `subject` is empty for a person's budget."""

    type: str = "budget.threshold"
    timestamp: str
    organisation: str
    kind: str
    subject: str
    period: str
    """`2026-11-22` or `2026-11`."""
    threshold: int
    """Per cent."""
    limit: MicroWon
    spent: MicroWon


class Due(NamedTuple):
    id: str
    body: bytes
    tries: int


class _Watched(NamedTuple):
    account: str
    organisation: str
    kind: str
    subject: str
    won_per_day: MicroWon | None
    won_per_month: MicroWon | None


@dataclass(frozen=True, slots=True)
class Alerts:
    """All methods block: call them in a thread. Any number of processes may call them at once."""

    store: Store

    def note(self, moment: datetime, thresholds: Sequence[int]) -> int:
        """Write down an alert for each threshold that was passed and not told yet; return how many."""
        day, made = day_of(moment), 0
        with self.store.read() as connection:
            watched = list(_watched(connection))
            spent = all_spent(connection, day) if watched else {}
            known = set(
                connection.execute(select(alerts.c.id).where(alerts.c.day.between(day[:7], day))).scalars()
            )
        passed = [
            (key, alert)
            for one in watched
            for key, alert in _passed(one, spent.get(one.account, NOTHING), day, thresholds)
            if key not in known
        ]
        if not passed:
            return 0
        with self.store.write() as connection:
            for key, alert in passed:
                row = {"id": key, "day": day, "body": msgspec.json.encode(alert).decode(), "tries": 0}
                new = unless_there(connection, alerts).values(**row, due=written(moment))
                made += connection.execute(new).rowcount  # 0: another process was a moment faster
        return made

    def claim(self, moment: datetime) -> list[Due]:
        """Return what is to be told now; nobody else gets it before the lease is over."""
        at, until = written(moment), written(moment + _LEASE)
        with self.store.read() as connection:
            rows = connection.execute(select(alerts).where(alerts.c.due <= at).limit(_AT_ONCE)).all()
        found: list[Due] = []
        for row in rows:
            mine = update(alerts).where(alerts.c.id == row.id, alerts.c.due == row.due).values(due=until)
            with self.store.write() as connection:
                if connection.execute(mine).rowcount:
                    found.append(Due(row.id, row.body.encode(), row.tries))
        return found

    def settle(self, due: Due, moment: datetime, status: str) -> None:
        """Write down how a delivery ended: `delivered`, or why not. What failed is tried again, later each time.

        What another process settled meanwhile, whose lease began when this one's was over, stays as it is.
        """
        tries, done = due.tries + 1, status == "delivered"
        wait = min(_FIRST * 2 ** min(due.tries, 12), _LONGEST)
        again = None if done or tries >= _TRIES else written(moment + wait)
        alert = msgspec.json.decode(due.body, type=Alert)
        mine = (alerts.c.id == due.id) & (alerts.c.tries == due.tries) & alerts.c.due.is_not(None)
        with self.store.write() as connection:
            settled = connection.execute(update(alerts).where(mine).values(due=again, tries=tries)).rowcount
            if settled and (done or again is None):
                facts = {
                    "status": "delivered" if done else "given up",
                    "why": "" if done else status,
                    "tries": str(tries),
                    "kind": alert.kind,
                    "period": alert.period,
                    "threshold": str(alert.threshold),
                }
                act = Act(
                    at=stamp(),
                    actor="hanbok",
                    organisation=alert.organisation,
                    verb="budget.alert",
                    object=due.id,
                    facts={name: fact for name, fact in facts.items() if fact},
                )
                put(connection, act)


def _watched(connection: Connection) -> Iterator[_Watched]:
    for row in connection.execute(select(organisations)):
        account = account_of("organisation", row.id, "")
        yield _Watched(account, row.id, "organisation", row.id, row.won_per_day, row.won_per_month)
    limited = keys.c.won_per_day.is_not(None) | keys.c.won_per_month.is_not(None)
    for row in connection.execute(select(keys).where(limited, keys.c.revoked.is_(None))):
        account = account_of("key", row.organisation, row.id)
        yield _Watched(account, row.organisation, "key", row.id, row.won_per_day, row.won_per_month)
    for row in connection.execute(select(budgets)):
        subject = "" if row.kind == "person" else row.subject
        yield _Watched(row.account, row.organisation, row.kind, subject, row.won_per_day, row.won_per_month)


def _passed(
    one: _Watched, spent: tuple[MicroWon, MicroWon], day: str, thresholds: Sequence[int]
) -> Iterator[tuple[str, Alert]]:
    periods = {"day": (day, one.won_per_day, spent[0]), "month": (day[:7], one.won_per_month, spent[1])}
    for period, limit, won in periods.values():
        for threshold in thresholds if limit else ():
            if limit and won * 100 >= limit * threshold:
                name = f"{one.account} {period} {threshold} {limit}"
                yield (
                    f"msg_{hashlib.sha256(name.encode()).hexdigest()[:32]}",
                    Alert(
                        timestamp=stamp(),
                        organisation=one.organisation,
                        kind=one.kind,
                        subject=one.subject,
                        period=period,
                        threshold=threshold,
                        limit=limit,
                        spent=won,
                    ),
                )
