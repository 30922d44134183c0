"""Marks of what AI made: on answers, under texts."""

import json
from collections.abc import AsyncGenerator

import pytest

from hanbok.core.values import Language
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.marking.text import Unmarkable, footer, mark_text
from hanbok.gateway.steps.mark import Mark, Marks, marked
from hanbok.settings.marking import MarkingSettings


def a_call(operation: Operation = Operation.CHAT) -> Call:
    return Call(
        id="call-1",
        route="/v1/chat/completions",
        operation=operation,
        body=b"{}",
        headers={},
        origin="",
        digest="",
        model="m",
        stream=False,
    )


async def through(step: Mark, call: Call, reply: Reply) -> Reply:
    async def onward(_: Call) -> Reply:
        return reply

    return await step(call, call_next=onward)


BODY = b'{ "id":"x", "choices":[{"index":0}],"n":1.0}'


@pytest.mark.parametrize(
    ("marks", "body", "told"),
    [
        (Marks.HEADER, BODY, "header"),
        (Marks.EXEMPT, BODY, "exempt"),
        (Marks.FIELD, b'{"hanbok_ai_generated":true, "id":"x", "choices":[{"index":0}],"n":1.0}', "field"),
    ],
)
async def test_an_answer_is_marked_and_the_record_says_how(marks, body, told):
    call = a_call()
    reply = await through(Mark(marks), call, Reply(body=BODY))
    assert reply.body == body
    assert json.loads(reply.body)["id"] == "x"
    assert call.ending.steps["mark"] == told


@pytest.mark.parametrize("reply", [Reply(status=400, body=BODY)])
async def test_what_no_model_made_is_not_marked(reply):
    call = a_call()
    assert (await through(Mark(Marks.FIELD), call, reply)).body == BODY
    assert "mark" not in call.ending.steps


async def test_embeddings_are_no_answer_to_mark():
    call = a_call(Operation.EMBEDDINGS)
    assert (await through(Mark(Marks.FIELD), call, Reply(body=BODY))).body == BODY


async def test_only_the_first_chunk_of_a_stream_is_marked():
    async def chunks() -> AsyncGenerator[list[bytes], None]:
        yield []
        yield [b'{"id":1}', b'{"id":2}']
        yield [b'{"id":3}']

    reply = await through(Mark(Marks.FIELD), a_call(), Reply(chunks=chunks()))
    assert reply.chunks is not None
    batches = [batch async for batch in reply.chunks]
    assert batches == [[], [b'{"hanbok_ai_generated":true,"id":1}', b'{"id":2}'], [b'{"id":3}']]


async def test_a_stream_that_is_left_early_closes_the_one_inside():
    closed = []

    async def chunks() -> AsyncGenerator[list[bytes], None]:
        try:
            yield [b'{"id":1}']
            yield [b'{"id":2}']
        finally:
            closed.append(True)

    reply = await through(Mark(Marks.FIELD), a_call(), Reply(chunks=chunks()))
    assert reply.chunks is not None
    await anext(reply.chunks)
    await reply.chunks.aclose()
    assert closed == [True]


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (b"{}", b'{"hanbok_ai_generated":true}'),
        (b" {\n}", b' {"hanbok_ai_generated":true\n}'),
        (b"[1]", b"[1]"),
        (b"", b""),
        (b'["{"]', b'["{"]'),
    ],
)
def test_a_body_stays_json(body, after):
    assert marked(body) == after


def test_the_settings_say_how_answers_are_marked():
    assert MarkingSettings().marks is Marks.HEADER
    assert MarkingSettings(field=True).marks is Marks.FIELD
    assert MarkingSettings(field=True, internal_only="내부 문서 작성").marks is Marks.EXEMPT


LINE = footer(Language.KO)


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".json"])
def test_a_marked_text_says_so_once(suffix):
    text = {
        ".html": "<html><head></head><body><p>글 </body> 아님</p></body></html>",
        ".json": '{"a": 1}',
    }.get(suffix, "글")
    once = mark_text(text, suffix, LINE)
    assert LINE in once
    assert mark_text(once, suffix, LINE) == once
    if suffix == ".html":
        assert '<meta name="ai-generated" content="true">' in once
        assert once.rindex(LINE) < once.rindex("</body>")
    if suffix == ".json":
        assert json.loads(once) == {"a": 1, "ai_generated": True, "ai_notice": LINE}


def test_a_footer_names_the_call_and_nothing_else():
    assert footer(Language.KO, call="call-12").endswith("(hanbok call-12)")
    assert "<" not in footer(Language.KO, call="<script>")
    assert footer(Language.KO, own="가온은행 인공지능이 썼습니다.") == "가온은행 인공지능이 썼습니다."
    assert "&lt;b&gt;" in mark_text("<p>x</p>", ".html", "<b>")


@pytest.mark.parametrize(("text", "suffix"), [("x", ".exe"), ("[1]", ".json"), ("{", ".json")])
def test_what_cannot_carry_a_mark_is_refused(text, suffix):
    with pytest.raises(Unmarkable):
        mark_text(text, suffix, LINE)
