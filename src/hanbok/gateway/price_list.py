"""What models cost, by day: rows of shipped and signed tables, each valid from a day on, dollars turned into won."""

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Part, Text
from hanbok.gateway.catalogue import Price


class PriceTableInvalid(HanbokError):
    code = "price_table_invalid"
    message = Text(ko="가격표를 받아들일 수 없습니다: {why}", en="the price table cannot be taken: {why}")
    hint = Text(
        ko="가격표의 형식은 문서 '비용'에 있습니다. 만든 곳에 알리십시오.",
        en="The page on costs tells the format. Tell whoever made the table.",
    )


class ListPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price as its maker lists it, per million tokens."""

    currency: Literal["KRW", "USD"]
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    """None: cached input costs what other input costs. So it is with all parts below (`Part`)."""
    cache_write: Decimal | None = None
    cache_write_hour: Decimal | None = None
    audio_input: Decimal | None = None
    image_input: Decimal | None = None
    reasoning: Decimal | None = None
    audio_output: Decimal | None = None
    image_output: Decimal | None = None
    as_of: date
    """The day from which it is valid."""

    def __post_init__(self) -> None:
        """Raise ValueError for an amount that is no price."""
        amounts = (one for one in msgspec.structs.astuple(self) if isinstance(one, Decimal))
        if not all(one.is_finite() and one >= 0 for one in amounts):
            raise ValueError("a price is a number that is not below zero")


class PriceRow(ListPrice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: str


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Won for a dollar, from a day on."""

    since: date
    won: Decimal

    def __post_init__(self) -> None:
        """Raise ValueError for what is no rate."""
        if not (self.won.is_finite() and self.won > 0):
            raise ValueError("a rate is a number above zero")


class PriceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices and rates that were made known together."""

    issued: datetime
    """With its offset: of two rows for one model and day, that of the later table counts."""
    price: tuple[PriceRow, ...] = ()
    rate: tuple[Rate, ...] = ()


def read_table(text: str) -> PriceTable:
    """Read a table in TOML. Raises PriceTableInvalid."""
    try:
        table = msgspec.convert(tomllib.loads(text, parse_float=Decimal), PriceTable)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise PriceTableInvalid(why=str(error)) from None
    if table.issued.tzinfo is None:
        raise PriceTableInvalid(why=Text(ko="issued에 시간대가 없습니다", en="`issued` has no offset"))
    return table


class PriceList:
    """Everything that is known of prices, so that any day can be asked for."""

    def __init__(self, tables: Sequence[PriceTable]) -> None:
        """Take the tables in the order in which they were issued."""
        self._prices = defaultdict[str, dict[date, PriceRow]](dict)
        self._rates: dict[date, Decimal] = {}
        for table in tables:
            for row in table.price:
                self._prices[row.model][row.as_of] = row
            self._rates |= {rate.since: rate.won for rate in table.rate}

    def listed(self, model: str, on: date) -> ListPrice | None:
        """Return the newest price that is not after this day; before the first one, the first; None: not known."""
        rows = self._prices.get(model)
        return rows[_newest(rows, on)] if rows else None

    def rows(self, model: str) -> list[PriceRow]:
        """Return all prices of a model, the oldest first."""
        return [row for _, row in sorted(self._prices.get(model, {}).items())]

    @property
    def models(self) -> list[str]:
        return sorted(self._prices)

    @property
    def rates(self) -> list[Rate]:
        """The rates, the oldest first."""
        return [Rate(since=since, won=won) for since, won in sorted(self._rates.items())]

    def won_per_dollar(self, on: date) -> Decimal:
        """Return the newest rate that is not after this day; before the first one, the first."""
        return self._rates[_newest(self._rates, on)]

    def of(self, model: str, on: date) -> Price | None:
        """Return what the model costs on this day, in won; None: not known."""
        price = self.listed(model, on)
        return None if price is None else self.in_won(price, on)

    def in_won(self, price: ListPrice, on: date) -> Price:
        """Turn a price into won at the rate of this day."""
        rate = self.won_per_dollar(on) if price.currency == "USD" else Decimal(1)
        cached = price.input if price.cached_input is None else price.cached_input
        own: dict[Part, Decimal | None] = {part: getattr(price, part) for part in Part}
        return Price(
            input=price.input * rate,
            output=price.output * rate,
            cached=cached * rate,
            as_of=price.as_of,
            parts={part: amount * rate for part, amount in own.items() if amount is not None},
        )


def _newest(days: dict[date, PriceRow] | dict[date, Decimal], on: date) -> date:
    return max((day for day in days if day <= on), default=min(days))
