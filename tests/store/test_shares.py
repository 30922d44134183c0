"""What teams, people and models spent: rebuilt from the log, carried over from older tables."""

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from hanbok.core.values import Principal
from hanbok.evidence.entry import Hop, Intent, Outcome
from hanbok.evidence.journal import Journal
from hanbok.policy import books as books_module
from hanbok.policy.books import Books
from hanbok.policy.key import Limits
from hanbok.policy.organisations import Register
from hanbok.store.database import Store
from hanbok.store.schema import bring_up_to_date, version
from hanbok.store.tables import alerts, budgets, client_secrets, mcp_sessions, price_tables, shares, spend

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
HOP = Hop(endpoint="home", model="m", country="KR", zone="home", operator="self", form="as_is")
AT = NOW.isoformat(timespec="microseconds")


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books_module, "now", lambda: NOW)


async def _call(log: Journal, call: str, cost: int, model: str = "big", team: str = "loans") -> None:
    common = {"at": AT, "call": call, "organisation": "o", "key": "k"}
    intent = Intent(
        **common,
        team=team,
        person="e-1",
        route="/v1/x",
        model=model,
        grade="O",
        digest="",
        plan=(HOP,),
        policy="",
    )
    await log.append(intent)
    await log.append(Outcome(**common, status="completed", cost=cost))


async def test_every_account_is_rebuilt_from_the_log_at_each_start(store: Store, tmp_path: Path) -> None:
    for _ in range(2):
        log = Journal.open(tmp_path / "log")
        if not log.size:
            await _call(log, "1", 100)
            await _call(log, "2", 20, model="small")
            await _call(log, "3", 3, team="")
        books = await Books.open(store, log, lambda _: Limits())
        spent = {
            name: books.ledger.spent(name, NOW)[1]
            for name in (
                "key:k",
                "organisation:o",
                "team:o/loans",
                "person:o/e-1",
                "model:o/big",
                "model:o/small",
            )
        }
        assert list(spent.values()) == [123, 123, 120, 123, 103, 20]
        log.close()


def test_what_teams_and_people_spent_before_is_carried_over(store: Store) -> None:
    register = Register(store)
    register.create_organisation("o", actor="test")
    keys = [
        register.create_key(
            Principal(organisation="o", key="", team=team, person=person), actor="test"
        ).key.id
        for team, person in (("loans", "e-1"), ("loans", ""), ("", ""))
    ]
    older = import_module("hanbok.store.migrations.versions.v0008_money").down_revision
    with store.write() as connection:
        for key in keys:
            connection.execute(
                insert(spend).values(organisation="o", key=key, day="2026-11-22", won=5, calls=1)
            )
        for table in (shares, budgets, price_tables, alerts, mcp_sessions, client_secrets):
            table.drop(connection)
        connection.execute(text("ALTER TABLE outbox DROP COLUMN log"))
        connection.execute(text("ALTER TABLE keys DROP COLUMN tokens_per_minute"))
        connection.execute(update(version).values(version_num=older))
    bring_up_to_date(store._writing)
    with store.read() as connection:
        found = {(row.account, row.day): row.won for row in connection.execute(select(shares))}
    assert found == {("team:o/loans", "2026-11-22"): 10, ("person:o/e-1", "2026-11-22"): 5}
