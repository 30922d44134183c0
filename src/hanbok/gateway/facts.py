"""Loads what is known of models: data files by maker, each model with what it costs from which day on."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Final

import msgspec

from hanbok.gateway.catalogue import ModelFacts
from hanbok.gateway.price_list import ListPrice, PriceList, PriceRow, PriceTable, Rate

_FOLDER: Final = files("hanbok.gateway") / "models"
_RATES: Final = "rates.toml"


class _Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    also: tuple[str, ...] = ()
    context: int
    max_output: int = 0
    modalities: tuple[str, ...]
    languages: tuple[str, ...]
    licence: str
    price: ListPrice | tuple[ListPrice, ...] = ()

    @property
    def prices(self) -> tuple[ListPrice, ...]:
        return self.price if isinstance(self.price, tuple) else (self.price,)


class _Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[_Model, ...]


class _Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rate: tuple[Rate, ...]


def load_facts(on: date, prices: PriceList | None = None) -> Mapping[str, ModelFacts]:
    """Return what is known of each model, by every name of it, with what it costs on this day."""
    prices = prices or load_prices()
    facts: dict[str, ModelFacts] = {}
    for model in _models():
        for name in (model.id, *model.also):
            if name in facts:
                raise ValueError(f"two models are named {name!r}")
            facts[name] = ModelFacts(
                id=name,
                context=model.context,
                max_output=model.max_output,
                modalities=model.modalities,
                languages=model.languages,
                licence=model.licence,
                price=prices.of(name, on),
            )
    return facts


def load_prices(tables: Sequence[PriceTable] = ()) -> PriceList:
    """Return the prices that hanbok brings, and above them those of `tables`, in the order of their issue."""
    rates = msgspec.convert(_read(_RATES), _Rates).rate
    rows = tuple(
        PriceRow(model=name, **msgspec.structs.asdict(price))
        for model in _models()
        for name in (model.id, *model.also)
        for price in model.prices
    )
    shipped = PriceTable(issued=datetime.min.replace(tzinfo=UTC), price=rows, rate=rates)
    return PriceList([shipped, *tables])


def unknown_facts(name: str) -> ModelFacts:
    """Return the facts of a model that no file knows: none, and no price."""
    return ModelFacts(
        id=name, context=0, max_output=0, modalities=("text",), languages=(), licence="", price=None
    )


def declared(facts: ModelFacts, price: ListPrice, on: date, prices: PriceList) -> ModelFacts:
    """Return the facts with the price that an operator declares; dollars at the newest rate not after this day."""
    return replace(facts, price=prices.in_won(price, on))


def _models() -> Iterator[_Model]:
    for entry in sorted(_FOLDER.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml") and entry.name != _RATES:
            yield from msgspec.convert(_read(entry.name), _Models).model


def _read(name: str) -> dict[str, object]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"), parse_float=Decimal)
