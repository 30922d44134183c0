import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.rewrite import Chain, ChunkRewriter, Make, rewrite_answer
from hanbok.gateway.transformer import Transformer
from hanbok.guard.pseudonym import Pseudonyms
from hanbok.guard.recogniser import Finding

VALUE = 'C:\\김 "하" \n😀'
TEXT = f"{VALUE}|010-0000-0001"
PSEUDONYMS = Pseudonyms({"PERSON": "[이름]", "PHONE": "[전화번호]"})
PSEUDONYMS.hide(
    TEXT,
    [
        Finding(kind="PERSON", start=0, end=len(VALUE), score=1.0),
        Finding(kind="PHONE", start=len(VALUE) + 1, end=len(TEXT), score=1.0),
    ],
)
NAME, PHONE = "[이름-2]", "[전화번호-1]"
PHONE_VALUE = "010-0000-0001"
_NOT_UTF8 = '{"choices":[{"message":{"content":"[이름-2]"}}],"a":"?"}'.encode().replace(b"?", b"\xff")


class Redact:
    """Turns `비밀` into stars, and waits while a text ends in its first letter."""

    def __init__(self) -> None:
        self._carry = ""

    def feed(self, delta: str) -> str:
        text = (self._carry + delta).replace("비밀", "**")
        self._carry = "비" if text.endswith("비") else ""
        return text.removesuffix("비") if self._carry else text

    def close(self) -> str:
        rest, self._carry = self._carry, ""
        return rest


class Upper:
    def feed(self, delta: str) -> str:
        return delta.upper()

    def close(self) -> str:
        return "!"


def restoring(in_json: bool) -> Transformer:
    return PSEUDONYMS.restorer(in_json=in_json)


def both(in_json: bool) -> Transformer:
    return Chain(Redact(), PSEUDONYMS.restorer(in_json=in_json))


def spell(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def answer(*messages: dict[str, Any], **more: Any) -> bytes:
    choices = [
        {"index": index, "message": message, "finish_reason": "stop"}
        for index, message in enumerate(messages)
    ]
    return spell({"id": "chatcmpl-1", "object": "chat.completion", "choices": choices, **more})


def chunk(delta: dict[str, Any] | None, *, index: int = 0, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return spell(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [choice],
            **more,
        }
    )


def stream(make: Make | None, chunks: list[bytes], **options: bool) -> list[dict[str, Any]]:
    rewriter = ChunkRewriter(make, "there", **options)
    return [json.loads(out) for one in chunks for out in rewriter.feed(one)] + [
        json.loads(out) for out in rewriter.close()
    ]


def gather(chunks: list[dict[str, Any]]) -> dict[tuple[Any, ...], str]:
    """Join the texts of a stream by choice and slot, as clients do."""
    texts: dict[tuple[Any, ...], str] = {}

    def walk(value: Any, at: tuple[Any, ...]) -> None:
        if isinstance(value, str) and at[-1] not in {"role", "id", "type", "name"}:
            texts[at] = texts.get(at, "") + value
        elif isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, (*at, key))
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                walk(inner, (*at, inner.get("index", place)))

    for one in chunks:
        for choice in one["choices"]:
            walk(choice["delta"], (choice["index"],))
    return {at: text for at, text in texts.items() if text}


def test_every_text_of_a_whole_answer_is_restored():
    body = answer(
        {
            "role": "assistant",
            "content": f"{NAME}님은",
            "refusal": f"{NAME}",
            "reasoning_content": f"생각 {PHONE}",
            "audio": {"id": "a", "data": "[전화번호-1]", "transcript": f"전화 {PHONE}"},
            "tool_calls": [
                {
                    "id": "c",
                    "type": "function",
                    "function": {"name": "f", "arguments": spell({"n": NAME}).decode()},
                },
                {"id": "d", "type": "custom", "custom": {"name": "g", "input": f"raw {NAME}"}},
            ],
            "function_call": {"name": "h", "arguments": '{"n":"\\u005b이름-2]","m":"[\\uc774\\ub984-2]"}'},
            "unknown": {"deep": [f"{PHONE}", 1, None, [f"{PHONE}"]]},
        },
        {"role": "assistant", "content": [{"type": "text", "text": f"둘째 {PHONE}"}]},
        usage={"prompt_tokens": 1},
        x_field=[1.5e-7, True],
    )
    out = json.loads(rewrite_answer(body, restoring, "there"))
    first, second = (choice["message"] for choice in out["choices"])
    assert first["content"] == f"{VALUE}님은"
    assert first["refusal"] == VALUE
    assert first["reasoning_content"] == f"생각 {PHONE_VALUE}"
    assert first["audio"] == {"id": "a", "data": "[전화번호-1]", "transcript": f"전화 {PHONE_VALUE}"}
    assert json.loads(first["tool_calls"][0]["function"]["arguments"]) == {"n": VALUE}
    assert first["tool_calls"][1]["custom"]["input"] == f"raw {VALUE}"
    assert json.loads(first["function_call"]["arguments"]) == {"n": NAME, "m": VALUE}
    assert first["unknown"] == {"deep": [PHONE_VALUE, 1, None, [PHONE_VALUE]]}
    assert second["content"] == [{"type": "text", "text": f"둘째 {PHONE_VALUE}"}]
    assert (out["usage"], out["x_field"]) == ({"prompt_tokens": 1}, [1.5e-7, True])


def test_a_structured_answer_stays_json():
    body = answer({"content": spell({"name": NAME}).decode()})
    out = json.loads(rewrite_answer(body, restoring, "there", structured=True))
    assert json.loads(out["choices"][0]["message"]["content"]) == {"name": VALUE}


@pytest.mark.parametrize(
    "body",
    [
        answer({"role": "assistant", "content": "그대로 [1] [전화번호-3]"}),
        b' { "choices" : [ {"message":{"content":"a"},"x":1.0e5} ], "z":1 } ',
        b'{"choices":[]}',
        b'{"choices":null}',
        b'{"choices":[{"message":null}]}',
    ],
)
def test_an_answer_without_anything_to_change_is_the_very_same_bytes(body: bytes):
    assert rewrite_answer(body, both, "there") is body


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"choices":3}', b'{"choices":[{"message":"x"}]}', _NOT_UTF8]
)
def test_an_answer_of_another_shape_is_garbled(body: bytes):
    with pytest.raises(UpstreamGarbled):
        rewrite_answer(body, restoring, "there")
    with pytest.raises(UpstreamGarbled):
        ChunkRewriter(restoring, "there").feed(body.replace(b"message", b"delta"))


def test_log_probabilities_of_a_changed_text_are_left_out():
    logprobs = {"content": [{"token": "비밀", "logprob": -0.1}]}
    tree = json.loads(answer({"content": "비밀"}, {"content": "공개"}))
    for choice in tree["choices"]:
        choice["logprobs"] = logprobs
    out = json.loads(rewrite_answer(spell(tree), both, "there"))
    assert [choice["logprobs"] for choice in out["choices"]] == [None, logprobs]


def test_log_probabilities_of_a_held_piece_are_left_out():
    pieces = []
    for text in ("공개", "비", "밀", "끝"):
        tree = json.loads(chunk({"content": text}))
        tree["choices"][0]["logprobs"] = {"content": [{"token": text}]}
        pieces.append(spell(tree))
    out = stream(both, pieces)
    assert [one["choices"][0]["logprobs"] and one["choices"][0]["delta"]["content"] for one in out] == [
        "공개",
        None,
        None,
        "끝",
    ]


def test_a_chunk_without_anything_to_change_is_the_very_same_bytes():
    rewriter = ChunkRewriter(both, "there")
    for one in (
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "안녕 [1]"}),
        b'{"choices":[{"delta":{"content":"x"} ,"n":1.0e5}], "usage" : null}',
        chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]}),
        chunk({}, finish="stop"),
        chunk(None),
        b'{"choices":[],"usage":{"prompt_tokens":1}}',
        b'{"id":"x"}',
    ):
        (out,) = rewriter.feed(one)
        assert out is one
    assert rewriter.close() == []


def deltas(slot: tuple[str | int, ...], text: str, cuts: list[int]) -> list[dict[str, Any]]:
    """Spell a text as deltas, cut at these places."""
    made = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        inner: Any = text[start:end]
        for key in reversed(slot):
            inner = {key: inner} if isinstance(key, str) else [{"index": key, **inner}]
        made.append(inner)
    return made


SLOTS: list[tuple[str | int, ...]] = [
    ("content",),
    ("reasoning_content",),
    ("refusal",),
    ("tool_calls", 1, "function", "arguments"),
    ("function_call", "arguments"),
    ("audio", "transcript"),
    ("reasoning_details", 0, "text"),
]


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: ".".join(map(str, slot)))
@pytest.mark.parametrize("finish", ["stop", None])
def test_a_placeholder_cut_anywhere_is_restored_in_every_slot(
    slot: tuple[str | int, ...], finish: str | None
):
    text = f'{{"a":"{PHONE}로 {NAME}","b":"비밀 \\\\[전화번호-1\\\\] [전화'
    in_json = slot[-1] == "arguments"
    wanted = PSEUDONYMS.restore(text.replace("비밀", "**"), in_json=in_json)
    for cut in range(len(text)):
        chunks = [chunk(delta) for delta in deltas(slot, text, [cut])]
        out = stream(both, [*chunks, chunk({}, finish=finish)])
        assert gather(out) == {(0, *slot): wanted}
    one_by_one = [chunk(delta) for delta in deltas(slot, text, list(range(1, len(text))))]
    out = stream(both, [*one_by_one, chunk({}, finish=finish)])
    assert gather(out) == {(0, *slot): wanted}
    if finish:
        assert out[-1]["choices"][0]["finish_reason"] == finish


def test_what_was_held_leaves_before_the_end_of_its_choice():
    out = stream(
        restoring, [chunk({"content": "끝 [전화"}), chunk({}, finish="stop"), b'{"choices":[],"usage":{}}']
    )
    assert [one["choices"] for one in out] == [
        [{"index": 0, "delta": {"content": "끝 "}, "finish_reason": None}],
        [{"index": 0, "delta": {"content": "[전화"}, "finish_reason": None}],
        [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        [],
    ]
    assert all({"id": "chatcmpl-1", "created": 1, "model": "m"}.items() <= one.items() for one in out[:3])


def test_a_chunk_made_for_what_was_held_has_the_shape_that_clients_expect():
    call = {
        "tool_calls": [
            {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "[이"}}
        ]
    }
    for delta in ({"content": "[이"}, {"refusal": "[이"}, call):
        for one in stream(restoring, [chunk(delta), chunk({}, finish="stop")]):
            ChatCompletionChunk.model_validate(one)


def test_what_was_held_joins_the_chunk_that_ends_its_choice():
    out = stream(restoring, [chunk({"content": "[전화"}), chunk({"content": "번호"}, finish="length")])
    assert [one["choices"][0]["delta"]["content"] for one in out] == ["", "[전화번호"]
    assert out[-1]["choices"][0]["finish_reason"] == "length"


def test_what_was_held_leaves_when_another_slot_goes_on():
    call = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}}]}
    out = stream(restoring, [chunk({"reasoning_content": "a["}), chunk({"content": "b["}), chunk(call)])
    assert [one["choices"][0]["delta"] for one in out] == [
        {"reasoning_content": "a"},
        {"reasoning_content": "["},
        {"content": "b"},
        {"content": "["},
        call,
    ]


def test_choices_of_one_stream_do_not_mix():
    pieces = [("[전화", 0), ("[이", 1), ("번호", 0), ("름-2", 1), ("-1]", 0), ("]", 1)]
    out = stream(restoring, [chunk({"content": text}, index=index) for text, index in pieces])
    assert gather(out) == {(0, "content"): PHONE_VALUE, (1, "content"): VALUE}


def test_two_choices_in_one_chunk_are_both_restored():
    one = json.loads(chunk({"content": PHONE}))
    one["choices"].append({"index": 1, "delta": {"content": NAME}})
    assert gather(stream(restoring, [spell(one)])) == {(0, "content"): PHONE_VALUE, (1, "content"): VALUE}


def test_parallel_tool_calls_are_restored_each_by_itself():
    def call(index: int, arguments: str) -> bytes:
        return chunk({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})

    out = stream(
        restoring,
        [call(0, '{"a":"[이름'), call(0, '-2]"}'), call(1, '{"b":"'), call(1, "[이름-2"), call(1, ']"}')],
    )
    texts = gather(out)
    assert json.loads(texts[0, "tool_calls", 0, "function", "arguments"]) == {"a": VALUE}
    assert json.loads(texts[0, "tool_calls", 1, "function", "arguments"]) == {"b": VALUE}


def test_a_stream_of_a_structured_answer_stays_json():
    text = spell({"name": f"{NAME} {PHONE}"}).decode()
    chunks = [chunk({"content": letter}) for letter in text]
    texts = gather(stream(restoring, chunks, structured=True))
    assert json.loads(texts[0, "content"]) == {"name": f"{VALUE} {PHONE_VALUE}"}


@pytest.mark.parametrize("make", [None, restoring])
def test_a_client_that_did_not_ask_for_usage_sees_none(make: Make | None):
    usage = {"prompt_tokens": 1, "completion_tokens": 2}
    chunks = [
        chunk({"content": "a"}, usage=None),
        chunk({"content": PHONE}, usage=None),
        b'{"usage":null,"choices":[{"index":0,"delta":{"content":"b"}}]}',
        chunk({"content": '{"usage":null}'}),
        chunk({}, finish="stop", usage=usage),
        spell({"choices": [], "prompt_filter_results": [], "usage": None}),
        spell({"id": "x", "choices": [], "usage": usage}),
    ]
    out = stream(make, chunks, hide_usage=True)
    assert len(out) == 6
    assert not any("usage" in one for one in out)
    assert out[3]["choices"][0]["delta"]["content"] == '{"usage":null}'
    assert out[5] == {"choices": [], "prompt_filter_results": []}
    shown = stream(make, chunks, hide_usage=False)
    assert [one.get("usage", "none") for one in shown] == [None, None, None, "none", usage, None, usage]


def test_a_chunk_with_usage_null_at_its_end_is_cut_not_spelt_anew():
    one = b'{"choices":[{"delta":{"content":"x"} ,"n":1.0e5}],"usage":null}'
    assert ChunkRewriter(None, "there", hide_usage=True).feed(one) == [one.replace(b',"usage":null', b"")]


def test_a_chain_hands_on_what_each_link_held():
    chain = Chain(Redact(), Upper())
    assert chain.feed("a비") + chain.feed("밀b비") + chain.close() == "A**B비!"
    assert Chain(Upper(), Redact()).close() == "!"


@given(data=st.data())
def test_any_stream_gives_the_texts_of_the_whole(data: st.DataObject):
    pieces = data.draw(
        st.lists(
            st.tuples(
                st.integers(0, 1),
                st.sampled_from(SLOTS[:1] + SLOTS[3:4]),
                st.text(st.sampled_from("[]전화번호이름-12비밀\\ ")),
            ),
            max_size=25,
        )
    )
    # A slot ends when another of its choice goes on: keep each slot's pieces together.
    pieces.sort(key=lambda piece: (piece[0], piece[1]))
    chooser = random.Random(len(pieces))
    by_choice = [[piece for piece in pieces if piece[0] == index] for index in (0, 1)]
    chunks = []
    while any(by_choice):
        index, slot, text = chooser.choice([one for one in by_choice if one]).pop(0)
        (delta,) = deltas(slot, text, [])
        chunks.append(chunk(delta, index=index))
    wanted: dict[tuple[Any, ...], str] = {}
    for index, slot, text in pieces:
        wanted[index, *slot] = wanted.get((index, *slot), "") + text
    for at, text in wanted.items():
        wanted[at] = PSEUDONYMS.restore(text.replace("비밀", "**"), in_json=at[-1] == "arguments")
    assert gather(stream(both, chunks)) == {at: text for at, text in wanted.items() if text}
