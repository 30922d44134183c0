"""What is wrong with a first answer, by the rules; and how answers are read."""

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.again import PLANNED, TARGET, Policy, call
from hanbok.core.metrics import Registry
from hanbok.core.values import Form, Usage
from hanbok.evidence.gather import gather
from hanbok.evidence.log import Record as Written
from hanbok.evidence.report import Question
from hanbok.gateway.answering.aside import Aside
from hanbok.gateway.answering.heard import heard, without_logprobs
from hanbok.gateway.answering.judging import fault
from hanbok.gateway.answering.second_look import JudgeForbidden, Unjudged, look, with_logprobs
from hanbok.gateway.answering.tallies import Tallies
from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.catalogue import Escalation, Lacking, Offer
from hanbok.gateway.charging import charge
from hanbok.gateway.dialect import WireAnswer
from hanbok.gateway.errors import UpstreamTimeout, UpstreamUnreachable
from hanbok.gateway.path import Path
from hanbok.gateway.step import Next
from hanbok.gateway.steps.escalate import Escalate
from hanbok.gateway.steps.record import Record
from hanbok.policy.ruling import Ruling

RULES = Escalation(to="big", min_characters=5, refusals=("죄송하지만", "i cannot"), min_logprob=-1.0)


def body(content: str | None, **more: Any) -> bytes:
    choice = {"index": 0, "message": {"content": content} | more.pop("message", {}), "finish_reason": "stop"}
    return json.dumps({"choices": [choice | more]}).encode()


def tool(arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": arguments}}]}


def logprobs(*values: float) -> dict[str, Any]:
    return {"logprobs": {"content": [{"token": "x", "logprob": one} for one in values]}}


CASES: dict[str, tuple[bytes, bool, str]] = {
    "good": (body("서울입니다."), False, ""),
    "short": (body(" 네 \n"), False, "too_short"),
    "empty": (body(None), False, "too_short"),
    "declines": (body("죄송하지만 답할 수 없습니다."), False, "refusal"),
    "declines in capitals": (body("I CANNOT help with that."), False, "refusal"),
    "declines late": (body("서울입니다. " * 50 + "죄송하지만 더는 모릅니다."), False, ""),
    "declines by member": (body("서울입니다.", message={"refusal": "no"}), False, "refusal"),
    "filtered": (body("서울입니다.", finish_reason="content_filter"), False, "refusal"),
    "a document": (body('{"수도": "서울"}'), True, ""),
    "no document": (body('```json\n{"수도": "서울"}\n```'), True, "invalid_json"),
    "a tool": (body(None, message=tool('{"city":"서울"}')), False, ""),
    "a tool and garbage": (body(None, message=tool('{"city":')), False, "invalid_json"),
    "sure": (body("서울입니다.", **logprobs(-0.1, -1.5)), False, ""),
    "unsure": (body("서울입니다.", **logprobs(-0.1, -2.5)), False, "unsure"),
    "no choices": (b'{"choices":[]}', False, "unreadable"),
    "garbage": (b'{"choices":7}', False, "unreadable"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_rules_find_what_is_wrong(name: str) -> None:
    answer, document, wrong = CASES[name]
    assert fault(heard([answer]), RULES, document=document) == wrong


def test_every_choice_must_be_good() -> None:
    good, bad = json.loads(body("서울입니다.")), json.loads(body("네"))
    both = {"choices": [good["choices"][0], bad["choices"][0] | {"index": 1}]}
    assert fault(heard([json.dumps(both).encode()]), RULES, document=False) == "too_short"


def test_a_stream_is_read_as_the_whole_that_it_makes() -> None:
    parts = [
        b'{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}',
        b'{"choices":[{"index":0,"delta":{"content":"{\\"a\\""},"logprobs":{"content":[{"logprob":-3}]}}]}',
        b'{"choices":[{"index":0,"delta":{"content":":1}"},"logprobs":{"content":[{"logprob":-1}]}}]}',
        b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
        b'{"choices":[],"usage":{"prompt_tokens":1}}',
    ]
    [one] = heard(parts)
    assert (one.text, one.finish, one.logprobs) == ('{"a":1}', "stop", [-3, -1])
    assert fault([one], RULES, document=True) == "unsure"
    assert all(b"logprobs" not in without_logprobs(part) for part in parts)
    assert without_logprobs(parts[0]) is parts[0]


@pytest.mark.parametrize(
    "odd",
    [
        b'{"choices":null,"logprobs":{}}',
        b'{"choices":7,"logprobs":{}}',
        b'{"choices":["logprobs"],"x":{"logprobs":1}}',
        b'["logprobs"]',
        b'{"logprobs"',
        b'"\xff"logprobs"',
    ],
)
def test_a_chunk_that_cannot_be_read_is_let_through_as_it_is(odd: bytes) -> None:
    assert without_logprobs(odd) is odd


@pytest.mark.parametrize(
    ("asked", "added"), [(b'{"model":"m","messages":[]}', True), (b'{"model":"m","logprobs":false}', False)]
)
def test_probabilities_are_asked_for_where_the_client_did_not(asked: bytes, added: bool) -> None:
    one = call(asked)
    assert with_logprobs(one) is added
    assert one.body_in is not None
    assert json.loads(one.body_in(Form.AS_IS)).get("logprobs") is added


class Forbids(Policy):
    def rule(self, question: object) -> Ruling:  # noqa: ARG002 - the same for all
        return Ruling(allowed=False, clauses=())


class Place:
    """A judge that is asked, and ends so."""

    def __init__(self, ends: BaseException | None, said: str = "yes") -> None:
        self.ends, self.said, self.asked, self.model = ends, said, 0, "j"
        self.place = SimpleNamespace(endpoint=SimpleNamespace(destination=TARGET.destination))

    async def ask(self, *_: object) -> WireAnswer:
        self.asked += 1
        if self.ends is not None:
            raise self.ends
        return WireAnswer(body=body(self.said), usage=None)


PAID = 77
JUDGED = Escalation(to="big", judge=TARGET, judging=PAID)


@pytest.mark.parametrize(
    ("ends", "said", "raised", "paid"),
    [
        (None, "yes", None, PAID),
        (None, "YES.", None, PAID),
        (None, "no", None, PAID),
        (None, "yes, for it says so", Unjudged, PAID),
        (None, "", Unjudged, PAID),
        (UpstreamTimeout(origin="j", seconds=1, phase="x"), "", UpstreamTimeout, PAID),
        (asyncio.CancelledError(), "", asyncio.CancelledError, PAID),
        (UpstreamUnreachable(origin="j", why="x"), "", UpstreamUnreachable, 0),
    ],
)
async def test_a_judgement_is_paid_however_it_ends(
    ends: BaseException | None, said: str, raised: type[BaseException] | None, paid: int
) -> None:
    one, place = call(), Place(ends, said)
    one.ending.used = PLANNED
    looked = look(one, JUDGED, cast("Aside", place), Policy(), heard([body("서울입니다.")]))
    if raised is None:
        assert await looked is said.lower().startswith("yes")
    else:
        with pytest.raises(raised):
            await looked
    assert one.ending.cost == paid
    if isinstance(ends, asyncio.CancelledError):
        assert one.ending.attempts == ["abroad:left"], "the evidence must tell that it was sent there"


@pytest.mark.parametrize("policy", [Policy, Forbids])
async def test_the_evidence_names_a_judge_only_where_something_left_for_it(policy: Any) -> None:
    place = Place(None, "글쎄요")
    place.endpoint = "court"
    place.place.endpoint.destination = replace(TARGET.destination, endpoint="court")
    rules = replace(
        JUDGED, judge=replace(TARGET, endpoint="court", destination=place.place.endpoint.destination)
    )
    one = call()
    one.offer = Offer(name="m", targets=(TARGET,), escalation=rules)
    there = replace(TARGET.destination, endpoint="big")
    big = replace(TARGET, endpoint="big", destination=there, group="big")
    one.plan = (PLANNED, Planned(target=big, form=Form.AS_IS))
    log = Log()
    escalate = Escalate({"m": cast("Aside", place)}, policy(), Tallies(Registry()))

    async def model(asked: Call) -> Reply:
        asked.ending.used = asked.plan[0]
        return Reply(body=body("서울입니다."))

    await Record(cast("Any", log), Policy())(one, lambda it: escalate(it, model))
    one.finish()
    intent, outcome = log.entries
    assert [(hop.endpoint, hop.form) for hop in intent.plan] == [
        ("abroad", "as_is"),
        ("big", "as_is"),
        ("court", "as_is"),
    ]
    left = place.asked == 1
    assert outcome.attempts == (("court:answer_unjudged",) if left else ())
    why = "unjudged" if left else "judge_forbidden"
    assert outcome.steps["escalation"].startswith(f"abroad: {why}")


async def test_reports_tell_where_a_question_went_whose_judge_was_not_reached() -> None:
    place = Place(UpstreamUnreachable(origin="j", why="x"))
    place.endpoint = "court"
    one = call()
    one.offer = Offer(name="m", targets=(TARGET,), escalation=replace(JUDGED, unjudged=Lacking.REFUSE))
    big = Planned(target=replace(TARGET, endpoint="big", group="big"), form=Form.AS_IS)
    one.plan, log = (PLANNED, big), Log()
    escalate = Escalate({"m": cast("Aside", place)}, Policy(), Tallies(Registry()))

    async def model(asked: Call, call_next: Next) -> Reply:
        charge(asked.ending, asked.plan[0], Usage(input=5, output=3))
        asked.ending.used = asked.plan[0]
        return Reply(body=body("서울입니다."))

    with pytest.raises(UpstreamUnreachable):
        await Path([Record(cast("Any", log), Policy()), escalate, model]).run(one)
    written = [Written(index=index, digest="", entry=entry) for index, entry in enumerate(log.entries)]
    facts = gather(written, Question(since="", until="9"))
    assert [where.endpoint for where in facts.flows] == ["abroad"]


class Log:
    def __init__(self) -> None:
        self.entries: list[Any] = []

    async def append(self, entry: object) -> None:
        self.entries.append(entry)

    def post(self, entry: object) -> None:
        self.entries.append(entry)


async def test_a_judge_sees_nothing_that_policy_does_not_let_it_see() -> None:
    one, place = call(), Place(None)
    one.ending.used = PLANNED
    with pytest.raises(JudgeForbidden):
        await look(one, JUDGED, cast("Aside", place), Forbids(), heard([body("서울입니다.")]))
    assert (place.asked, one.ending.cost) == (0, 0)
