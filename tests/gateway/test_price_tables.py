"""Dated prices: signed tables, taken in once and kept, so that each day has the price that it had."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from hanbok.evidence.note import Kind
from hanbok.evidence.signer import SecretSigner
from hanbok.gateway.facts import load_prices
from hanbok.gateway.price_list import PriceTableInvalid, read_table
from hanbok.gateway.price_tables import PriceTableOld, PriceTables, PriceTableUntrusted, sign, verified
from hanbok.store.database import Store
from hanbok.store.tables import outbox

MAKER = SecretSigner.new("prices.example.kr")
STRANGER = SecretSigner.new("prices.example.kr")
WITNESS = SecretSigner.new("prices.example.kr", Kind.COSIGNATURE)
TABLE = """\
issued = {issued}T09:00:00+09:00

[[price]]
model = "gpt-4o"
currency = "USD"
input = {price}
output = 10
audio_input = 40.00
as_of = {since}

[[price]]
model = "kr-model"
currency = "KRW"
input = 500
output = 1500.5
as_of = {since}

[[rate]]
since = {since}
won = 1400.5
"""


def table(issued: str = "2026-03-01", since: str = "2026-04-01", price: str = "2.00") -> bytes:
    return sign(TABLE.format(issued=issued, since=since, price=price), MAKER).encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    yield opened
    opened.close()


def test_each_day_has_the_price_and_the_rate_that_held_on_it(store: Store) -> None:
    tables = PriceTables(store)
    before = tables.version()
    tables.take(table(), [MAKER.key], actor="test")
    tables.take(table("2026-06-01", "2026-07-01", "1.00"), [STRANGER.key, MAKER.key], actor="test")
    assert tables.version() > before
    prices = load_prices(tables.taken())
    on = {
        day: prices.of("gpt-4o", day)
        for day in (date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 30), date(2026, 7, 1))
    }
    shown = [price.input if price else None for price in on.values()]
    assert shown == [
        Decimal("2.50") * 1450,
        Decimal("2.00") * Decimal("1400.5"),
        Decimal("2.00") * Decimal("1400.5"),
        Decimal("1.00") * Decimal("1400.5"),
    ]
    ours = prices.of("kr-model", date(2026, 5, 5))
    assert ours is not None
    assert (ours.input, ours.output, ours.cached) == (500, Decimal("1500.5"), 500)
    assert prices.of("never-heard-of", date(2026, 5, 5)) is None


def test_a_later_table_corrects_the_same_day(store: Store) -> None:
    tables = PriceTables(store)
    tables.take(table(), [MAKER.key], actor="test")
    tables.take(table("2026-03-02", price="3.00"), [MAKER.key], actor="test")
    price = load_prices(tables.taken()).listed("gpt-4o", date(2026, 4, 2))
    assert price is not None
    assert price.input == 3


def test_an_old_table_does_not_come_back(store: Store) -> None:
    tables = PriceTables(store)
    tables.take(table("2026-06-01"), [MAKER.key], actor="test")
    for issued in ("2026-06-01", "2026-03-01"):
        with pytest.raises(PriceTableOld):
            tables.take(table(issued), [MAKER.key], actor="test")
    assert len(tables.taken()) == 1


@pytest.mark.parametrize(
    "forged",
    [
        table().replace(b"input = 2.00", b"input = 0.00"),
        sign(TABLE.format(issued="2026-03-01", since="2026-04-01", price="2"), STRANGER).encode(),
        sign(TABLE.format(issued="2026-03-01", since="2026-04-01", price="2"), WITNESS).encode(),
        table().rpartition(b"\n\n")[0] + b"\n",
        table()[:-20],
        b"\xff" + table(),
        b"",
    ],
    ids=["altered", "another's key", "a witness's key", "unsigned", "cut", "no text", "nothing"],
)
def test_what_no_trusted_key_signed_is_refused_and_leaves_nothing(store: Store, forged: bytes) -> None:
    tables = PriceTables(store)
    with pytest.raises(PriceTableUntrusted):
        tables.take(forged, [MAKER.key], actor="test")
    with pytest.raises(PriceTableUntrusted):
        tables.take(table(), [], actor="test")
    with store.read() as connection:
        assert not connection.execute(select(outbox)).all()
    assert not tables.taken()


HEAD = "issued = 2026-03-01T09:00:00Z\n"
ROW = HEAD + '[[price]]\nmodel = "m"\ncurrency = "{}"\ninput = {}\noutput = 1\nas_of = 2026-01-01'


@pytest.mark.parametrize(
    "text",
    [
        "issued = 2026-03-01T09:00:00",
        HEAD + "unknown = 1",
        ROW.format("EUR", "1"),
        ROW.format("USD", "-1"),
        ROW.format("USD", "nan"),
        HEAD + "[[rate]]\nsince = 2026-01-01\nwon = 0",
        "not toml",
    ],
)
def test_what_is_no_table_is_neither_signed_nor_taken(store: Store, text: str) -> None:
    with pytest.raises(PriceTableInvalid):
        sign(text, MAKER)
    with pytest.raises(PriceTableInvalid):
        read_table(text)
    assert not PriceTables(store).taken()


def test_who_signed_is_told() -> None:
    read, signers = verified(table(), [STRANGER.key, MAKER.key])
    assert signers == [MAKER.key]
    assert [row.model for row in read.price] == ["gpt-4o", "kr-model"]
