"""What is wrong with a first answer, by the rules; and how answers are read."""

import json
from typing import Any

import pytest

from gateway.again import call
from hanbok.core.values import Form
from hanbok.gateway.catalogue import Escalation
from hanbok.gateway.heard import heard, without_logprobs
from hanbok.gateway.judging import fault
from hanbok.gateway.second_look import with_logprobs

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
    ("asked", "added"), [(b'{"model":"m","messages":[]}', True), (b'{"model":"m","logprobs":false}', False)]
)
def test_probabilities_are_asked_for_where_the_client_did_not(asked: bytes, added: bool) -> None:
    one = call(asked)
    assert with_logprobs(one) is added
    assert one.body_in is not None
    assert json.loads(one.body_in(Form.AS_IS)).get("logprobs") is added
