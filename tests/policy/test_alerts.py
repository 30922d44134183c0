"""Alerts of budgets, where several processes look at once: each is made once, delivered by one and settled by one."""

from datetime import timedelta
from functools import partial

from sqlalchemy import insert, select

from hanbok.core.clock import now
from hanbok.policy.alerts import Alerts
from hanbok.policy.budgets import BudgetKind, Budgets
from hanbok.policy.key import Limits
from hanbok.policy.ledger import account_of, day_of
from hanbok.store.database import Store
from hanbok.store.tables import outbox, shares
from policy.together import at_once, postgres, store, url

__all__ = ["postgres", "store", "url"]  # fixtures
WON = 1_000_000


def test_an_alert_is_made_told_and_settled_once(store: Store) -> None:
    moment, alerts = now(), Alerts(store)
    Budgets(store).put("bank", BudgetKind.MODEL, "m", Limits(won_per_day=100 * WON), actor="t")
    account = account_of("model", "bank", "m")
    with store.write() as connection:
        connection.execute(insert(shares).values(account=account, day=day_of(moment), won=90 * WON))
    assert sum(map(int, at_once(*[lambda: alerts.note(moment, (50, 80, 100))] * 3))) == 2
    claimed = [due for found in at_once(*[lambda: alerts.claim(moment)] * 3) for due in found]
    assert len({due.id for due in claimed}) == len(claimed) == 2
    assert alerts.claim(moment) == []
    assert len(alerts.claim(moment + timedelta(minutes=2))) == 2, "whoever claimed them may have died"
    for due in claimed:
        at_once(*[partial(alerts.settle, due, moment, "delivered")] * 3)
    with store.read() as connection:
        told = [row.entry for row in connection.execute(select(outbox)) if "budget.alert" in str(row.entry)]
    assert len(told) == 2
