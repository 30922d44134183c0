"""The export of costs: FOCUS 1.2's columns and formats, and a sum that is the ledger's."""

import csv
import io
import json
import random
import re
import sys
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from hanbok.cli.cost import export
from hanbok.core.plugin import ExtraMissing
from hanbok.core.values import Language
from hanbok.evidence.entry import Gone, Hop, Intent, Outcome
from hanbok.evidence.log import Record
from hanbok.evidence.postings import Posting
from hanbok.gateway.facts import load_prices
from hanbok.gateway.focus import COLUMNS, rows, sums, write
from hanbok.gateway.focus_parquet import write_parquet
from hanbok.policy.books import _Reading

MANDATORY = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
]
NULLABLE = {"ChargeClass"}
HOPS = tuple(
    Hop(endpoint=name, model=model, country="US", zone="foreign", operator=operator, form="as_is")
    for name, model, operator in (("azure", "gpt-4o", "Microsoft"), ("home", "our-own", "우리, 기관"))
)
PRICES = load_prices()


def log(calls: int, seed: int = 4) -> list[Record]:
    """Calls of a month with a day on each side, some crashed, interleaved as calls are."""
    random_ = random.Random(seed)
    began = datetime(2026, 10, 31, 14, 30, tzinfo=UTC)
    timed: list[tuple[datetime, Intent | Outcome]] = []
    for number in range(calls):
        at = began + timedelta(minutes=random_.randrange(33 * 24 * 60))
        ends = at + timedelta(minutes=random_.randrange(90))
        hop = random_.choice(HOPS)
        key = random_.choice("abc")
        organisation = random_.choice(["bank", "agency"])
        crashed = random_.random() < 0.1
        timed.append(
            (
                at,
                Intent(
                    at=at.isoformat(timespec="microseconds"),
                    call=str(number),
                    organisation=organisation,
                    key=key,
                    team="loans",
                    person="e-1001",
                    route="/v1/chat/completions",
                    model="assistant",
                    grade="O",
                    digest="",
                    plan=HOPS,
                    policy="",
                ),
            )
        )
        timed.append(
            (
                ends,
                Outcome(
                    at=ends.isoformat(timespec="microseconds"),
                    call=str(number),
                    status="crashed" if crashed else "completed",
                    organisation=organisation,
                    key=key,
                    endpoint="" if crashed else hop.endpoint,
                    model="" if crashed else hop.model,
                    input=0 if crashed else random_.randrange(5000),
                    output=0 if crashed else random_.randrange(500),
                    cost=random_.randrange(10_000_000_000),
                ),
            )
        )
    timed.sort(key=lambda one: one[0])
    entries = [Gone(at=""), *(entry for _, entry in timed)]
    return [Record(index=index, digest="", entry=entry) for index, entry in enumerate(entries)]


@pytest.fixture(scope="module")
def exported() -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    found = sums(log(400), date(2026, 11, 1), date(2026, 11, 30), PRICES)
    assert write(found, file) == len(found) > 50
    return list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))


def test_the_sum_is_that_of_the_books_to_the_micro_won(exported: list[dict[str, str]]) -> None:
    told = [{"index": one.index, "leaf": one.digest, "entry": one.entry} for one in log(400)]
    _, won, calls = _Reading().on(msgspec.json.decode(msgspec.json.encode(told), type=list[Posting]))
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for line, cost in won.items():
        if line.day.startswith("2026-11"):
            expected[line.organisation, line.key] += cost
    shown: dict[tuple[str, str], int] = defaultdict(int)
    for row in exported:
        shown[row["BillingAccountId"], row["SubAccountId"]] += int(Decimal(row["BilledCost"]) * 1_000_000)
    assert shown == expected
    counted = sum(number for line, number in calls.items() if line.day.startswith("2026-11"))
    assert sum(int(row["x_Calls"]) for row in exported) == counted


def test_each_row_has_what_the_specification_makes_mandatory(exported: list[dict[str, str]]) -> None:
    for row in exported:
        assert [name for name in MANDATORY if not row[name] and name not in NULLABLE] == []
        assert all(re.fullmatch(r"[A-Z][A-Za-z]*|x_[A-Z][A-Za-z]*", name) for name in row)
        assert (row["BillingCurrency"], row["ChargeCategory"], row["ChargeFrequency"]) == (
            "KRW",
            "Usage",
            "Usage-Based",
        )
        assert row["ServiceCategory"] == "AI and Machine Learning"
        assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == (
            "2026-10-31T15:00:00Z",
            "2026-11-30T15:00:00Z",
        )
        start, end = (datetime.fromisoformat(row[f"ChargePeriod{one}"]) for one in ("Start", "End"))
        assert end - start == timedelta(days=1)
        assert row["ChargePeriodStart"].endswith("T15:00:00Z")
        assert json.loads(row["Tags"])["team"] == "loans"
        assert row["PricingQuantity"] == row["ConsumedQuantity"]
        assert row["BilledCost"] == row["EffectiveCost"] == row["ContractedCost"]


def test_no_person_is_in_it(exported: list[dict[str, str]]) -> None:
    assert "e-1001" not in str(exported)


def test_list_cost_is_the_use_at_the_price_of_its_day() -> None:
    entry = Outcome(
        at="2026-11-22T00:00:00.000000+00:00",
        status="completed",
        organisation="bank",
        key="a",
        endpoint="azure",
        model="gpt-4o",
        input=1000,
        cached=400,
        output=100,
        cost=7,
    )
    day = date(2026, 11, 22)
    ((_, total),) = sums([Record(index=0, digest="", entry=entry)], day, day, PRICES).items()
    assert total.won == 7
    assert total.listed == (600 * Decimal("2.5") + 400 * Decimal("1.25") + 100 * 10) * 1450


def test_parquet_holds_the_same_rows_with_their_types(tmp_path: Path) -> None:
    found = sums(log(300), date(2026, 11, 1), date(2026, 11, 30), PRICES)
    assert write_parquet(rows(found), tmp_path / "costs") == len(found)
    table = pq.read_table(tmp_path / "costs")
    assert table.column_names == list(COLUMNS)
    told = io.StringIO()
    write(found, told)
    for row, line in zip(table.to_pylist(), csv.DictReader(io.StringIO(told.getvalue())), strict=True):
        for name, text in line.items():
            value = row[name]
            if not text:
                assert value is None
            elif name.endswith(("Cost", "Quantity", "Calls", "Tokens")):
                assert (type(value), value) == (Decimal, Decimal(text))
            elif name.endswith(("PeriodStart", "PeriodEnd")):
                assert value == datetime.fromisoformat(text)
            else:
                assert value == text


def test_who_lacks_the_package_is_told_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "hanbok.gateway.focus_parquet", raising=False)
    with pytest.raises(ExtraMissing) as missing:
        export(Path("x"), since=date(2026, 11, 1), until=date(2026, 11, 2), form="parquet")
    assert missing.value.advise(Language.EN) == "pip install 'hanbok[parquet]'"


def test_what_asked_nobody_has_no_row() -> None:
    at, day = "2026-11-22T00:00:00.000000+00:00", date(2026, 11, 22)
    who = {"at": at, "call": "c", "organisation": "bank", "key": "a"}
    intent = Intent(
        **who, route="/v1/realtime/client_secrets", model="m", grade="O", digest="", plan=(), policy=""
    )
    entries = (intent, Outcome(**who, status="completed"))
    assert not sums(
        [Record(index=at, digest="", entry=one) for at, one in enumerate(entries)], day, day, PRICES
    )
