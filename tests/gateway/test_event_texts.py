"""Texts of events of any shape: masked and restored in their pieces, wherever these are cut."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.event_texts import EventTexts
from hanbok.gateway.guarding import GuardFailed
from hanbok.gateway.showing import Showing
from hanbok.gateway.transformer import Transformer
from hanbok.gateway.way_back import linked
from hanbok.guard.guard import Guard
from hanbok.guard.pseudonym import Pseudonyms
from hanbok.guard.recogniser import Finding
from hanbok.guard.stream import StreamMasker
from hanbok.testing.korean import Identities

RRN = Identities(3).rrn()
VALUE = '길"동'
MASKS = {"RRN": "[주민등록번호]", "PERSON": "[이름]"}
Shape = dict[str, Any]


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard.load()


def texts(guard: Guard) -> EventTexts:
    hider = Pseudonyms(MASKS)
    hider.hide(VALUE, [Finding(kind="PERSON", start=0, end=len(VALUE), score=1.0, why="")])

    def make(in_json: bool) -> Transformer:
        return linked(StreamMasker(guard, frozenset({"RRN"})), MASKS, hider, in_json=in_json)

    return EventTexts(make, "stand")


def pseudonym() -> str:
    hider = Pseudonyms(MASKS)
    ((_, _, shown),) = hider.hide(VALUE, [Finding(kind="PERSON", start=0, end=len(VALUE), score=1.0, why="")])
    return shown


def passed(guard: Guard, events: list[Shape]) -> list[Shape]:
    changed = texts(guard)
    out = [one for event in events for one in changed.feed(json.dumps(event, ensure_ascii=False).encode())]
    return [json.loads(one) for one in [*out, *changed.close()]]


def realtime(piece: str) -> Shape:
    return {"type": "response.output_text.delta", "item_id": "i", "content_index": 0, "delta": piece}


def anthropic(piece: str) -> Shape:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}


def openai(piece: str) -> Shape:
    return {"id": "c-1", "choices": [{"index": 0, "delta": {"content": piece}}]}


def gemini(piece: str) -> Shape:
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}}]}


def completion(piece: str) -> Shape:
    return {"object": "text_completion", "choices": [{"index": 0, "text": piece, "finish_reason": None}]}


def older(piece: str) -> Shape:
    return {"type": "completion", "completion": piece, "stop_reason": None}


def generated(piece: str) -> Shape:
    return {"index": 3, "token": {"id": 7, "text": piece}}


def words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name in ("delta", "text", "content", "completion") and isinstance(one, str):
                yield one
            else:
                yield from words(one)
    elif isinstance(value, list):
        for one in value:
            yield from words(one)


@pytest.mark.parametrize("shape", [realtime, anthropic, openai, gemini, completion, older, generated])
@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_a_text_in_pieces_is_masked_and_restored(guard: Guard, shape: Any, size: int) -> None:
    whole = f"{pseudonym()}님의 번호 {RRN} 끝"
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    shown = passed(guard, [shape(piece) for piece in pieces])
    assert "".join(words(shown)) == f"{VALUE}님의 번호 [주민등록번호] 끝"


def test_texts_of_two_owners_do_not_mix_and_sound_between_them_ends_none(guard: Guard) -> None:
    first, second = pseudonym()[:3], pseudonym()[3:]
    other = {"type": "response.output_text.delta", "item_id": "other", "content_index": 0, "delta": "다른 글"}
    between = {"type": "rate_limits.updated", "rate_limits": []}
    done = {"type": "response.output_text.done", "item_id": "i", "content_index": 0, "text": pseudonym()}
    shown = passed(guard, [realtime(first), other, between, realtime(second), done])
    mine = [one["delta"] for one in shown if one.get("item_id") == "i" and "delta" in one]
    assert "".join(mine) == VALUE
    assert shown[-1]["text"] == VALUE


def test_what_is_held_leaves_before_the_event_that_ends_its_text(guard: Guard) -> None:
    done = {"type": "response.output_text.done", "item_id": "i", "content_index": 0, "text": "[이"}
    shown = passed(guard, [realtime("[이"), done])
    assert [one["type"] for one in shown] == [realtime("")["type"]] * 2 + [done["type"]]
    assert "".join(one.get("delta", "") for one in shown) == "[이"


@pytest.mark.parametrize(
    ("shape", "between"),
    [
        (openai, {"choices": [{"index": 0, "delta": {}, "finish_reason": None}]}),
        (openai, {"choices": [{"index": 0, "content_filter_results": {}, "finish_reason": None}]}),
        (gemini, {"usageMetadata": {"promptTokenCount": 3}}),
        (realtime, {"type": "response.output_text.annotation.added", "item_id": "i", "content_index": 0}),
    ],
)
def test_an_event_in_the_middle_of_a_text_does_not_cut_it(guard: Guard, shape: Any, between: Shape) -> None:
    shown = passed(guard, [shape(RRN[:7]), between, shape(RRN[7:])])
    assert "".join(words(shown)) == "[주민등록번호]"


def test_what_is_held_of_a_completion_leaves_before_its_end(guard: Guard) -> None:
    shown = passed(guard, [openai("[이"), {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}])
    assert "".join(words(shown[:-1])) == "[이"
    assert shown[-1]["choices"][0]["finish_reason"] == "stop"


def test_arguments_that_are_json_stay_json(guard: Guard) -> None:
    written = json.dumps({"to": pseudonym(), "no": RRN}, ensure_ascii=False)
    events = [
        {"type": "response.function_call_arguments.delta", "item_id": "i", "delta": written[at : at + 4]}
        for at in range(0, len(written), 4)
    ]
    shown = passed(
        guard,
        [*events, {"type": "response.function_call_arguments.done", "item_id": "i", "arguments": written}],
    )
    whole = {"to": VALUE, "no": "[주민등록번호]"}
    assert json.loads("".join(one.get("delta", "") for one in shown)) == whole
    assert json.loads(shown[-1]["arguments"]) == whole


def test_an_event_that_needs_no_change_stays_the_same_bytes(guard: Guard) -> None:
    event = b'{"type": "session.created",  "session": {"id": "sess_1", "instructions": "x"}}'
    assert texts(guard).feed(event) == [event]


@pytest.mark.parametrize("event", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_refused(guard: Guard, event: bytes) -> None:
    with pytest.raises(UpstreamGarbled):
        texts(guard).feed(event)


def throughout(guard: Guard) -> Showing:
    hider = Pseudonyms(MASKS)
    hider.hide(VALUE, [Finding(kind="PERSON", start=0, end=len(VALUE), score=1.0, why="")])
    return Showing(
        "stand",
        hider=hider,
        values=(),
        masks=MASKS,
        masker_of=lambda spared: StreamMasker(guard, frozenset({"RRN"}), spared),
        throughout=True,
    )


@pytest.mark.parametrize("shape", [realtime, anthropic, openai, gemini])
@pytest.mark.parametrize("size", [3, 100])
def test_read_throughout_an_event_is_masked_as_a_document_is(guard: Guard, shape: Any, size: int) -> None:
    showing, number = throughout(guard), RRN.replace("-", "")
    around = {RRN: 1, "n": [int(number), 1.5], "id": RRN, "memo": [pseudonym(), "\ue000"]}
    whole = f"{pseudonym()}님의 번호 {RRN} 끝"
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    events = [json.dumps(around | shape(piece)).encode() for piece in pieces]
    shown = [one for event in events for one in showing.feed(event)] + showing.close()
    assert "".join(words([json.loads(one) for one in shown])) == f"{VALUE}님의 번호 [주민등록번호] 끝"
    for one in map(json.loads, shown):
        assert one["[주민등록번호]"] == 1
        assert one["n"] == [0, 1.5]
        assert one["memo"] == [VALUE, "\ue000"]
        assert "id" in shape("") or one["id"] == "[주민등록번호]"
    assert not any(number in one.decode() or RRN in one.decode() for one in shown)
    found: dict[str, int] = {}
    showing.count(found)
    assert found["RRN"] == 1 + len(shown) * (2 if "id" in shape("") else 3)


def test_members_that_stand_twice_are_read_both(guard: Guard) -> None:
    said = json.dumps({"a": RRN})[:-1] + ', "a": "x", "type": "done"}'
    showing = throughout(guard)
    showing._hider = Pseudonyms(MASKS)
    (shown,) = showing.feed(said.encode())
    assert shown == said.replace(RRN, "[주민등록번호]").encode()


def test_an_event_that_cannot_be_taken_apart_is_not_shown(guard: Guard) -> None:
    every = "".join(map(chr, range(0xE000, 0xF900)))
    with pytest.raises(GuardFailed):
        throughout(guard).feed(json.dumps(realtime("말") | {"x": every}).encode())


def test_texts_that_flow_at_once_are_bounded(guard: Guard) -> None:
    changed = texts(guard)
    held = [realtime("[이") | {"item_id": f"i{number}"} for number in range(300)]
    shown = [json.loads(one) for event in held for one in changed.feed(json.dumps(event).encode())]
    assert len(changed._open) == 256
    assert "".join(one["delta"] for one in shown if one["item_id"] == "i0") == "[이"
    large = texts(guard)
    for number in range(3):
        large.feed(json.dumps(realtime("[이") | {"item_id": f"i{number}", "audio": "A" * 9_000_000}).encode())
    assert len(large._open) == 2
