"""Money: exact, rounded once, and never less reserved than spent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.core.values import Language, Usage
from hanbok.gateway.catalogue import ModelFacts, Price
from hanbok.gateway.facts import unknown_facts
from hanbok.gateway.price import ModelUnpriced, cost, estimate

DAY = date(2026, 1, 1)


def price(given: str = "3625", output: str = "14500", cached: str = "1812.5") -> Price:
    return Price(input=Decimal(given), output=Decimal(output), cached=Decimal(cached), as_of=DAY)


def facts(one: Price | None, context: int = 0, max_output: int = 0) -> ModelFacts:
    return ModelFacts(
        id="m",
        context=context,
        max_output=max_output,
        modalities=("text",),
        languages=("ko",),
        licence="",
        price=one,
    )


@pytest.mark.parametrize(
    ("usage", "of", "expected"),
    [
        (Usage(input=1_000_000, output=0), price(), 3_625_000_000),  # 3,625 won
        (Usage(input=1000, output=100), price(), 1000 * 3625 + 100 * 14500),
        (Usage(input=1000, cached=400, output=0), price(), 600 * 3625 + 400 * 1812.5),
        (Usage(input=1, cached=1), price(), 1813),  # 1812.5, half up
        (Usage(input=3), price("0.5"), 2),  # 1.5 up, once for the sum and not for each token
        (Usage(input=1), price("0.4"), 0),
        (Usage(), price(), 0),
        (Usage(input=10, output=10), price("0", "0", "0"), 0),
        # Reasoning is part of the output already.
        (Usage(output=10, reasoning=10), price(), 145_000),
        # Counts that make no sense.
        (Usage(input=5, cached=50), price(), 9063),
        (Usage(input=-5, output=-5, cached=-5), price(), 0),
    ],
)
def test_a_cost_is_tokens_times_price_rounded_half_up_once(usage: Usage, of: Price, expected: int) -> None:
    assert cost(usage, of) == expected
    assert type(cost(usage, of)) is int


def test_long_sums_stay_exact() -> None:
    assert cost(Usage(input=3_999_999_999), price("1234.56789")) == 4_938_271_558_765
    # Nobody uses more: what no record holds counts as the most that one does.
    assert cost(Usage(input=10**30), price("1")) == cost(Usage(input=10**20), price("1")) < 2**63


AMOUNT = st.decimals(min_value=0, max_value=100_000, places=4)
PRICES = st.builds(Price, input=AMOUNT, output=AMOUNT, cached=AMOUNT, as_of=st.just(DAY))
COUNT = st.integers(0, 2_000_000)


@given(PRICES, COUNT, COUNT | st.none(), COUNT, COUNT, st.data())
def test_what_is_reserved_covers_every_use_within_the_bound(
    one: Price, prompt: int, asked: int | None, context: int, longest: int, data: st.DataObject
) -> None:
    model = facts(one, context, longest)
    most_in = min(prompt, context) if context and longest else prompt
    most_out = longest or context or 131_072
    if asked is not None:
        most_out = min(most_out, asked)
    tokens = data.draw(st.integers(0, most_in))
    usage = Usage(
        input=tokens, output=data.draw(st.integers(0, most_out)), cached=data.draw(st.integers(0, tokens))
    )
    assert estimate(prompt, asked, model) >= cost(usage, one) >= 0


def test_the_estimate_is_the_bound_itself() -> None:
    model = facts(price("10", "20", "1"), context=1000, max_output=100)
    assert estimate(50, 30, model) == 50 * 10 + 30 * 20
    assert estimate(50, None, model) == 50 * 10 + 100 * 20
    assert estimate(50, 10**9, model) == 50 * 10 + 100 * 20
    assert estimate(50, -1, model) == 50 * 10
    assert estimate(10**9, 0, model) == 1000 * 10
    assert estimate(50, None, facts(price("10", "20", "1"), context=1000)) == 50 * 10 + 1000 * 20
    assert estimate(50, None, facts(price("10", "20", "1"))) == 50 * 10 + 131_072 * 20


def test_many_inputs_to_an_embedding_model_are_not_bounded_by_its_context() -> None:
    assert estimate(1_000_000, None, facts(price("2", "0", "0"), context=8191)) == 2_000_000


def test_bytes_bound_the_tokens_of_korean_text() -> None:
    """The most wasteful tokeniser in use takes one token a byte: three for a syllable."""
    text = "가" * 100
    one = price("10", "0", "10")
    assert estimate(len(text.encode()), 0, facts(one)) == cost(Usage(input=300), one)


def test_a_model_without_a_price_is_refused() -> None:
    with pytest.raises(ModelUnpriced, match="'new-model'") as caught:
        estimate(10, 10, unknown_facts("new-model"))
    assert caught.value.code == "model_unpriced"
    assert "가격" in caught.value.say(Language.KO)
