"""Facts of models: data files that load, prices in exact won."""

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest

from hanbok.gateway import facts as loader
from hanbok.gateway.catalogue import Price
from hanbok.gateway.facts import declared, load_facts, load_prices, unknown_facts
from hanbok.gateway.price_list import ListPrice

DAY = date(2026, 11, 22)
FOLDER = files("hanbok.gateway") / "models"
FACTS = load_facts(DAY)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_every_model_says_what_it_is(name: str) -> None:
    model = FACTS[name]
    assert model.id == name
    assert model.context >= model.max_output >= 0
    assert "text" in model.modalities
    assert model.languages
    assert model.licence
    if model.price is not None:
        assert model.price.as_of <= DAY
        assert model.price.cached <= model.price.input
        assert min(model.price.input, model.price.output, model.price.cached) >= 0


@pytest.mark.parametrize(
    "name",
    [
        *("gpt-4o", "gpt-4o-mini", "gpt-4.1", "o3", "text-embedding-3-small", "text-embedding-3-large"),
        *("claude-sonnet-4-5-20250929", "gemini-2.5-flash", "gemma-3-270m"),
    ],
)
def test_the_usual_models_have_a_price(name: str) -> None:
    assert FACTS[name].price is not None


def test_what_could_not_be_checked_has_no_price() -> None:
    assert {name for name, model in FACTS.items() if "solar" in name or "HCX" in name} <= {
        name for name, model in FACTS.items() if model.price is None
    }


def test_the_embedded_model_costs_nothing() -> None:
    price = FACTS["gemma-3-270m"].price
    assert price is not None
    assert (price.input, price.output, price.cached) == (0, 0, 0)
    assert "Gemma" in FACTS["gemma-3-270m"].licence


def test_dollars_become_won_exactly_at_the_rate_of_the_day() -> None:
    def mini(on: date) -> Price | None:
        return load_facts(on)["gpt-4o-mini"].price

    as_of = date(2025, 8, 7)
    assert mini(date(2025, 10, 31)) == Price(
        input=Decimal("204.5970"), output=Decimal("818.3880"), cached=Decimal("102.29850"), as_of=as_of
    )
    assert mini(date(2025, 11, 1)) == Price(
        input=Decimal("217.50"), output=Decimal(870), cached=Decimal("108.75"), as_of=as_of
    )


@pytest.mark.parametrize(
    ("on", "won"),
    [
        (date(2020, 1, 1), "1305.41"),
        (date(2024, 12, 31), "1305.41"),
        (date(2025, 1, 1), "1363.98"),
        (date(2025, 11, 1), "1450"),
        (date(2030, 1, 1), "1450"),
    ],
)
def test_the_newest_rate_not_after_the_day_counts(on: date, won: str) -> None:
    assert load_prices().won_per_dollar(on) == Decimal(won)


def test_an_operator_declares_a_price() -> None:
    price = ListPrice(currency="KRW", input=Decimal(500), output=Decimal("1500.5"), as_of=DAY)
    known = declared(unknown_facts("ours"), price, DAY, load_prices())
    assert known == replace(
        unknown_facts("ours"),
        price=Price(input=Decimal(500), output=Decimal("1500.5"), cached=Decimal(500), as_of=DAY),
    )
    dollars = ListPrice(
        currency="USD", input=Decimal("0.1"), output=Decimal("0.2"), cached_input=Decimal("0.01"), as_of=DAY
    )
    assert declared(FACTS["gpt-4o"], dollars, DAY, load_prices()).price == Price(
        input=Decimal(145), output=Decimal(290), cached=Decimal("14.5"), as_of=DAY
    )


def test_an_unknown_model_has_no_price() -> None:
    assert "gpt-99" not in FACTS
    assert unknown_facts("gpt-99").price is None


def test_every_file_beside_the_rates_is_loaded() -> None:
    listed = {
        name
        for entry in FOLDER.iterdir()
        if entry.name.endswith(".toml") and entry.name != "rates.toml"
        for model in tomllib.loads(entry.read_text(encoding="utf-8"))["model"]
        for name in (model["id"], *model.get("also", []))
    }
    assert listed == set(FACTS)


def test_two_models_of_one_name_are_a_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = [*loader._models(), next(loader._models())]
    monkeypatch.setattr(loader, "_models", lambda: iter(twice))
    with pytest.raises(ValueError, match="two models are named"):
        load_facts(DAY)
