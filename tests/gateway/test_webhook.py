"""Alerts of budgets: each threshold once, signed, told again until it is heard, naming nobody."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from hanbok.core.values import Principal
from hanbok.gateway.webhook import Teller, Webhook, secret_of
from hanbok.policy.alerts import Alerts
from hanbok.policy.budgets import BudgetKind, Budgets
from hanbok.policy.key import Limits
from hanbok.policy.organisations import Register
from hanbok.settings.alerts import AlertsSettings
from hanbok.store.database import Store
from hanbok.store.tables import outbox, shares, spend

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
DAY = "2026-11-22"
SECRET = b"0123456789abcdef0123456789abcdef"


class Heard(HTTPServer):
    """A webhook that answers with the statuses it was told, then with 204."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Ear)
        self.messages: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []


class _Ear(BaseHTTPRequestHandler):
    server: Heard

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.messages.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def ear() -> Iterator[Heard]:
    with Heard() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    yield opened
    opened.close()


@pytest.fixture
def key(store: Store) -> str:
    """An organisation with a budget, a person with one, and a key of that person that spent 850 of 1000."""
    register = Register(store)
    register.create_organisation("bank", actor="t", limits=Limits(won_per_month=100_000))
    who = Principal(organisation="bank", key="", team="loans", person="e-1001")
    made = register.create_key(who, actor="t", limits=Limits(won_per_day=10_000)).key.id
    Budgets(store).put("bank", BudgetKind.PERSON, "e-1001", Limits(won_per_day=1000), actor="t")
    Budgets(store).put("bank", BudgetKind.TEAM, "loans", Limits(won_per_day=1700), actor="t")
    with store.write() as connection:
        connection.execute(insert(spend).values(organisation="bank", key=made, day=DAY, won=850, calls=1))
        for account in ("person:bank/e-1001", "team:bank/loans"):
            connection.execute(insert(shares).values(account=account, day=DAY, won=850))
    return made


def teller(store: Store, ear: Heard, clock: list[datetime]) -> Teller:
    webhook = Webhook(f"http://127.0.0.1:{ear.server_port}/hook", SECRET, (50, 80, 100))
    return Teller(Alerts(store), lambda: webhook, lambda: clock[0])


async def test_each_threshold_is_told_once_signed_and_without_a_person(
    store: Store, key: str, ear: Heard
) -> None:
    clock = [NOW]
    one, other = teller(store, ear, clock), teller(store, ear, clock)
    for telling in (one, other, one):
        await telling.tell()
    told = [json.loads(body) for _, body in ear.messages]
    assert sorted((alert["kind"], alert["subject"], alert["threshold"]) for alert in told) == [
        ("person", "", 50),
        ("person", "", 80),
        ("team", "loans", 50),
    ]
    assert not any(b"e-1001" in body for _, body in ear.messages)
    for headers, body in ear.messages:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.new(SECRET, signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    with store.read() as connection:
        acts = [json.loads(row.entry) for row in connection.execute(select(outbox))]
    alerts = [act["facts"] for act in acts if act["verb"] == "budget.alert"]
    assert [fact["status"] for fact in alerts] == ["delivered"] * 3
    await one.close()
    await other.close()


async def test_what_is_not_heard_is_told_again_with_the_same_id(store: Store, key: str, ear: Heard) -> None:
    clock = [NOW]
    telling = teller(store, ear, clock)
    ear.statuses = [500, 503, 302]
    await telling.tell()
    first = {headers["webhook-id"] for headers, _ in ear.messages}
    assert len(first) == 3
    await telling.tell()
    assert len(ear.messages) == 3  # not before its time
    clock[0] += timedelta(seconds=6)
    await telling.tell()
    assert {headers["webhook-id"] for headers, _ in ear.messages[3:]} == first
    clock[0] += timedelta(days=1)
    await telling.tell()
    assert len(ear.messages) == 6
    await telling.close()


async def test_nobody_there_is_given_up_in_the_end_and_the_log_says_so(
    store: Store, key: str, ear: Heard
) -> None:
    clock = [NOW]
    telling = teller(store, ear, clock)
    ear.statuses = [500] * 1000
    for _ in range(45):
        await telling.tell()
        clock[0] += timedelta(hours=1)
    with store.read() as connection:
        acts = [json.loads(row.entry) for row in connection.execute(select(outbox))]
    given_up = [act["facts"] for act in acts if act["verb"] == "budget.alert"]
    assert {(fact["status"], fact["why"]) for fact in given_up} == {("given up", "HTTP 500")}
    assert len(given_up) == 3
    assert len(ear.messages) == 3 * 40
    await telling.close()


def test_a_delivery_that_outlives_its_lease_undoes_nothing(store: Store, key: str) -> None:
    alerts = Alerts(store)
    assert alerts.note(NOW, (80,)) == 1
    (slow,) = alerts.claim(NOW)
    later = NOW + timedelta(minutes=2)
    (quick,) = alerts.claim(later)
    alerts.settle(quick, later, "delivered")
    alerts.settle(slow, later, "upstream_timeout")
    assert alerts.claim(later + timedelta(days=1)) == []


@pytest.mark.parametrize("secret", ["", "plain", "whsec_", "whsec_AAAA", "whsec_not base64"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        secret_of(secret)
    with pytest.raises(ValueError, match="whsec_"):
        AlertsSettings(webhook="https://hooks.example.kr/x", secret=type(AlertsSettings().secret)(secret))
