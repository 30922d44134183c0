"""Every dialect against its golden file: requests out, answers, streams and errors back."""

import json
from pathlib import Path

import pytest
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from hanbok.core.plugin import load, names
from hanbok.gateway.call import Operation
from hanbok.gateway.errors import UpstreamFailed, UpstreamGarbled
from hanbok.gateway.head import InvalidRequest
from hanbok.testing.contracts import check_answer, check_oddities, check_request

DIALECTS = "hanbok.gateway.dialects"
GOLDEN = Path(__file__).parents[1] / "golden" / "dialect"


def cases(*kinds):
    found = [
        (name, case)
        for name in names(DIALECTS)
        for case in map(json.loads, (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines())
        if case["kind"] in kinds
    ]
    return pytest.mark.parametrize(
        ("name", "case"), found, ids=[f"{name}: {case['name']}" for name, case in found]
    )


def dialect(name):
    return load(DIALECTS, name)()


def encoded(value):
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode()


def undated(answer):
    """Drop the date, which an answer of another format gets when it is read."""
    if "created" in answer:
        assert isinstance(answer["created"], int)
    return {key: value for key, value in answer.items() if key != "created"}


def counted(usage):
    return None if usage is None else [usage.input, usage.output, usage.cached, usage.reasoning]


def test_every_dialect_has_cases_that_pass_and_cases_that_do_not():
    assert {path.stem for path in GOLDEN.glob("*.jsonl")} == set(names(DIALECTS))
    for name in names(DIALECTS):
        kinds = {
            json.loads(line)["kind"] for line in (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines()
        }
        assert kinds >= {"request", "answer", "stream", "broken", "failure"}


@cases("request", "refused")
def test_a_request_is_spelled_or_refused_by_the_name_of_what_cannot_be_said(name, case):
    check_request(dialect(name), case)


@cases("request")
def test_a_request_is_told_to_be_json(name, case):
    wire = dialect(name).request(
        Operation(case["operation"]), encoded(case["in"]), model=case["model"], stream=case["stream"]
    )
    assert dict(wire.headers)["content-type"] == "application/json"


@cases("invalid")
def test_a_wrong_request_is_refused_by_the_name_of_its_field(name, case):
    with pytest.raises(InvalidRequest) as caught:
        dialect(name).request(Operation(case["operation"]), encoded(case["in"]), model="m", stream=False)
    assert caught.value.facts == {"field": case["field"]}


@cases("answer")
def test_an_answer_is_read(name, case):
    check_answer(dialect(name), case)
    read = json.loads(dialect(name).answer(Operation(case["operation"]), encoded(case["in"])).body)
    (ChatCompletion if case["operation"] == "chat" else CreateEmbeddingResponse).model_validate(read)


@cases("stream")
def test_a_stream_is_read(name, case):
    reader = dialect(name).reader()
    chunks = [json.loads(chunk) for event, data in case["in"] for chunk in reader.feed(event, encoded(data))]
    assert [undated(chunk) for chunk in chunks] == [undated(chunk) for chunk in case["out"]]
    assert counted(reader.usage) == case["usage"]
    assert reader.done is case["done"]
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk)


@cases("broken")
def test_what_is_no_answer_is_told_apart(name, case):
    def read():
        if not isinstance(case["in"], list):
            dialect(name).answer(Operation.CHAT, encoded(case["in"]))
        reader = dialect(name).reader()
        for event, data in case["in"]:
            reader.feed(event, encoded(data))

    with pytest.raises(UpstreamFailed if case["reason"] else UpstreamGarbled) as caught:
        read()
    assert caught.value.facts.get("reason") == case["reason"]
    assert caught.value.facts.get("status") == case["status"]


@cases("failure")
def test_an_error_gives_its_code_and_never_its_message(name, case):
    body = b"<html>" if case["in"] is None else encoded(case["in"])
    assert dialect(name).failure(body) == case["out"]


@pytest.mark.parametrize("name", names(DIALECTS))
def test_what_is_no_answer_and_error_bodies_of_any_kind_are_survived(name):
    check_oddities(dialect(name))
