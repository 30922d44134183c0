"""Answers that are given again: to the very same request, within one organisation, grade and policy, and no other."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.again import OTHERS, PLANNED, TARGET, Model, Policy, call, said
from hanbok.core.values import Form, Grade
from hanbok.gateway.cache import Answer, Cache
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.catalogue import Caching
from hanbok.gateway.errors import UpstreamCut
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.protect import Protect
from hanbok.gateway.steps.recall import Recall
from hanbok.guard.guard import Guard


@pytest.fixture
def step() -> Recall:
    return Recall(Cache(1 << 20), Policy())


@pytest.mark.parametrize("stream", [False, True])
async def test_the_same_request_gets_the_same_answer_and_no_model_is_asked(
    step: Recall, stream: bool
) -> None:
    model = Model()
    first, second = call(stream=stream), call(stream=stream, key="another key")
    answer = await said(step, model, first)
    assert await said(step, model, second) == answer
    assert model.asked == 1
    assert (first.ending.steps["cache"], second.ending.steps["cache"]) == ("miss", "hit")
    assert second.ending.used == PLANNED
    assert (second.ending.cost, second.ending.usage, second.ending.sent) == (0, None, "")


async def test_spaces_and_the_order_of_members_do_not_matter(step: Recall) -> None:
    model = Model()
    await said(step, model, call())
    await said(step, model, call(b'{ "messages": [{"content":"hi","role":"user"}], "model":"m" }'))
    assert model.asked == 1


@pytest.mark.parametrize("what", OTHERS)
async def test_an_answer_never_crosses(step: Recall, what: str) -> None:
    model = Model()
    await said(step, model, call())
    await said(step, model, OTHERS[what]())
    assert model.asked == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_later_place_said_in_another_form_is_not_kept(step: Recall, stream: bool) -> None:
    """The first place, which would have got hidden values, failed; the one at home was told the real ones."""
    abroad = replace(PLANNED, form=Form.MASKED)
    home = Planned(target=replace(TARGET, endpoint="home"), form=Form.AS_IS)
    model = Model()

    async def failed_over(asked: Call) -> Reply:
        reply = await model(asked)
        asked.ending.used = home
        return reply

    for _ in range(2):
        asked = call(stream=stream)
        asked.plan = (abroad, home)
        reply = await step(asked, failed_over)
        if reply.chunks is not None:
            _ = [batch async for batch in reply.chunks]
    assert model.asked == 2
    assert step.cache.size == 0


async def test_an_answer_never_crosses_policies() -> None:
    cache, model = Cache(1 << 20), Model()
    await said(Recall(cache, Policy("p1")), model, call())
    await said(Recall(cache, Policy("p2")), model, call())
    assert model.asked == 2


@pytest.mark.parametrize(
    "asked",
    [
        lambda: call(caching=None),
        lambda: call(caching=Caching(seconds=60, organisations=frozenset({"b"}))),
        lambda: call(grade=Grade.SENSITIVE),
        lambda: call(grade=Grade.CLASSIFIED),
        lambda: call(operation=Operation.IMAGES),
        lambda: call(b"not json"),
        lambda: call(b"[" * 100_000),
    ],
    ids=["off", "another organisation's", "sensitive", "classified", "pictures", "no JSON", "too deep"],
)
async def test_what_the_settings_do_not_ask_for_is_not_kept(step: Recall, asked: Callable[[], Call]) -> None:
    model = Model()
    for _ in range(2):
        await said(step, model, asked())
    assert model.asked == 2
    assert step.cache.size == 0


async def test_only_whole_answers_are_kept(step: Recall) -> None:
    model = Model()
    model.breaks = True
    with pytest.raises(UpstreamCut):
        await said(step, model, call(stream=True))
    model.breaks = False
    reply = await step(call(stream=True), model)
    assert reply.chunks is not None
    await anext(reply.chunks)
    await reply.chunks.aclose()  # the client left
    model.status = 400
    await said(step, model, call())
    assert step.cache.size == 0
    model.status = 200
    await said(step, model, call())
    await said(step, model, call(stream=True))
    assert model.asked == 5


async def test_what_was_kept_grows_old_and_makes_room() -> None:
    clock = [0.0]
    cache = Cache(8 * 1024, lambda: clock[0])
    keys = [bytes([number]) * 32 for number in range(20)]
    for key in keys:
        cache.keep(key, Answer(planned=PLANNED, body=b"x" * 488), 60)
        cache.find(keys[0])
    assert cache.size == 8000
    assert [key[0] for key in keys if cache.find(key)] == [0, *range(13, 20)]
    cache.keep(b"large", Answer(planned=PLANNED, body=b"x" * 1024), 60)
    assert cache.find(b"large") is None
    clock[0] = 60
    assert not any(cache.find(key) for key in keys)
    assert cache.size == 0


async def test_each_request_puts_its_own_values_back(guard: Guard) -> None:
    """Two people's requests that look alike once hidden share an answer, in which each finds the own name."""
    recall = Recall(Cache(1 << 20), Policy())
    masks = {key: kind.mask for key, kind in guard.kinds.items()}
    inspect, protect = Inspect(guard, guard.kinds), Protect(masks, None, None)
    model = Echo()
    heard: list[str] = []
    for number in ("010-1234-5678", "010-9876-5438"):
        content = f"연락처는 {number}입니다."
        one = call(
            json.dumps({"messages": [{"role": "user", "content": content}]}).encode(),
            planned=replace(PLANNED, form=Form.PSEUDONYMISED),
            caching=Caching(seconds=60, grades=frozenset(Grade)),
        )
        reply = await inspect(one, lambda asked: protect(asked, lambda inner: recall(inner, model)))
        heard.append(json.loads(reply.body)["choices"][0]["message"]["content"])
    assert heard == ["연락처는 010-1234-5678입니다.", "연락처는 010-9876-5438입니다."]
    assert model.told == ["연락처는 [전화번호-1]입니다."]


class Echo:
    """A model that says again what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def __call__(self, asked: Call) -> Reply:
        assert asked.body_in is not None
        self.told.append(json.loads(asked.body_in(Form.PSEUDONYMISED))["messages"][0]["content"])
        asked.ending.used = asked.plan[0]
        message = {"role": "assistant", "content": self.told[-1]}
        return Reply(body=json.dumps({"choices": [{"index": 0, "message": message}]}).encode())


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard.load()


@pytest.mark.parametrize("form", [Form.AS_IS, Form.PSEUDONYMISED, Form.MASKED])
async def test_each_turn_of_a_conversation_leaves_with_the_bytes_of_the_turns_before(
    guard: Guard, form: Form
) -> None:
    """Providers keep prompts by their first bytes: one changed byte, and everything after it is paid in full."""
    masks = {key: kind.mask for key, kind in guard.kinds.items()}
    inspect, protect = Inspect(guard, guard.kinds), Protect(masks, None, None)
    turns = [
        "홍길동 고객님 연락처는 010-1234-5678입니다.",
        "알겠습니다, 010-1234-5678로 연락하겠습니다.",
        "카드 4111-1111-1111-1111도 적어 주세요. 김영희 고객님은 010-2222-3333입니다.",
        "적었습니다.",
        "010-1234-5678과 010-2222-3333을 다시 읽어 주세요.",
    ]
    before = b""
    for upto in range(1, len(turns) + 1, 2):
        messages = [
            {"role": "assistant" if number % 2 else "user", "content": turn}
            for number, turn in enumerate(turns[:upto])
        ]
        body = json.dumps({"model": "m", "stream": False, "messages": messages}, ensure_ascii=False).encode()
        left: list[bytes] = []

        async def leave(asked: Call, left: list[bytes] = left) -> Reply:
            assert asked.body_in is not None
            left.append(asked.body_in(form))
            return Reply(status=400)

        one = call(body, planned=replace(PLANNED, form=form))
        await inspect(one, lambda asked, leave=leave: protect(asked, leave))
        prefix = before.rstrip(b"]}")
        assert left[0].startswith(prefix)
        if form is not Form.AS_IS:
            assert b"1234-5678" not in left[0]
        before = left[0]
