"""Two places asked for one answer: whatever happens, both are let go, paid for and told."""

import asyncio
from dataclasses import replace

import pytest

from hanbok.core.values import Destination, Form, Zone
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.catalogue import ModelFacts, Target
from hanbok.gateway.hedging import hedged

FACTS = ModelFacts(id="m", context=0, max_output=0, modalities=(), languages=(), licence="", price=None)
HOME = Destination(endpoint="one", country="KR", zone=Zone.DOMESTIC, operator="x")
ONE = Planned(target=Target(endpoint="one", destination=HOME, model="m", facts=FACTS), form=Form.AS_IS)
TWO = replace(ONE, target=replace(ONE.target, endpoint="two"))


class Places:
    """The first never answers and is slow to leave; the second answers where it is told to."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.closed: list[str] = []
        self.both = asyncio.Event()
        self.leaving = asyncio.Event()

    async def ask(self, call: Call, planned: Planned) -> Reply:
        name = planned.target.endpoint
        call.ending.used, call.ending.sent = planned, f"sent to {name}"

        def settle() -> None:
            self.closed.append(name)
            call.ending.cost += 5

        call.at_end(settle)
        if planned is TWO:
            self.both.set()
            if self.answers:
                return Reply(body=b"2")
        try:
            await asyncio.Event().wait()
        finally:
            if self.answers:
                self.leaving.set()
                await asyncio.Event().wait()
        raise AssertionError


def call() -> Call:
    return Call(
        id="1",
        route="/",
        operation=Operation.CHAT,
        body=b"",
        headers={},
        origin="",
        digest="",
        model="m",
        stream=False,
    )


async def left_at(asked: Call, places: Places, event: asyncio.Event) -> None:
    task = asyncio.ensure_future(hedged(asked, (ONE, TWO), 0, places.ask))
    await event.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    asked.finish()


async def test_a_client_that_leaves_while_the_loser_is_let_go_leaves_nothing_open() -> None:
    asked, places = call(), Places(answers=True)
    await left_at(asked, places, places.leaving)
    assert sorted(places.closed) == ["one", "two"]
    assert asked.ending.cost == 10
    assert asked.ending.attempts == ["one:outrun"]
    assert asked.ending.used is TWO


async def test_a_hedge_that_is_left_tells_who_was_told_what() -> None:
    asked, places = call(), Places(answers=False)
    await left_at(asked, places, places.both)
    assert sorted(places.closed) == ["one", "two"]
    assert asked.ending.cost == 10
    assert asked.ending.attempts == ["one:left", "two:left"]
    assert (asked.ending.used, asked.ending.sent) == (TWO, "sent to two")
