"""Budgets in memory: never over the limit, settled once, by Korean days and months."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.core.values import Language, Principal
from hanbok.policy.key import Key, Limits
from hanbok.policy.ledger import BudgetExceeded, Ledger, Reservation, day_of

NOON = datetime(2026, 11, 22, 3, tzinfo=UTC)
UNLIMITED = Limits()
MIDNIGHT = datetime(2026, 11, 22, 15, tzinfo=UTC)
"""Of the Korean day 2026-11-23."""


def key(name: str = "k", day: int | None = None, month: int | None = None, organisation: str = "o") -> Key:
    who = Principal(organisation=organisation, key=name)
    return Key(id=name, digest="", principal=who, limits=Limits(won_per_day=day, won_per_month=month))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (NOON, "2026-11-22"),
        (MIDNIGHT - timedelta(microseconds=1), "2026-11-22"),
        (MIDNIGHT, "2026-11-23"),
        (datetime(2026, 12, 31, 15, tzinfo=UTC), "2027-01-01"),
        (datetime(2028, 2, 28, 15, tzinfo=UTC), "2028-02-29"),
    ],
)
def test_days_are_korean(moment: datetime, day: str) -> None:
    assert day_of(moment) == day


def test_a_limit_can_be_used_to_the_last_millionth_and_not_beyond() -> None:
    ledger = Ledger()
    ledger.reserve(key(day=100), 60, NOON)
    ledger.reserve(key(day=100), 40, NOON)
    with pytest.raises(BudgetExceeded):
        ledger.reserve(key(day=100), 1, NOON)
    ledger.reserve(key(day=100), 0, NOON)
    assert ledger.spent("key:k", NOON) == (100, 100)


@pytest.mark.parametrize(
    ("limits", "now", "budget", "resets"),
    [
        ({"day": 10}, NOON, "key.won_per_day", "2026-11-23T00:00+09:00"),
        ({"month": 10}, NOON, "key.won_per_month", "2026-12-01T00:00+09:00"),
        (
            {"month": 10},
            datetime(2026, 12, 31, 14, tzinfo=UTC),
            "key.won_per_month",
            "2027-01-01T00:00+09:00",
        ),
        ({"day": 10}, datetime(2026, 12, 31, 15, tzinfo=UTC), "key.won_per_day", "2027-01-02T00:00+09:00"),
    ],
)
def test_a_refusal_names_the_budget_and_when_it_starts_again(
    limits: dict[str, int], now: datetime, budget: str, resets: str
) -> None:
    ledger = Ledger()
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve(key(**limits), 11, now)
    assert caught.value.facts == {"budget": budget, "resets": resets}
    assert resets in caught.value.say(Language.KO)
    assert ledger.spent("key:k", now) == (0, 0)


def test_a_settlement_counts_once_and_gives_back_what_was_not_used() -> None:
    ledger = Ledger()
    held = ledger.reserve(key(day=100), 100, NOON)
    for _ in range(3):
        ledger.settle(held, 30)
    assert ledger.spent("key:k", NOON) == (30, 30)
    ledger.reserve(key(day=100), 70, NOON)


def test_a_call_that_cost_more_than_was_held_is_charged_in_full() -> None:
    ledger = Ledger()
    ledger.settle(ledger.reserve(key(day=100), 10, NOON), 150)
    assert ledger.spent("key:k", NOON) == (150, 150)
    with pytest.raises(BudgetExceeded):
        ledger.reserve(key(day=100), 1, NOON)


def test_midnight_in_korea_opens_a_new_day_and_keeps_the_month() -> None:
    ledger = Ledger()
    caller = key(day=100, month=150)
    late = ledger.reserve(caller, 100, MIDNIGHT - timedelta(seconds=1))
    ledger.reserve(caller, 50, MIDNIGHT)
    assert ledger.spent("key:k", MIDNIGHT) == (50, 150)
    with pytest.raises(BudgetExceeded):
        ledger.reserve(caller, 1, MIDNIGHT)
    ledger.settle(late, 0)
    assert ledger.spent("key:k", NOON) == (0, 50)
    assert ledger.spent("key:k", MIDNIGHT) == (50, 50)


def test_the_keys_of_an_organisation_share_its_budget() -> None:
    ledger = Ledger(lambda account: Limits(won_per_day=100 if account == "organisation:o" else None))
    ledger.reserve(key("a"), 60, NOON)
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve(key("b"), 41, NOON)
    assert caught.value.facts["budget"] == "organisation.won_per_day"
    ledger.reserve(key("b"), 40, NOON)
    ledger.reserve(key("c", organisation="other"), 10**9, NOON)
    assert ledger.spent("organisation:o", NOON) == (100, 100)
    assert ledger.spent("key:b", NOON) == (40, 40)


def test_years_of_days_do_not_fill_the_memory() -> None:
    ledger = Ledger()
    for day in range(1000):
        ledger.settle(ledger.reserve(key(), 5, NOON + timedelta(days=day)), 2)
    last = NOON + timedelta(days=999)
    assert ledger.spent("key:k", last)[0] == 2
    account = ledger._accounts["key:k"]
    assert len(account.days) + len(account.months) <= 6


def test_a_negative_reservation_is_a_slip_of_the_program() -> None:
    with pytest.raises(ValueError, match="negative"):
        Ledger().reserve(key(), -1, NOON)


@settings(max_examples=200, deadline=None)
@given(
    limit=st.integers(0, 300),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("reserve"), st.integers(0, 120)),
            st.tuples(st.just("settle"), st.integers(0, 120)),
        ),
        max_size=40,
    ),
    data=st.data(),
)
def test_what_is_held_and_spent_is_always_the_sum_of_the_calls(
    limit: int, steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    ledger = Ledger()
    calls: list[tuple[Reservation, list[int]]] = []
    for verb, amount in steps:
        total = sum(costs[0] if costs else held.amount for held, costs in calls)
        if verb == "reserve":
            try:
                calls.append((ledger.reserve(key(day=limit), amount, NOON), []))
            except BudgetExceeded:
                assert total + amount > limit
            else:
                assert total + amount <= limit
        elif calls:
            held, costs = data.draw(st.sampled_from(calls))
            ledger.settle(held, amount)
            costs.append(amount)
        total = sum(costs[0] if costs else held.amount for held, costs in calls)
        assert ledger.spent("key:k", NOON) == (total, total)


ALL = ("key:k", "organisation:o", "team:o/loans", "person:o/e-1", "model:o/big")


def member(limits: Limits = UNLIMITED) -> Key:
    who = Principal(organisation="o", key="k", team="loans", person="e-1")
    return Key(id="k", digest="", principal=who, limits=limits)


@pytest.mark.parametrize("account", ALL)
@pytest.mark.parametrize("period", ["won_per_day", "won_per_month"])
def test_a_call_is_under_every_budget_and_the_one_that_is_used_up_is_named(account: str, period: str) -> None:
    limits = Limits(**{period: 100})
    caller = member(limits if account == "key:k" else UNLIMITED)
    ledger = Ledger(lambda name: limits if name == account else UNLIMITED)
    held = ledger.reserve(caller, 90, NOON, "big")
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve(caller, 11, NOON, "big")
    assert caught.value.facts["budget"] == f"{account.partition(':')[0]}.{period}"
    assert {name: ledger.spent(name, NOON) for name in ALL} == dict.fromkeys(ALL, (90, 90))
    ledger.settle(held, 40)
    ledger.settle(held, 0)
    assert {name: ledger.spent(name, NOON) for name in ALL} == dict.fromkeys(ALL, (40, 40))
    ledger.reserve(caller, 60, NOON, "big")


def test_what_is_held_for_a_call_of_before_counts_in_every_account() -> None:
    ledger = Ledger()
    held = ledger.hold(member(Limits(won_per_day=1)), 50, "2026-11-22", "big")
    assert {ledger.spent(name, NOON) for name in ALL} == {(50, 50)}
    ledger.settle(held, 0)
    assert {ledger.spent(name, NOON) for name in ALL} == {(0, 0)}


def test_models_and_teams_of_other_organisations_have_accounts_of_their_own() -> None:
    ledger = Ledger(lambda name: Limits(won_per_day=10 if name == "model:o/big" else None))
    ledger.reserve(member(), 10, NOON, "big")
    ledger.reserve(member(), 10, NOON, "small")
    ledger.reserve(key("other", organisation="p"), 10, NOON, "big")
    with pytest.raises(BudgetExceeded):
        ledger.reserve(key("third"), 1, NOON, "big")
