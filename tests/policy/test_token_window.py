"""Tokens a minute: the window against a naive model that remembers every call, and what gates do with it."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.core.values import Principal
from hanbok.policy import gate as gates
from hanbok.policy.errors import TokenRateLimited
from hanbok.policy.gate import Here
from hanbok.policy.key import Key, Limits
from hanbok.policy.ledger import BudgetExceeded, Ledger
from hanbok.policy.limits import WINDOW, Limiter
from hanbok.policy.token_window import SPAN, TokenWindow

NOON = datetime(2026, 11, 22, 3, tzinfo=UTC)
MOST = 100


@dataclass
class Naive:
    """When tokens counted, and how many: held ones from the call's beginning, and more from when they were known."""

    counted: list[list[float]] = field(default_factory=list)

    def within(self, now: float) -> float:
        return sum(tokens for at, tokens in self.counted if now - at < WINDOW)

    def add(self, at: float, tokens: float) -> list[float]:
        self.counted.append([at, tokens])
        return self.counted[-1]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "enter", "leave"]),
        st.integers(1, MOST),
        st.sampled_from([0.0, 0.0, 0.25, 0.999, 1.0, 7.5, 20.0, 59.75, 60.0, 61.0]),
    ),
    max_size=80,
)


@given(EVENTS, st.booleans())
def test_no_sixty_seconds_hold_more_than_the_limit_but_for_answers_longer_than_was_held(
    events: list[tuple[str, int, float]], overshoots: bool
) -> None:
    window, naive, now, over = TokenWindow(), Naive(), 1000.0, 0
    inside = []
    for verb, tokens, wait in events:
        now += wait
        if verb == "leave" and inside:
            where, held, mine = inside.pop(0)
            used = tokens if overshoots else min(tokens, held)
            window.settle(where, held, used, now)
            mine[1] = min(held, used)
            if used > held:
                naive.add(now, used - held)
                over += used - held
        elif verb == "enter":
            seconds = window.wait(tokens, MOST, now)
            if seconds == 0:
                inside.append((window.add(tokens, now), tokens, naive.add(now, tokens)))
                # What is let in fits now, and so in every minute that ends later.
                assert naive.within(now) <= MOST
            else:
                # It was not refused for nothing: a second more than a minute is all that it is careful.
                there = sum(n for at, n in naive.counted if math.floor(now) - math.floor(at) < SPAN)
                assert there + tokens > MOST
                assert 1 <= seconds <= SPAN
    if not over:
        for end, _ in naive.counted:
            assert naive_between(naive, end) <= MOST


def naive_between(naive: Naive, end: float) -> float:
    return sum(tokens for at, tokens in naive.counted if end - WINDOW < at <= end)


def test_the_wait_is_until_enough_is_forgotten_and_no_longer() -> None:
    window = TokenWindow()
    for at, tokens in ((100.2, 30), (110.9, 30), (130.0, 40)):
        window.add(tokens, at)
    assert [window.wait(tokens, MOST, 140.0) for tokens in (1, 30, 31, 60, 61, 100)] == [
        21,
        21,
        31,
        31,
        51,
        51,
    ]
    assert window.wait(30, MOST, 160.99) == 1
    assert window.wait(30, MOST, 161.0) == 0
    assert not window.idle(190.9)
    assert window.idle(191.0)


def key(**limits: int) -> Key:
    return Key(id="k", digest="", principal=Principal(organisation="o", key="k"), limits=Limits(**limits))


@dataclass
class Stand:
    here: Here
    time: float = 1000.0


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    stand = Stand(Here(Limiter(), Ledger(), lambda: NOON))
    monkeypatch.setattr(gates, "monotonic", lambda: stand.time)
    return stand


async def test_what_a_call_did_not_use_is_given_back_and_what_is_not_known_counts_as_held(
    stand: Stand,
) -> None:
    here, one = stand.here, key(tokens_per_minute=MOST)
    held = await here.enter("a", one, "m", 0, 90)
    with pytest.raises(TokenRateLimited) as caught:
        await here.enter("b", one, "m", 0, 11)
    assert caught.value.facts == {"limit": MOST, "tokens": 11, "retry_after": 61}
    held.leave(0, 30)
    (await here.enter("b", one, "m", 0, 40)).leave(0)
    (await here.enter("c", one, "m", 0, 30)).leave(0, 0)
    (await here.enter("d", one, "m", 0, 30)).leave(0, 30)
    with pytest.raises(TokenRateLimited):
        await here.enter("e", one, "m", 0, 1)
    stand.time += SPAN
    await here.enter("e", one, "m", 0, MOST)


async def test_an_answer_longer_than_was_held_keeps_others_out_for_a_minute_after_it(stand: Stand) -> None:
    here, one = stand.here, key(tokens_per_minute=MOST)
    long = await here.enter("a", one, "m", 0, 10)
    stand.time += 300
    long.leave(0, 500)
    with pytest.raises(TokenRateLimited) as caught:
        await here.enter("b", one, "m", 0, 1)
    assert caught.value.facts["retry_after"] == 61
    await here.enter("c", one, "m", 0)  # a tool's call, of no tokens
    stand.time += SPAN
    (await here.enter("b", one, "m", 0, MOST)).leave(0, MOST)


async def test_a_call_that_is_refused_for_money_or_tokens_uses_up_nothing(stand: Stand) -> None:
    here, one = stand.here, key(tokens_per_minute=MOST, won_per_day=10, requests_per_minute=3)
    with pytest.raises(BudgetExceeded):
        await here.enter("a", one, "m", 11, MOST)
    held = await here.enter("b", one, "m", 10, MOST)
    for _ in range(5):
        with pytest.raises(TokenRateLimited):
            await here.enter("c", one, "m", 0, 1)
    held.leave(0, 0)
    await here.enter("d", one, "m", 0, 1)


async def test_a_call_of_an_earlier_process_counts_when_it_ends(stand: Stand) -> None:
    here, one = stand.here, key(tokens_per_minute=MOST)
    carried = here.resume("a", one, "m", 0, "2026-11-22")
    (await here.enter("b", one, "m", 0, MOST)).leave(0, 0)
    carried.leave(0, MOST)
    with pytest.raises(TokenRateLimited):
        await here.enter("b", one, "m", 0, 1)


async def test_keys_without_the_limit_remember_no_tokens(stand: Stand) -> None:
    here = stand.here
    (await here.enter("a", key(), "m", 0)).leave(0, 10**9)
    (await here.enter("b", key(tokens_per_minute=MOST), "m", 0, MOST)).leave(0)
    stand.time += SPAN
    for number in range(48):
        (await here.enter("a", Key(id=str(number), digest="", principal=key().principal), "m", 0)).leave(0)
    assert len(here.limiter) <= 16
