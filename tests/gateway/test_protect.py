import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.core.values import Destination, Form, Grade, Zone
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.catalogue import ModelFacts, Target
from hanbok.gateway.errors import UpstreamCut
from hanbok.gateway.guarding import GuardFailed
from hanbok.gateway.head import InvalidJson
from hanbok.gateway.leg import leg_of, take_over
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.protect import Protect
from hanbok.gateway.way_back import MaskerOf
from hanbok.guard.recogniser import Finding

MASKS = {"PHONE": "[전화번호]", "PERSON": "[이름]"}
PHONE = "010-0000-0001"
_KINDS = {
    "PHONE": re.compile(r"010-\d{4}-\d{4}"),
    "PERSON": re.compile("홍길동|김하늘"),
    "SECRET": re.compile("sk-[a-z]{4}"),
}
_TARGET = Target(
    endpoint="abroad",
    destination=Destination(endpoint="abroad", country="US", zone=Zone.FOREIGN, operator="x"),
    model="m",
    facts=ModelFacts(id="m", context=0, max_output=0, modalities=(), languages=(), licence="", price=None),
)


class Guard:
    """Knows three kinds by their shape."""

    def find(self, text: str) -> list[Finding]:
        return [
            Finding(kind=kind, start=found.start(), end=found.end(), score=1.0)
            for kind, shape in _KINDS.items()
            for found in shape.finditer(text)
        ]


class Broken:
    def find(self, text: str) -> Sequence[Finding]:
        raise ValueError(f"cannot read {text!r}")


@dataclass
class Masker:
    """Masks phone numbers that arrive in one piece, but for those it is to spare."""

    spared: frozenset[str]
    found: Counter[str] = field(default_factory=Counter)

    def feed(self, delta: str) -> str:
        return _KINDS["PHONE"].sub(self._mask, delta)

    def close(self) -> str:
        return ""

    def _mask(self, found: re.Match[str]) -> str:
        if found[0] in self.spared:
            return found[0]
        self.found["PHONE"] += 1
        return "[전화번호]"


@dataclass
class Model:
    """The step behind: takes the body in one form, and answers with `says`, cut into pieces for a stream."""

    form: Form
    says: list[str]
    status: int = 200
    sent: bytes = b""
    closed: bool = False
    breaks: bool = False
    tried: tuple[Form, ...] = ()

    async def __call__(self, call: Call) -> Reply:
        assert call.body_in is not None
        for form in self.tried:
            call.body_in(form)
        self.sent = call.body_in(self.form)
        call.ending.used = Planned(target=_TARGET, form=self.form)
        if call.stream:
            return Reply(chunks=self.chunks())
        message = {"role": "assistant", "content": "".join(self.says)}
        return Reply(status=self.status, body=spell({"choices": [{"index": 0, "message": message}]}))

    async def chunks(self) -> AsyncGenerator[list[bytes], None]:
        try:
            for piece in self.says:
                await asyncio.sleep(0)
                yield [spell({"id": "c", "choices": [{"index": 0, "delta": {"content": piece}}]})]
            if self.breaks:
                raise UpstreamCut(origin="abroad")
            yield [spell({"id": "c", "choices": [], "usage": {"prompt_tokens": 1}})]
        finally:
            self.closed = True


def spell(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def call_with(
    content: object, *, stream: bool = False, operation: Operation = Operation.CHAT, **more: Any
) -> Call:
    body = spell({"model": "m", "messages": [{"role": "user", "content": content}], **more})
    return Call(
        id="call-1",
        route="/v1/chat/completions",
        operation=operation,
        body=body,
        headers={},
        origin="127.0.0.1",
        digest=hashlib.sha256(body).hexdigest(),
        model="m",
        stream=stream,
        wants_usage=False,
    )


async def run(call: Call, model: Model, masker_of: MaskerOf | None = None) -> Reply:
    protect = Protect(MASKS, masker_of)
    return await Inspect(Guard())(call, lambda inner: protect(inner, model))


async def said(reply: Reply) -> str:
    if reply.chunks is None:
        return str(json.loads(reply.body)["choices"][0]["message"]["content"])
    pieces = [json.loads(chunk) async for batch in reply.chunks for chunk in batch]
    return "".join(choice["delta"]["content"] for piece in pieces for choice in piece["choices"])


PROMPT = f"홍길동이 {PHONE}로 전화했다"
HIDDEN = "[이름-3]이 [전화번호-1]로 전화했다"


@pytest.mark.parametrize("stream", [False, True])
async def test_what_leaves_is_pseudonymised_and_what_comes_back_is_restored(*, stream: bool):
    call = call_with(PROMPT, stream=stream)
    model = Model(
        Form.PSEUDONYMISED, ["네, [이", "름-3]은 [전화번호", "-1", "]로 [전화번호-2] 걸었습니다 [전화"]
    )
    reply = await run(call, model)
    assert model.sent == call.body.replace(PROMPT.encode(), HIDDEN.encode())
    assert await said(reply) == f"네, 홍길동은 {PHONE}로 [전화번호-2] 걸었습니다 [전화"
    assert call.ending.steps == {
        "inspect": "ran",
        "protect": "pseudonymised 2",
        "restore": "2 restored, 1 left",
        "inspect_reply": "not run",
    }


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_masked_stays_masked(*, stream: bool):
    call = call_with(PROMPT, stream=stream)
    model = Model(Form.MASKED, ["[이름]이 [전화번호]로, [이름-3]"])
    assert await said(await run(call, model)) == "[이름]이 [전화번호]로, [이름-3]"
    assert model.sent == call.body.replace(PROMPT.encode(), "[이름]이 [전화번호]로 전화했다".encode())
    assert call.ending.steps["protect"] == "masked 2"
    assert call.ending.steps["restore"] == "not run"


async def test_as_is_the_original_bytes_leave():
    call = call_with(PROMPT)
    model = Model(Form.AS_IS, [PROMPT])
    reply = await run(call, model)
    assert model.sent is call.body
    assert await said(reply) == PROMPT
    assert call.ending.steps["protect"] == "as_is"


@pytest.mark.parametrize("form", list(Form))
async def test_without_findings_the_original_bytes_leave_in_every_form(form: Form):
    call = call_with("오늘 날씨 어때? [이름-3]")
    model = Model(form, ["[이름-3] 맑음"])
    assert await said(await run(call, model)) == "[이름-3] 맑음"
    assert model.sent is call.body
    assert call.grade is Grade.OPEN


async def test_the_form_of_the_place_that_answered_is_noted_whoever_was_asked_last():
    """Two places may be asked at once, or one after the other by legs of the call."""
    call, model = call_with(PROMPT), Model(Form.MASKED, ["네"])

    async def legs(asked: Call) -> Reply:
        first, second = leg_of(asked), leg_of(asked)
        reply = await model(first)
        assert second.body_in is not None
        second.body_in(Form.PSEUDONYMISED)
        take_over(asked, first)
        return reply

    await run(call, legs)
    assert call.ending.steps["protect"] == "masked 2"


async def test_the_form_of_the_destination_that_answered_decides():
    call = call_with(PROMPT)
    model = Model(Form.AS_IS, ["[이름-3]"], tried=(Form.PSEUDONYMISED, Form.MASKED))
    assert await said(await run(call, model)) == "[이름-3]"
    assert call.ending.steps["protect"] == "as_is"


async def test_the_grade_and_findings_are_noted():
    call = call_with([{"type": "text", "text": PROMPT}, {"type": "text", "text": "sk-abcd"}])
    await run(call, Model(Form.MASKED, [""]))
    assert sorted(call.kinds) == ["PERSON", "PHONE", "SECRET"]
    assert call.grade is Grade.SENSITIVE
    assert call.texts is not None
    assert {call.texts.text[one.start : one.end] for one in call.findings} == {"홍길동", PHONE, "sk-abcd"}


_WORDS = st.lists(
    st.one_of(
        st.sampled_from(["홍길동", "김하늘", PHONE, "010-2222-3333", "sk-abcd", "[전화번호-1]", "[이름-3]"]),
        st.text(max_size=6),
    ),
    max_size=12,
).map(" ".join)


@given(words=_WORDS, ascii_only=st.booleans(), cut=st.integers(1, 9))
async def test_what_a_model_echoes_comes_back_as_it_was(*, words: str, ascii_only: bool, cut: int):
    arguments = json.dumps({"said": words}, ensure_ascii=ascii_only)
    call = call_with(words, stream=True, tools=[arguments])
    held = {found[0] for shape in _KINDS.values() for found in shape.finditer(words)}

    async def echo(call: Call) -> Reply:
        assert call.body_in is not None
        sent = json.loads(call.body_in(Form.PSEUDONYMISED))
        call.ending.used = Planned(target=_TARGET, form=Form.PSEUDONYMISED)
        content, (again,) = sent["messages"][0]["content"], sent["tools"]
        assert not any(value in content + again for value in held)

        async def chunks() -> AsyncGenerator[list[bytes], None]:
            for at in range(0, len(content), cut):
                yield [spell({"choices": [{"index": 0, "delta": {"content": content[at : at + cut]}}]})]
            for at in range(0, len(again), cut):
                called = [{"index": 0, "function": {"arguments": again[at : at + cut]}}]
                yield [spell({"choices": [{"index": 0, "delta": {"tool_calls": called}}]})]

        return Reply(chunks=chunks())

    protect = Protect(MASKS)
    reply = await Inspect(Guard())(call, lambda inner: protect(inner, echo))
    assert reply.chunks is not None
    text = made = ""
    async for batch in reply.chunks:
        for delta in (json.loads(chunk)["choices"][0]["delta"] for chunk in batch):
            text += delta.get("content", "")
            made += "".join(one["function"]["arguments"] for one in delta.get("tool_calls", []))
    assert text == words
    assert json.loads(made) == {"said": words}


async def test_tools_names_and_arguments_are_hidden_too():
    call = call_with(
        "x", tools=[{"function": {"description": PROMPT}}], user="홍길동", metadata={"홍길동": PHONE}
    )
    arguments = json.dumps({"to": "홍길동", "by": f"{PHONE}"})
    call.body = call.body[:-1] + b"," + spell({"a": {"arguments": arguments}})[1:]
    model = Model(Form.PSEUDONYMISED, [""])
    await run(call, model)
    assert PHONE.encode() not in model.sent
    sent = json.loads(model.sent)
    assert sent["user"] == "[이름-3]"
    assert sent["metadata"] == {"[이름-3]": "[전화번호-1]"}
    assert json.loads(sent["a"]["arguments"]) == {"to": "[이름-3]", "by": "[전화번호-1]"}
    assert "홍길동" not in str(sent)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_is_masked_before_it_is_restored(*, stream: bool):
    call = call_with(PROMPT, stream=stream)
    model = Model(Form.PSEUDONYMISED, ["[전화번호-1] 말고 ", "010-9999-9999", " 입니다"])
    reply = await run(call, model, Masker)
    assert await said(reply) == f"{PHONE} 말고 [전화번호] 입니다"
    assert call.ending.reply_findings == {"PHONE": 1}
    assert call.ending.steps["inspect_reply"] == "ran"


@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_client_sent_itself_is_not_masked_in_the_answer(*, stream: bool):
    call = call_with(PROMPT, stream=stream)
    reply = await run(call, Model(Form.AS_IS, [PHONE, " ", "010-9999-9999"]), Masker)
    assert await said(reply) == f"{PHONE} [전화번호]"
    assert call.ending.reply_findings == {"PHONE": 1}


async def test_a_structured_answer_stays_json():
    for kind in ("json_object", "json_schema"):
        call = call_with('이름: "홍길동"', response_format={"type": kind})
        call.body = call.body.replace("홍길동".encode(), '홍길동", "김하늘'.encode().replace(b'"', b'\\"'))
        reply = await run(call, Model(Form.PSEUDONYMISED, ['{"이름": "[이름-3]"}']))
        assert json.loads(await said(reply)) == {"이름": "홍길동"}
    call = call_with(PROMPT, response_format="json")
    assert await said(await run(call, Model(Form.PSEUDONYMISED, ["[이름-3]"]))) == "홍길동"


async def test_refusals_of_the_provider_and_embeddings_pass_untouched():
    for call, model in (
        (call_with(PROMPT), Model(Form.PSEUDONYMISED, ["[이름-3]"], status=400)),
        (call_with(PROMPT, operation=Operation.EMBEDDINGS), Model(Form.PSEUDONYMISED, ["[이름-3]"])),
    ):
        assert await said(await run(call, model)) == "[이름-3]"
        assert "홍길동".encode() not in model.sent


async def test_a_client_that_leaves_closes_the_model_at_once():
    model = Model(Form.PSEUDONYMISED, ["[이름-3]", "b", "c"])
    call = call_with(PROMPT, stream=True)
    reply = await run(call, model)
    assert reply.chunks is not None
    await anext(reply.chunks)
    await reply.chunks.aclose()
    assert model.closed
    assert call.ending.steps["restore"] == "1 restored"


async def test_a_stream_that_breaks_off_still_breaks_off():
    model = Model(Form.PSEUDONYMISED, ["가 [이름"], breaks=True)
    reply = await run(call_with(PROMPT, stream=True), model)
    with pytest.raises(UpstreamCut):
        await said(reply)


@pytest.mark.parametrize("size", [1, 30_000])
async def test_a_guard_that_breaks_blocks_and_quotes_nothing(size: int):
    model = Model(Form.AS_IS, [""])
    with pytest.raises(GuardFailed) as caught:
        await Inspect(Broken())(call_with(PROMPT * size if size == 1 else "가" * size), model)
    assert model.sent == b""
    assert caught.value.facts["crash"] == "ValueError"
    assert str(caught.value.facts["place"]).startswith("test_protect.")
    assert "홍길동" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("stream", [False, True])
async def test_a_masker_that_breaks_stops_the_answer(*, stream: bool):
    class BrokenMasker(Masker):
        def feed(self, delta: str) -> str:
            raise LookupError(delta)

    model = Model(Form.AS_IS, ["010-9999-9999"])
    with pytest.raises(GuardFailed):
        await said(await run(call_with(PROMPT, stream=stream), model, BrokenMasker))
    assert model.closed is stream


async def test_text_that_is_not_unicode_is_refused():
    call = call_with("x")
    call.body = b'{"model":"m","a":"\\ud800"}'
    with pytest.raises(InvalidJson):
        await run(call, Model(Form.AS_IS, [""]))


async def test_files_that_were_not_read_are_named_in_the_record():
    image = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAA" * 9
    call = call_with([{"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": PROMPT}])
    model = Model(Form.MASKED, [""])
    await run(call, model)
    assert call.ending.steps["inspect"] == "ran; 1 not read: image/png"
    assert image.encode() in model.sent


async def test_token_ids_that_were_not_read_are_named_in_the_record():
    for tokens, did in (
        ([[1, 2], [3]], "ran; 1 not read: token ids"),
        ([7], "ran; 1 not read: token ids"),
        (["a"], "ran"),
    ):
        call = call_with("x", operation=Operation.EMBEDDINGS, input=tokens)
        await run(call, Model(Form.AS_IS, [""]))
        assert call.ending.steps["inspect"] == did


async def test_a_large_body_is_read_while_others_go_on():
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticker = asyncio.create_task(tick())
    call = call_with(("가나다 " * 1000 + PROMPT + "\n") * 400)
    call.plan = (Planned(target=_TARGET, form=Form.AS_IS), Planned(target=_TARGET, form=Form.PSEUDONYMISED))
    model = Model(Form.PSEUDONYMISED, ["[이름-3]", " " * 20_000])
    reply = await run(call, model)
    ticker.cancel()
    assert (await said(reply)).strip() == "홍길동"
    assert len(call.findings) == 800
    assert PHONE.encode() not in model.sent
    assert ticks > 3


@pytest.mark.parametrize("stream", [False, True])
async def test_a_number_that_is_masked_in_the_arguments_of_a_tool_leaves_json(*, stream: bool):
    class Digits(Masker):
        def feed(self, delta: str) -> str:
            return re.sub(r"\d{13}", "[전화번호]", delta)

    arguments = '{"n": 9990101123456, "s": "9990101123456", "who": "[이름-3]"}'
    called = {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": arguments}}]}

    async def model(call: Call) -> Reply:
        assert call.body_in is not None
        call.body_in(Form.PSEUDONYMISED)
        call.ending.used = Planned(target=_TARGET, form=Form.PSEUDONYMISED)
        body = spell({"choices": [{"index": 0, "delta" if stream else "message": called}]})

        async def chunks() -> AsyncGenerator[list[bytes], None]:
            yield [body]

        return Reply(chunks=chunks()) if stream else Reply(body=body)

    protect = Protect(MASKS, Digits)
    reply = await Inspect(Guard())(call_with(PROMPT, stream=stream), lambda inner: protect(inner, model))
    bodies = [chunk async for batch in reply.chunks for chunk in batch] if reply.chunks else [reply.body]
    choice = json.loads(bodies[0])["choices"][0]
    message = choice["delta" if stream else "message"]
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == {
        "n": 0,
        "s": "[전화번호]",
        "who": "홍길동",
    }
