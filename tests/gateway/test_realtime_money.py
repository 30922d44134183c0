"""What a session used is charged, whoever asked for it, whenever it is told, and however the session ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode

from hanbok.core.errors import HanbokError
from hanbok.core.values import DataUse, Destination, Form, Part, Principal, Usage, Zone
from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.catalogue import ModelFacts, Price, Target
from hanbok.gateway.path import Path
from hanbok.gateway.realtime import refusals
from hanbok.gateway.realtime import session as module
from hanbok.gateway.realtime.call import Opened
from hanbok.gateway.realtime.line import Line
from hanbok.gateway.realtime.saying import Owe, Say, Settle, showing_of
from hanbok.gateway.realtime.session import Session
from hanbok.gateway.realtime.speaker import Speaker
from hanbok.gateway.showing import Showing
from hanbok.gateway.step import Next
from hanbok.guard.pseudonym import Pseudonyms
from hanbok.policy.gate import Here
from hanbok.policy.key import Key, Limits
from hanbok.policy.ledger import BudgetExceeded, Ledger, account_of
from hanbok.policy.limits import Limiter
from realtime_wire import opened, sent

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
PRICE = Price(
    input=Decimal(1),
    output=Decimal(2),
    cached=Decimal(1),
    as_of=date(2026, 11, 1),
    parts={Part.AUDIO_INPUT: Decimal(4), Part.AUDIO_OUTPUT: Decimal(8)},
)
FACTS = ModelFacts(id="m", context=0, max_output=0, modalities=(), languages=(), licence="", price=PRICE)
HOME = Destination(endpoint="e", country="KR", zone=Zone.HOME, operator="self", data_use=DataUse())
TARGET = Target(endpoint="e", destination=HOME, model="m", facts=FACTS)
SPENT = Key(
    id="k",
    digest="d",
    principal=Principal(organisation="o", key="k"),
    limits=Limits(won_per_day=0, concurrency=0),
)
"""A key that nothing more may be done with."""
USED = {"usage": {"input_tokens": 10, "output_tokens": 5}}
SOUND = {"type": "input_audio_buffer.append", "audio": "AAAA"}
HEARD: Any = {
    "kind": "conversation.item.input_audio_transcription.completed",
    "usage": {"type": "duration", "seconds": 2},
}


class Admit:
    """Lets in what is said, or does not."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.refuses = False
        self.target = TARGET

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if self.refuses:
            raise BudgetExceeded(budget="key.won_per_day", resets="")
        self.calls.append(call)
        call.plan, body = (Planned(target=self.target, form=Form.AS_IS),), call.body
        call.body_in = lambda _: body
        return await call_next(call)


class Note:
    """Keeps the calls that nothing refuses."""

    def __init__(self, calls: list[Call]) -> None:
        self._calls = calls

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        self._calls.append(call)
        return await call_next(call)


class Laid:
    """The rules in force."""

    idle = longest = 60.0

    def __init__(self) -> None:
        self.admit = Admit()
        self.ledger = Ledger()
        self.ledger.hold(SPENT, 7, "2026-11-22", "talk")
        self.path = Path([self.admit, Say()])
        gate = Here(Limiter(), self.ledger, lambda: NOW)
        self.account = Path([Owe(gate), Note(self.admit.calls), Settle()])
        self.stands = True

    def check(self, key: Key) -> None:
        """It is in force."""

    def serves(self, _: Opened) -> bool:
        return self.stands

    def showing(self, session: Line) -> Showing:
        return showing_of(session, {}, None)


class Both:
    """The client and the provider of a session."""

    def __init__(self, rules: Laid, *, writes: bool = False, begins: dict[str, Any] | None = None) -> None:
        self.rules = rules
        client, self._screen, self._browser = opened()
        self._screen.written.clear()
        provider, self.wire, self._there = opened()
        aborting: Any = type("Line", (), {"peer": provider, "abort": lambda _: provider.lost()})()
        self._client, self._provider = client, provider
        self.session = Session(
            Speaker(SPENT, "talk", ""),
            Opened(TARGET, endpoint=None, line=aborting),  # type: ignore[arg-type]
            client,
            hider=Pseudonyms({}),
            rules=lambda: self.rules,
            shape=_shape,
            begins=begins,
            writes=writes,
        )
        self.running = asyncio.ensure_future(self.session.run())

    async def says(self, event: dict[str, Any]) -> None:
        await self._feed(self._client, self._browser, event)

    async def tells(self, kind: str, response: dict[str, Any] | None = None, **members: Any) -> None:
        told = {} if response is None else {"response": {"id": "r", **response}}
        await self._feed(self._provider, self._there, {"type": kind, **told, **members})

    def shown(self) -> list[dict[str, Any]]:
        """Return what the client was shown since the last time."""
        self._browser.receive_data(bytes(self._screen.written))
        self._screen.written.clear()
        events = self._browser.events_received()
        return [json.loads(bytes(one.data)) for one in events if getattr(one, "opcode", 0) == Opcode.TEXT]

    async def over(self) -> None:
        await asyncio.wait_for(self.running, 5)

    async def _feed(self, peer: Any, other: ClientProtocol, event: dict[str, Any]) -> None:
        peer.feed(sent(other, Frame(Opcode.TEXT, json.dumps(event).encode())))
        for _ in range(20):
            await asyncio.sleep(0)


def _shape(error: HanbokError) -> dict[str, Any]:
    return {"message": error.code}


@asynccontextmanager
async def going(**how: Any) -> AsyncIterator[Both]:
    both = Both(Laid(), **how)
    try:
        yield both
    finally:
        both.session._client.lost()
        await both.over()


async def test_a_response_that_nobody_asked_for_and_nothing_lets_in_is_charged_and_ends_the_session() -> None:
    async with going() as both:
        both.rules.admit.refuses = True
        await both.tells("response.created", {})
        assert not both.running.done()
        await both.tells("response.done", USED)
        await both.over()
    (call,) = both.rules.admit.calls
    assert call.ending.usage == Usage(input=10, output=5)
    assert call.ending.cost == 10 + 2 * 5
    assert both.rules.ledger.spent(account_of("key", "o", "k"), NOW)[0] == 7 + call.ending.cost


async def test_one_that_never_tells_what_it_used_is_charged_by_a_guess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refusals, "_LAST", -1.0)
    monkeypatch.setattr(module, "_TICK", 0.001)
    async with going() as both:
        both.rules.admit.refuses = True
        both.session.line.last = Usage(input=10, output=5)
        both._provider.feed(
            sent(
                both._there,
                *(
                    Frame(Opcode.TEXT, json.dumps(one).encode())
                    for one in (
                        {"type": "response.created", "response": {"id": "r"}},
                        {"type": "response.output_audio.delta", "response_id": "r", "delta": "A" * 32_000},
                    )
                ),
            )
        )
        await both.over()
    (call,) = both.rules.admit.calls
    assert call.ending.usage is not None
    assert call.ending.usage.input >= 15
    assert call.ending.usage.parts == {"audio_output": 12}


async def test_sound_of_an_answer_that_is_left_is_charged_as_sound() -> None:
    async with going() as both:
        await both.says({"type": "response.create"})
        await both.tells("response.created", {})
        await both.tells("response.output_audio.delta", response_id="r", delta="A" * 32_000)
    (call,) = both.rules.admit.calls
    assert call.ending.usage is not None
    assert call.ending.usage.parts == {"audio_output": 12}
    assert call.ending.cost >= 12 * 8


A_SECOND = 64_000
"""Bytes of base64 of a second of PCM at 24 kHz and 16 bits."""


@pytest.mark.parametrize(
    ("shape", "told", "expected", "cost"),
    [
        # 10 tokens heard, 20 said and one for each event around them: all of sound.
        ({}, {}, Usage(input=10, output=22, parts={"audio_input": 10, "audio_output": 22}), 10 * 4 + 22 * 8),
        # The sound that came is sound, whatever was agreed; the words beside it are not.
        (
            {"output_modalities": ["text"]},
            {},
            Usage(input=10, output=22, parts={"audio_input": 10, "audio_output": 20}),
            10 * 4 + 20 * 8 + 2 * 2,
        ),
        (
            {"max_output_tokens": 5},
            {},
            Usage(input=10, output=5, parts={"audio_input": 10, "audio_output": 5}),
            80,
        ),
        (
            {"max_output_tokens": 5},
            {"max_output_tokens": 9, "output_modalities": ["audio"]},
            Usage(input=10, output=9, parts={"audio_input": 10, "audio_output": 9}),
            40 + 9 * 8,
        ),
        # A telephone's: six times as many bytes in a token.
        (
            {"audio": {"output": {"format": {"type": "audio/pcmu"}}}},
            {},
            Usage(input=61, output=123, parts={"audio_input": 61, "audio_output": 123}),
            61 * 4 + 123 * 8,
        ),
    ],
)
async def test_a_cut_response_is_charged_by_the_sound_on_either_side(
    shape: dict[str, Any], told: dict[str, Any], expected: Usage, cost: int
) -> None:
    async with going() as both:
        await both.tells("session.updated", session=shape)
        await both.says(SOUND | {"audio": "A" * (A_SECOND - 52)})
        await both.says({"type": "input_audio_buffer.commit"})
        await both.tells("response.created", told)
        delta = {"response_id": "r", "delta": ""}
        padding = len(json.dumps({"type": "response.output_audio.delta", **delta}))
        await both.tells("response.output_audio.delta", **delta | {"delta": "A" * (A_SECOND - padding)})
        await both.tells("response.output_audio_transcript.delta", response_id="r", delta="네")
    (call,) = both.rules.admit.calls
    assert call.ending.usage == expected
    assert call.ending.cost == cost
    assert call.ending.cost >= expected.input * 1 + expected.output * 2, "never below the price of text"


async def test_sound_that_costs_less_than_text_is_guessed_at_the_price_of_text() -> None:
    cheap = replace(PRICE, parts={Part.AUDIO_OUTPUT: Decimal(1), Part.AUDIO_INPUT: Decimal(0)})
    async with going() as both:
        both.rules.admit.target = replace(TARGET, facts=replace(FACTS, price=cheap))
        both.session.line.target = both.rules.admit.target
        await both.says(SOUND | {"audio": "A" * 6348})
        await both.tells("response.created", {})
        await both.tells("response.output_audio.delta", response_id="r", delta="A" * 3000)
    (call,) = both.rules.admit.calls
    assert call.ending.usage == Usage(input=1, output=2)
    assert call.ending.cost == 1 + 2 * 2


async def test_what_was_heard_and_said_before_is_heard_again_by_a_response_that_is_cut() -> None:
    async with going() as both:
        await both.says(SOUND | {"audio": "A" * (A_SECOND - 52)})
        await both.tells("response.created", {})
        details = {"input_token_details": {"audio_tokens": 10}, "output_token_details": {"audio_tokens": 20}}
        used = {"input_tokens": 12, "output_tokens": 25} | details
        await both.tells("response.done", {"status": "completed", "usage": used})
        await both.says({"type": "response.create"})
        await both.tells("response.created", {"id": "s"})
    _, call = both.rules.admit.calls
    assert call.ending.usage is not None
    assert call.ending.usage.input >= 12 + 25
    assert call.ending.usage.parts == {"audio_input": 30, "audio_output": 1}


async def test_a_transcript_that_comes_late_is_charged_at_once_whatever_the_limits_say() -> None:
    async with going() as both:
        await both.says(SOUND)
        await both.tells("response.created", {})
        await both.tells("response.done", USED)
        both.rules.admit.refuses = True
        await both.tells(**HEARD)
        assert [call.ending.cost for call in both.rules.admit.calls] == [20, 80]
        # Reports must not take it for a call that nobody inspected.
        assert both.rules.admit.calls[1].ending.steps["inspect"] == "nothing left"


async def test_what_is_owed_is_charged_though_the_settings_are_gone() -> None:
    async with going() as both:
        await both.says(SOUND)
        both.session.line.owed.append(Usage(input=20))
        both.session.answers.listening = None
        both.rules.stands = False
    assert [call.ending.cost for call in both.rules.admit.calls] == [0, 20]


def other_rules(both: Both) -> None:
    laid = Laid()
    laid.admit, laid.path = both.rules.admit, both.rules.path
    both.rules = laid


def much_owed(both: Both) -> None:
    both.session.line.owed += [Usage(input=1)] * 16


def long_ago(both: Both) -> None:
    assert both.session.answers.listening is not None
    both.session.answers.listening.since -= 61


@pytest.mark.parametrize("change", [other_rules, much_owed, long_ago])
async def test_sound_is_asked_for_anew_when_what_let_it_in_is_old(change: Callable[[Both], None]) -> None:
    async with going() as both:
        for _ in range(3):
            await both.says(SOUND)
        calls = both.rules.admit.calls
        assert len(calls) == 1
        change(both)
        owed = sum(one.input for one in both.session.line.owed)
        await both.says(SOUND)
        assert len(calls) == 2
        assert calls[0].ending.status == "completed"
        assert calls[0].ending.cost == owed
        long_ago(both)
        both.rules.admit.refuses = True
        leaves = len(both.wire.written)
        await both.says(SOUND)
        assert len(both.wire.written) == leaves


@pytest.mark.parametrize("again", ["r", ""])
async def test_a_response_that_begins_twice_ends_the_session_and_strands_no_call(again: str) -> None:
    async with going() as both:
        over: list[bool] = []
        for _ in range(2):
            await both.says({"type": "response.create"})
        for call in both.rules.admit.calls:
            call.at_end(lambda: over.append(True))
        await both.tells("response.created", {})
        await both.tells("response.created", {"id": again})
        await both.over()
    assert [call.ending.code for call in both.rules.admit.calls] == ["upstream_garbled"] * 2
    assert len(over) == 2


COMMITTED: Any = {"kind": "input_audio_buffer.committed"}
DELTA: Any = {"kind": "conversation.item.input_audio_transcription.delta", "delta": "말"}
WRITTEN: Any = {**HEARD, "usage": {"type": "tokens", "input_tokens": 12, "output_tokens": 3}}


async def test_a_turn_of_speech_that_outlasts_a_decision_is_one_call_and_the_rest_waits_for_the_next() -> (
    None
):
    async with going(writes=True) as both:
        await both.says(SOUND)
        await both.tells(**DELTA, item_id="a")
        long_ago(both)
        await both.says(SOUND)
        first, second = both.rules.admit.calls
        assert first.ending.status != "completed"
        await both.tells(**COMMITTED, item_id="a")
        await both.tells(**WRITTEN, item_id="a")
        assert first.ending.usage == Usage(input=12, output=3)
        assert second.ending.usage is None
        await both.tells(**DELTA, item_id="b")
        await both.tells(**COMMITTED, item_id="b")
        await both.tells(**WRITTEN, item_id="b")
        assert second.ending.usage == Usage(input=12, output=3)
        await both.tells(**WRITTEN, item_id="c")  # of nobody's turn
    assert [call.ending.cost for call in both.rules.admit.calls] == [18, 18, 18]


async def test_turns_that_a_provider_mixes_up_share_no_call() -> None:
    async with going(writes=True) as both:
        await both.says(SOUND)
        for item in ("a", "b"):
            await both.tells(**DELTA, item_id=item)
        for item in ("a", "b", "b"):
            await both.tells(**WRITTEN, item_id=item)
        assert not both.running.done()
        assert len(both.shown()) == 5
    assert [call.ending.cost for call in both.rules.admit.calls] == [18, 18, 18]


async def test_a_turn_that_is_cut_is_charged_by_its_own_sound() -> None:
    async with going(writes=True) as both:
        await both.says(SOUND | {"audio": "A" * (A_SECOND - 52)})
        await both.tells(**COMMITTED, item_id="a")
        await both.says(SOUND | {"audio": "A" * (3 * A_SECOND)})
    first, second = both.rules.admit.calls
    assert first.ending.usage == Usage(input=10, output=1, parts={"audio_input": 10})
    assert (second.ending.usage, second.ending.cost) == (None, 0)


async def test_a_session_is_shown_when_the_provider_has_taken_what_it_begins_with() -> None:
    async with going(begins={"type": "realtime", "instructions": "짧게"}) as both:
        await both.tells("session.created", session={"instructions": "long"})
        assert not both.shown()
        assert "짧게".encode() in both.wire.written
        await both.tells("session.updated", session={"instructions": "짧게"})
        (created,) = both.shown()
        assert created == {"type": "session.created", "session": {"instructions": "짧게"}}
        await both.tells("session.updated", session={})
        assert [one["type"] for one in both.shown()] == ["session.updated"]


async def test_a_session_whose_beginning_is_refused_is_none() -> None:
    async with going(begins={"type": "realtime"}) as both:
        await both.tells("error", error={"message": "no"})
        await both.over()
        assert [one["error"]["code"] for one in both.shown()] == ["upstream_failed"]
    async with going(begins={"type": "realtime", "model": "far"}) as both:
        await both.over()
        assert [one["error"]["code"] for one in both.shown()] == ["event_unfit"]
