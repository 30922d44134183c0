"""Calls that are copied for nobody: only whole ones, only so many, never beyond what the person who asked may do."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.again import PLANNED, TARGET, call
from hanbok.core.metrics import Registry
from hanbok.core.values import Principal
from hanbok.evidence.entry import AnyEntry, Intent, Outcome, Refusal
from hanbok.gateway.answering import shadow_report
from hanbok.gateway.answering.heard import Heard
from hanbok.gateway.answering.shadow_report import agreements
from hanbok.gateway.answering.shadows import Shadows, alike
from hanbok.gateway.answering.tallies import SHADOWS, Tallies
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.catalogue import Offer, Shadow
from hanbok.gateway.path import Path
from hanbok.gateway.step import Next
from hanbok.gateway.steps.cast import Cast
from hanbok.gateway.steps.within import Within
from hanbok.policy.errors import Refused
from hanbok.policy.key import Key, KeyUnknown
from hanbok.policy.ruling import Question, Ruling

SHADOW = Shadow(model="other", percent=50, keys=("gone", "theirs", "ours"), at_once=2)
CLIENT = Principal(organisation="a", key="k", person="hong")


class Keys:
    def find(self, secret: str, now: datetime) -> Key:
        raise NotImplementedError

    def known(self, key: str, now: datetime) -> Key:  # noqa: ARG002 - none expires here
        if key == "gone":
            raise KeyUnknown
        owner = {"ours": "a", "theirs": "b"}[key]
        return Key(id=key, digest="", principal=Principal(organisation=owner, key=key))


class Far:
    """The last step of the path of copies: answers when it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked: list[Call] = []
        self.cancelled = 0

    async def __call__(self, asked: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        self.asked.append(asked)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Reply(body=answer("예"))


def answer(text: str) -> bytes:
    return b'{"choices":[{"message":{"content":"%b"},"finish_reason":"stop"}]}' % text.encode()


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
async def cast(far: Far) -> Cast:
    shadows, path = Shadows(Tallies(Registry())), Path([far])
    await shadows.leave(path)
    return Cast(shadows, Keys(), lambda: datetime.now(UTC), draw=lambda: 0.0, path=path)


def asked(organisation: str = "a") -> Call:
    one = call(organisation=organisation, headers={"authorization": "Bearer s", "accept": "x"})
    one.principal = replace(CLIENT, organisation=organisation)
    one.offer = Offer(name="m", targets=(TARGET,), shadow=SHADOW)
    return one


async def near(asked: Call) -> Reply:
    asked.ending.status = "completed"
    return Reply(body=answer("예"))


def counts(cast: Cast) -> dict[str, int]:
    return {how: number for (_, how), number in cast.shadows._tallies._sums[SHADOWS].items()}


async def test_a_copy_is_made_in_the_name_of_the_organisations_own_key(cast: Cast, far: Far) -> None:
    one = asked()
    await cast(one, near)
    assert far.asked == [], "the client has not got its answer yet"
    one.finish()
    far.go.set()
    await asyncio.sleep(0.01)
    [copy] = far.asked
    assert (copy.id, copy.as_key, copy.model, copy.behalf) == ("1-shadow", "ours", "other", CLIENT)
    assert (copy.key, copy.plan, copy.recorded, copy.reserved) == (None, (), False, 0)
    assert copy.headers == {"accept": "x"}
    assert copy.ending.steps["shadow"] == "exact"
    assert one.ending.steps.get("shadow") is None
    assert counts(cast) == {"exact": 1}


async def test_nothing_is_copied_for_an_organisation_that_pays_for_none(cast: Cast, far: Far) -> None:
    one = asked("c")
    await cast(one, near)
    one.finish()
    await asyncio.sleep(0)
    assert (far.asked, counts(cast)) == ([], {"no_key": 1})


async def test_the_share_is_drawn(cast: Cast, far: Far) -> None:
    cast.draw = lambda: 0.5
    one = asked()
    await cast(one, near)
    one.finish()
    await asyncio.sleep(0)
    assert (far.asked, counts(cast)) == ([], {})


async def test_what_its_client_did_not_wait_for_is_not_copied(cast: Cast, far: Far) -> None:
    async def broken(asked: Call) -> Reply:
        asked.ending.status = "cancelled"
        return Reply(body=answer("예"))

    one = asked()
    await cast(one, broken)
    one.finish()
    await asyncio.sleep(0)
    assert (far.asked, counts(cast)) == ([], {"client_left": 1})


async def test_only_so_many_are_under_way_and_the_rest_are_dropped(cast: Cast, far: Far) -> None:
    for _ in range(5):
        one = asked()
        await cast(one, near)
        one.finish()
    await asyncio.sleep(0.01)
    assert (len(far.asked), counts(cast)) == (2, {"dropped": 3})
    far.go.set()
    await asyncio.sleep(0.01)
    one = asked()
    await cast(one, near)
    one.finish()
    await asyncio.sleep(0.01)
    assert len(far.asked) == 3


@pytest.mark.parametrize("stop", [False, True])
async def test_a_stop_or_other_settings_break_copies_off(cast: Cast, far: Far, stop: bool) -> None:
    one = asked()
    await cast(one, near)
    one.finish()
    await asyncio.sleep(0.01)
    await cast.shadows.leave(cast.path)
    assert far.cancelled == 0, "they are on the path in force"
    await (cast.shadows.close() if stop else cast.shadows.leave(None))
    assert far.cancelled == 1
    assert counts(cast) == {"cancelled": 1}
    assert far.asked[0].hooks == [], "what it held is given back"
    one = asked()
    await cast(one, near)
    one.finish()
    await asyncio.sleep(0.01)
    assert len(far.asked) == 1


async def test_a_call_that_ends_under_other_settings_is_not_copied_under_the_old_ones(
    cast: Cast, far: Far
) -> None:
    one = asked()
    await cast(one, near)
    await cast.shadows.leave(Path([far]))
    one.finish()
    await asyncio.sleep(0.01)
    assert (far.asked, counts(cast)) == ([], {"settings_changed": 1})


class Person:
    """Lets one person's data go nowhere."""

    version = "p"

    def rule(self, question: Question) -> Ruling:
        return Ruling(allowed=question.principal.person != "hong", clauses=())


async def test_a_key_that_may_do_more_does_not_widen_what_the_person_may(far: Far) -> None:
    far.go.set()
    copy = asked()
    copy.principal, copy.plan = Principal(organisation="a", key="ours"), (PLANNED,)
    step = Within(Person())

    async def onward(one: Call) -> Reply:
        return await far(one, near)

    copy.behalf = replace(CLIENT, person="kim")
    await step(copy, onward)
    assert len(far.asked) == 1
    copy.behalf = CLIENT
    with pytest.raises(Refused):
        await step(copy, onward)
    assert len(far.asked) == 1


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("", "", 1, 1),
        ("같은 말", "같은  말\n", 1, 1),
        ("서울은 한국의 수도입니다.", "한국의 수도는 서울입니다.", 0.6, 0.95),
        ("서울은 한국의 수도입니다.", "모르겠습니다", 0, 0.3),
        ("무엇", "", 0, 0),
    ],
)
def test_likeness_is_of_letters(one: str, other: str, least: float, most: float) -> None:
    assert least <= alike(Heard(text=one), Heard(text=other)) <= most


def test_an_empty_log_has_no_agreements() -> None:
    assert agreements([]) == {}


def entries(call: str, finishes: str, *, refused: bool = False) -> list[AnyEntry]:
    who: dict[str, Any] = {"at": "2026-11-22T00:00:00Z", "organisation": "a", "key": "k"}
    asked: dict[str, Any] = {"route": "r", "grade": "O", "digest": "", "plan": (), "policy": "p"}
    steps = {"shadow_likeness": "0.5", "shadow_finish": finishes, "shadow_length": "2/4", "shadow_ms": "1/2"}
    copy = call + "-shadow"
    first = [
        Intent(call=call, model="one", **asked, **who),
        Outcome(call=call, status="completed", **who),
    ]
    if refused:
        return [*first, Refusal(call=copy, model="two", route="r", code="x", at="")]
    return [
        *first,
        Intent(call=copy, model="two", **asked, **who),
        Outcome(call=copy, status="completed", steps=steps, **who),
    ]


@pytest.mark.parametrize(
    ("finishes", "same"),
    [("stop/stop", 1), ("stop/length", 0), ("a/b/a/b", 1), ("a/b/stop", 0), ("/", 1), ("", 0)],
)
def test_a_report_reads_whatever_word_a_provider_ended_with(finishes: str, same: int) -> None:
    found = agreements(entries("c", finishes))
    assert found["one", "two"].row()["same_finish"] == same


def test_a_report_knows_whose_copy_was_refused_and_holds_few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow_report, "_ENDED", 1)
    many = [entries(f"c{number}", "a/a", refused=number % 2 == 0) for number in range(4)]
    found = agreements(one for call in many for one in call)
    assert {pair: (one.copies, one.refused) for pair, one in found.items()} == {("one", "two"): (4, 2)}
    first, second = entries("x", "a/a"), entries("y", "a/a")
    late = agreements([*first[:2], *second[:2], *first[2:]])
    assert list(late) == [("", "two")], "it was forgotten"
