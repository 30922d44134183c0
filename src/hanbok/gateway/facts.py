"""Loads what is known of models: data files by maker, prices turned into won."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Final, Literal

import msgspec

from hanbok.core.values import Part
from hanbok.gateway.catalogue import ModelFacts, Price

_FOLDER: Final = files("hanbok.gateway") / "models"
_RATES: Final = "rates.toml"


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


class _Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    also: tuple[str, ...] = ()
    context: int
    max_output: int = 0
    modalities: tuple[str, ...]
    languages: tuple[str, ...]
    licence: str
    price: ListPrice | None = None


class _Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[_Model, ...]


class _Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    since: date
    won: Decimal


class _Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rate: tuple[_Rate, ...]


def load_facts(on: date) -> Mapping[str, ModelFacts]:
    """Return what is known of each model, by every name of it; dollars at the newest rate not after this day."""
    won = won_per_dollar(on)
    facts: dict[str, ModelFacts] = {}
    for model in _models():
        price = None if model.price is None else _in_won(model.price, won)
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
                price=price,
            )
    return facts


def unknown_facts(name: str) -> ModelFacts:
    """Return the facts of a model that no file knows: none, and no price."""
    return ModelFacts(
        id=name, context=0, max_output=0, modalities=("text",), languages=(), licence="", price=None
    )


def declared(facts: ModelFacts, price: ListPrice, on: date) -> ModelFacts:
    """Return the facts with the price that an operator declares; dollars at the newest rate not after this day."""
    return replace(facts, price=_in_won(price, won_per_dollar(on)))


def won_per_dollar(on: date) -> Decimal:
    """Return the newest rate that is not after this day; before the first one, the first."""
    rates = sorted(msgspec.convert(_read(_RATES), _Rates).rate, key=lambda rate: rate.since)
    return next((rate.won for rate in reversed(rates) if rate.since <= on), rates[0].won)


def _models() -> Iterator[_Model]:
    for entry in sorted(_FOLDER.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml") and entry.name != _RATES:
            yield from msgspec.convert(_read(entry.name), _Models).model


def _read(name: str) -> dict[str, object]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"), parse_float=Decimal)


def _in_won(price: ListPrice, won_per_dollar: Decimal) -> Price:
    rate = won_per_dollar if price.currency == "USD" else Decimal(1)
    cached = price.input if price.cached_input is None else price.cached_input
    own: dict[Part, Decimal | None] = {part: getattr(price, part) for part in Part}
    return Price(
        input=price.input * rate,
        output=price.output * rate,
        cached=cached * rate,
        as_of=price.as_of,
        parts={part: amount * rate for part, amount in own.items() if amount is not None},
    )
