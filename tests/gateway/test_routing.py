"""Which place is tried first, and when one that fails is left alone."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from hanbok.core.errors import HanbokError
from hanbok.core.values import DataUse, Destination, Form, Principal, Zone
from hanbok.gateway.call import Call, Operation, Planned
from hanbok.gateway.catalogue import By, ModelFacts, Offer, Price, Routing, Target
from hanbok.gateway.errors import UnsupportedRequest, UpstreamFailed, UpstreamUnreachable
from hanbok.gateway.health import Breaker, Health
from hanbok.gateway.routing import SESSION, Router


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def target(name: str, *, weight: float = 1.0, won: int = 1) -> Target:
    there = Destination(
        endpoint=name,
        country="KR",
        zone=Zone.HOME,
        operator="self",
        data_use=DataUse(trains=False),
        certificates=(),
    )
    price = Price(input=Decimal(won), output=Decimal(won), cached=Decimal(won), as_of=date(2026, 11, 1))
    facts = ModelFacts(
        id="m", context=0, max_output=0, modalities=("text",), languages=(), licence="", price=price
    )
    return Target(endpoint=name, destination=there, model="m", facts=facts, weight=weight)


def call(routing: Routing, *targets: Target, session: str = "") -> Call:
    return Call(
        id="c",
        route="/v1/chat/completions",
        operation=Operation.CHAT,
        body=b"",
        headers={SESSION: session} if session else {},
        origin="",
        digest="",
        model="m",
        stream=False,
        principal=Principal(organisation="o", key="k"),
        offer=Offer(name="m", targets=targets, routing=routing),
        plan=tuple(Planned(target=one, form=Form.AS_IS) for one in targets),
    )


def order(router: Router, asked: Call) -> list[str]:
    return [one.target.endpoint for one in router.ranked(asked)]


A, B, C = target("a", weight=90, won=3), target("b", weight=9, won=1), target("c", weight=1, won=2)
DOWN = UpstreamUnreachable(origin="a", why="refused")


def failed(status: int, retry_after: str = "") -> HanbokError:
    return UpstreamFailed(origin="a", status=status, reason="x", retry_after=retry_after)


def test_the_order_of_the_settings_and_of_the_price() -> None:
    router = Router(Health())
    assert order(router, call(Routing(), A, B, C)) == ["a", "b", "c"]
    assert order(router, call(Routing(by=By.COST), A, B, C)) == ["b", "c", "a"]


def test_lots_fall_as_the_weights_say() -> None:
    router = Router(Health(), Random(7).random)
    asked = call(Routing(by=By.WEIGHT), A, B, C)
    first = Counter(order(router, asked)[0] for _ in range(20_000))
    assert first["a"] == pytest.approx(18_000, rel=0.02)
    assert first["b"] == pytest.approx(1_800, rel=0.1)
    assert first["c"] == pytest.approx(200, rel=0.3)


def test_a_session_stays_and_sessions_spread_by_weight() -> None:
    routing = Routing(by=By.WEIGHT, sticky=True)
    orders = {
        name: order(Router(Health()), call(routing, A, B, C, session=name)) for name in map(str, range(2_000))
    }
    for name in ("1", "77", "1234"):
        assert order(Router(Health()), call(routing, C, B, A, session=name)) == orders[name]
    assert Counter(one[0] for one in orders.values())["a"] == pytest.approx(1_800, rel=0.05)


def test_the_quickest_and_the_idlest_go_first() -> None:
    clock = Clock()
    health = Health(clock=clock)
    for place, seconds in ((A, 3.0), (B, 1.0)):
        visit = health.enter(place)
        clock.now += seconds
        visit.answered()
        if place is A:
            visit.left()
    router = Router(health)
    assert order(router, call(Routing(by=By.LATENCY), A, B, C)) == ["c", "b", "a"]
    assert order(router, call(Routing(by=By.BUSY), B, A, C)) == ["a", "c", "b"]


def test_a_place_that_fails_is_tried_last_for_a_while_and_then_probed_by_one() -> None:
    clock = Clock()
    health = Health(breaker=Breaker(failures=3, seconds=5, longest=8), clock=clock)
    router, asked = Router(health), call(Routing(), A, B)
    for _ in range(2):
        health.enter(A).failed(DOWN)
        assert order(router, asked) == ["a", "b"]
    health.enter(A).failed(DOWN)
    assert order(router, asked) == ["b", "a"]
    clock.now += 5.1
    assert order(router, asked) == ["a", "b"]
    probe = health.enter(A)
    assert order(router, asked) == ["b", "a"]
    probe.failed(DOWN)
    probe.left()
    clock.now += 5.1
    assert order(router, asked) == ["b", "a"], "the second pause is longer"
    clock.now += 3
    assert order(router, asked) == ["a", "b"]
    probe = health.enter(A)
    probe.answered()
    probe.left()
    health.enter(A).failed(DOWN)
    assert order(router, asked) == ["a", "b"], "after an answer the count begins anew"


def test_a_probe_that_nobody_waited_for_gives_way_to_the_next() -> None:
    clock = Clock()
    health = Health(breaker=Breaker(failures=1, seconds=1), clock=clock)
    health.enter(A).failed(DOWN)
    clock.now += 2
    probe = health.enter(A)
    assert not health.ready(A)
    probe.left()
    assert health.ready(A)


@pytest.mark.parametrize("status", [429, 503])
def test_a_place_that_asks_for_time_gets_it_at_once(status: int) -> None:
    clock = Clock()
    health = Health(clock=clock)
    health.enter(A).failed(failed(status, "7"))
    assert not health.ready(A)
    clock.now += 7.1
    assert health.ready(A)
    health.enter(B).failed(failed(429, "999999"))
    clock.now += 300.1
    assert health.ready(B)


@pytest.mark.parametrize("error", [failed(401), UnsupportedRequest(dialect="d", feature="f")])
def test_what_is_not_the_places_fault_does_not_count(error: HanbokError) -> None:
    health = Health(breaker=Breaker(failures=1))
    visit = health.enter(A)
    visit.failed(error)
    visit.left()
    visit.left()
    assert health.ready(A)
    assert health.of(A).under_way == 0
