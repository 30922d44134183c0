"""Answers to like questions: what must never hit does not, whatever the embedding says, and nothing crosses."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from math import cos, sin
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.again import BODY, OTHERS, PLANNED, Model, Policy, call, said
from hanbok.core.metrics import Registry
from hanbok.core.values import Destination, Form, Grade, Zone
from hanbok.gateway.answering.embedder import Embedder
from hanbok.gateway.answering.resembling import Resembling
from hanbok.gateway.answering.sameness import words_of
from hanbok.gateway.answering.tallies import Tallies
from hanbok.gateway.cache import Cache
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.catalogue import Alike, Caching
from hanbok.gateway.dialect import WireAnswer
from hanbok.gateway.errors import UpstreamTimeout
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.protect import Protect
from hanbok.gateway.steps.recall import Recall
from hanbok.gateway.steps.resemble import Resemble
from hanbok.guard.guard import Guard
from hanbok.policy.ruling import Ruling

ALIKE = Alike(seconds=60, threshold=0.9)
CACHING = Caching(seconds=0, alike=ALIKE)
HOME = Destination(endpoint="near", country="KR", zone=Zone.HOME, operator="self")
PAIRS = [
    line.split("\t")
    for name in ("questions.tsv", "questions_unseen.tsv")
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


class Aside:
    """An embedding model that finds all texts alike, but for those that are given an angle."""

    model = "e"
    place = SimpleNamespace(endpoint=SimpleNamespace(destination=HOME))

    def __init__(self, angles: dict[str, float]) -> None:
        self.angles = angles
        self.fails = False
        self.asked: list[str] = []

    async def ask(self, _: object, body: bytes) -> WireAnswer:
        if self.fails:
            raise UpstreamTimeout(origin="near", seconds=1, phase="whole answer")
        text = json.loads(body)["input"]
        self.asked.append(text)
        angle = self.angles.get(text, 0.0)
        answer = {"data": [{"embedding": [cos(angle), sin(angle)]}]}
        return WireAnswer(body=json.dumps(answer).encode(), usage=None)


def resembling(policy: Policy | None = None, **angles: float) -> Resemble:
    return Resemble(Embedder(Aside(angles)), Resembling(1 << 20), policy or Policy(), Tallies(Registry()))


def asking(text: str, **facts: Any) -> Call:
    facts.setdefault("caching", CACHING)
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return call(json.dumps(body, ensure_ascii=False).encode(), **facts)


@pytest.mark.parametrize(("kind", "one", "other"), PAIRS)
def test_questions_that_ask_for_something_else_never_agree(kind: str, one: str, other: str) -> None:
    if kind == "same":
        return
    assert words_of(one) != words_of(other)


def test_some_questions_in_other_words_agree() -> None:
    agreeing = Counter(words_of(one) == words_of(other) for kind, one, other in PAIRS if kind == "same")
    assert agreeing[True] > 0.2 * agreeing.total()
    assert agreeing.total() >= 40


def test_the_indentation_of_code_counts() -> None:
    assert words_of("if a:\n  b\n  c") != words_of("if a:\n  b\nc")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_like_question_gets_the_answer_and_no_model_is_asked(stream: bool) -> None:
    step, model = resembling(), Model()
    first = asking("환불을 어떻게 받나요?", stream=stream)
    second = asking("환불을 받는 방법을 알려 주세요.", stream=stream, key="another")
    second.id = "2"
    answer = await said(step, model, first)
    assert await said(step, model, second) == answer
    assert model.asked == 1
    assert second.ending.steps == {"similar": "1.0000 to 1, by near", "cache": "similar"}
    assert second.ending.told == (("x-hanbok-cache", "similar; likeness=1.0000; call=1"),)
    assert (second.ending.cost, second.ending.usage, second.ending.used) == (0, None, PLANNED)
    assert first.ending.told == ()


async def test_what_an_embedding_finds_unlike_is_asked_anew() -> None:
    step, model = resembling(**{"환불을 어떻게 받나요?": 1.0}), Model()
    await said(step, model, asking("환불을 어떻게 받나요?"))
    await said(step, model, asking("환불을 받는 방법을 알려 주세요."))
    assert model.asked == 2


LIKE = {
    name: other
    for name, other in OTHERS.items()
    if name not in {"operation", "content"}  # embeddings are not compared at all
}


@pytest.mark.parametrize("what", LIKE)
async def test_an_answer_never_crosses(what: str) -> None:
    """Each differs in one thing, and the embedding says that all questions are the same."""
    step, model = resembling(), Model()
    every = Caching(seconds=0, alike=ALIKE, grades=frozenset(Grade))
    first, other = call(caching=every), LIKE[what]()
    assert other.offer is not None
    other.offer = replace(other.offer, caching=every)
    for one in (first, other):
        one.findings = ()
    await said(step, model, first)
    await said(step, model, other)
    assert model.asked == 2


async def test_an_answer_never_crosses_policies() -> None:
    step, model = resembling(), Model()
    await said(step, model, asking("hi"))
    await said(replace(step, judge=Policy("p2")), model, asking("hi"))
    assert model.asked == 2


class Forbids(Policy):
    def rule(self, question: object) -> Ruling:  # noqa: ARG002 - the same for all
        return Ruling(allowed=False, clauses=())


UNCOMPARED: dict[str, Callable[[], tuple[Resemble, Call]]] = {
    "off": lambda: (resembling(), asking("hi", caching=Caching(seconds=60))),
    "another organisation's": lambda: (
        resembling(),
        asking("hi", caching=replace(CACHING, organisations=frozenset({"b"}))),
    ),
    "sensitive": lambda: (resembling(), asking("hi", grade=Grade.SENSITIVE)),
    "policy forbids it": lambda: (resembling(Forbids()), asking("hi")),
    "too long": lambda: (resembling(), asking("가" * 2001)),
    "no text": lambda: (resembling(), asking(" ")),
    "no user": lambda: (resembling(), call(BODY.replace(b'"user"', b'"tool"'), caching=CACHING)),
    "no JSON": lambda: (resembling(), call(b"[" * 100_000, caching=CACHING)),
    "a picture": lambda: (
        resembling(),
        call(BODY.replace(b'"hi"', b'[{"type":"image_url","text":"hi"}]'), caching=CACHING),
    ),
}


@pytest.mark.parametrize("why", UNCOMPARED)
async def test_what_must_not_be_compared_is_not_even_embedded(why: str) -> None:
    step, asked = UNCOMPARED[why]()
    model = Model()
    await said(step, model, asked)
    assert model.asked == 1
    assert step.embedder.aside.asked == []
    assert step.kept.size == 0


async def test_without_an_embedding_the_model_is_asked() -> None:
    step, model = resembling(), Model()
    step.embedder.aside.fails = True
    for _ in range(2):
        one = asking("hi")
        await said(step, model, one)
        assert one.ending.steps == {"similar": "not run: near:upstream_timeout"}
    assert model.asked == 2


async def test_only_good_and_whole_answers_are_kept() -> None:
    step, model = resembling(), Model()
    model.status = 400
    await said(step, model, asking("hi"))
    model.status, reply = 200, await step(asking("hi", stream=True), model)
    assert reply.chunks is not None
    await anext(reply.chunks)
    await reply.chunks.aclose()  # the client left
    assert step.kept.size == 0


async def test_the_recall_of_the_same_does_not_make_a_like_answer_younger() -> None:
    recall, step, model = Recall(Cache(1 << 20), Policy()), resembling(), Model()
    both = Caching(seconds=60, alike=ALIKE)

    async def through(asked: Call) -> Reply:
        return await recall(asked, lambda inner: step(inner, model))

    await through(asking("환불을 어떻게 받나요?", caching=both))
    size = recall.cache.size
    await through(asking("환불을 받는 방법을 알려 주세요.", caching=both))
    assert (model.asked, recall.cache.size) == (1, size)


async def test_what_is_kept_grows_old_and_stays_bounded() -> None:
    clock = [0.0]
    step = resembling()
    step = replace(step, kept=Resembling(64 * 1024, lambda: clock[0]))
    model = Model()
    for number in range(200):
        await said(step, model, asking(f"number {number}?"))
        assert step.kept.size <= 64 * 1024
    assert 0 < len(step.kept._rooms) < 200
    for _ in range(200):  # one room
        await said(step, model, asking("hi", headers={}))
    asked = model.asked
    assert asked == 201
    clock[0] = 61
    await said(step, model, asking("hi"))
    assert model.asked == asked + 1


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard.load()


@pytest.mark.parametrize(
    ("form", "asked", "heard"),
    [
        (Form.PSEUDONYMISED, 1, "010-9876-5438"),
        (Form.AS_IS, 2, "010-9876-5438"),
    ],
)
async def test_no_caller_is_given_what_another_one_sent(
    guard: Guard, form: Form, asked: int, heard: str
) -> None:
    """Hidden values come back as each caller's own; values that were not hidden are never compared."""
    step, told = resembling(), []
    masks = {key: kind.mask for key, kind in guard.kinds.items()}
    inspect, protect = Inspect(guard, guard.kinds), Protect(masks, None, None)
    caching = Caching(seconds=0, alike=ALIKE, grades=frozenset(Grade))

    async def model(one: Call) -> Reply:
        assert one.body_in is not None
        told.append(json.loads(one.body_in(form))["messages"][0]["content"])
        one.ending.used = one.plan[0]
        message = {"role": "assistant", "content": told[-1]}
        return Reply(body=json.dumps({"choices": [{"index": 0, "message": message}]}).encode())

    answers = []
    for text in (
        "010-1234-5678 번호로 연락하는 방법이 궁금해요",
        "010-9876-5438 번호로 어떻게 연락하나요?",
    ):
        one = asking(text, planned=replace(PLANNED, form=form), caching=caching)
        reply = await inspect(one, lambda it: protect(it, lambda inner: step(inner, model)))
        answers.append(reply.body.decode())
    assert len(told) == asked
    assert heard in answers[1]
    assert "010-1234-5678" not in answers[1]
    assert not any("010" in text for text in step.embedder.aside.asked)
