"""The limiter against a naive model that remembers everything, and its memory."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.core.values import Language, Principal
from hanbok.policy.errors import ConcurrencyExceeded, RateLimited
from hanbok.policy.key import Key, Limits
from hanbok.policy.limits import WINDOW, Limiter


def key(name: str = "a", rate: int | None = None, concurrency: int | None = None) -> Key:
    return Key(
        id=name,
        digest="",
        principal=Principal(organisation="o", key=name),
        limits=Limits(requests_per_minute=rate, concurrency=concurrency),
    )


def lets_in(limiter: Limiter, one: Key, now: float) -> bool:
    try:
        limiter.enter(one, now)
    except (RateLimited, ConcurrencyExceeded):
        return False
    return True


@dataclass
class Naive:
    """Remembers every admission for ever and counts."""

    admitted: list[tuple[str, float]] = field(default_factory=list)
    active: dict[str, int] = field(default_factory=dict)

    def enter(self, one: Key, now: float) -> bool:
        recent = sum(1 for name, at in self.admitted if name == one.id and now - at < WINDOW)
        rate, most = one.limits.requests_per_minute, one.limits.concurrency
        if rate is not None and recent >= rate:
            return False
        if most is not None and self.active.get(one.id, 0) >= most:
            return False
        self.admitted.append((one.id, now))
        self.active[one.id] = self.active.get(one.id, 0) + 1
        return True


EVENTS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["enter", "enter", "enter", "leave"]),
        st.sampled_from([0.0, 0.0, 0.25, 1.0, 7.5, 20.0, 59.75, 60.0, 61.0]),
    ),
    max_size=120,
)
LIMITS = st.fixed_dictionaries(
    {name: st.tuples(st.integers(0, 5) | st.none(), st.integers(0, 3) | st.none()) for name in "abc"}
)


@given(EVENTS, LIMITS)
def test_it_decides_as_the_naive_model(
    events: list[tuple[str, str, float]], limits: dict[str, tuple[int | None, int | None]]
) -> None:
    limiter, naive, now = Limiter(), Naive(), 1000.0
    for name, verb, wait in events:
        now += wait
        one = key(name, *limits[name])
        if verb == "enter":
            assert lets_in(limiter, one, now) is naive.enter(one, now)
        elif naive.active.get(name):
            naive.active[name] -= 1
            limiter.leave(one)


def test_no_sixty_seconds_hold_more_than_the_limit() -> None:
    limiter, times = Limiter(), []
    for tick in range(2000):
        now = tick * 0.37
        if lets_in(limiter, key(rate=10), now):
            times.append(now)
            limiter.leave(key(rate=10))
    assert all(late - early >= WINDOW for early, late in zip(times, times[10:], strict=False))
    assert len(times) == 10 * (int(2000 * 0.37 / WINDOW) + 1)


def test_the_time_to_wait_is_exact() -> None:
    limiter, one = Limiter(), key(rate=2)
    limiter.enter(one, 100.0)
    limiter.enter(one, 130.5)
    with pytest.raises(RateLimited) as caught:
        limiter.enter(one, 140.0)
    assert caught.value.facts == {"limit": 2, "retry_after": 20}
    assert "20초" in caught.value.advise(Language.KO)
    assert not lets_in(limiter, one, 159.999)
    assert lets_in(limiter, one, 160.0)
    assert not lets_in(limiter, one, 190.4)
    assert lets_in(limiter, one, 190.5)


def test_a_refused_call_uses_up_nothing() -> None:
    limiter, one = Limiter(), key(rate=2, concurrency=1)
    limiter.enter(one, 0.0)
    with pytest.raises(ConcurrencyExceeded):
        limiter.enter(one, 1.0)
    limiter.leave(one)
    assert lets_in(limiter, one, 2.0)
    limiter.leave(one)
    assert not lets_in(limiter, one, 3.0)
    with pytest.raises(ValueError, match="no call"):
        limiter.leave(one)


def test_a_changed_limit_counts_from_the_next_request() -> None:
    limiter = Limiter()
    for _ in range(4):
        limiter.enter(key(rate=5), 10.0)
    assert not lets_in(limiter, key(rate=3), 11.0)
    assert not lets_in(limiter, key(rate=3), 69.0)
    assert lets_in(limiter, key(rate=4), 70.0)
    assert lets_in(limiter, key(rate=None), 70.0)
    assert lets_in(limiter, key(rate=0, concurrency=99), 70.0) is False


def test_keys_do_not_share_limits() -> None:
    limiter = Limiter()
    assert lets_in(limiter, key("a", rate=1), 0.0)
    assert lets_in(limiter, key("b", rate=1), 0.0)
    assert not lets_in(limiter, key("a", rate=1), 0.0)


def test_idle_keys_are_forgotten_and_busy_ones_kept() -> None:
    limiter, busy = Limiter(), key("busy", concurrency=1)
    limiter.enter(busy, 0.0)
    for number in range(5000):
        one = key(f"k{number}", rate=100)
        limiter.enter(one, number * 0.1)
        limiter.leave(one)
        # At most the keys of the last minute, and as many that wait for their turn to be forgotten.
        assert len(limiter) <= 2 * 600 + 3
    with pytest.raises(ConcurrencyExceeded):
        limiter.enter(busy, 600.0)
    limiter.leave(busy)
    assert lets_in(limiter, busy, 600.0)


def test_refused_keys_leave_no_trace() -> None:
    limiter = Limiter()
    for number in range(100):
        assert not lets_in(limiter, key(f"k{number}", rate=0), 0.0)
    assert len(limiter) == 0
