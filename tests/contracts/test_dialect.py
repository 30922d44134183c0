"""Every dialect against its golden file: requests out, answers, streams and errors back."""

import json
from pathlib import Path

import pytest
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from hanbok.core.plugin import load, names
from hanbok.gateway.call import Operation
from hanbok.gateway.errors import UnsupportedRequest, UpstreamFailed, UpstreamGarbled
from hanbok.gateway.head import InvalidRequest

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


@cases("request")
def test_a_request_is_spelled(name, case):
    wire = dialect(name).request(
        Operation(case["operation"]), encoded(case["in"]), model=case["model"], stream=case["stream"]
    )
    assert wire.path == case["path"]
    assert json.loads(wire.body) == case["out"]
    assert dict(wire.headers)["content-type"] == "application/json"


@cases("refused")
def test_what_the_format_cannot_say_is_refused_by_name(name, case):
    with pytest.raises(UnsupportedRequest) as caught:
        dialect(name).request(Operation(case["operation"]), encoded(case["in"]), model="m", stream=False)
    assert caught.value.facts == {"dialect": name, "feature": case["feature"]}


@cases("invalid")
def test_a_wrong_request_is_refused_by_the_name_of_its_field(name, case):
    with pytest.raises(InvalidRequest) as caught:
        dialect(name).request(Operation(case["operation"]), encoded(case["in"]), model="m", stream=False)
    assert caught.value.facts == {"field": case["field"]}


@cases("answer")
def test_an_answer_is_read(name, case):
    answer = dialect(name).answer(Operation(case["operation"]), encoded(case["in"]))
    read = json.loads(answer.body)
    assert undated(read) == undated(case["out"])
    assert counted(answer.usage) == case["usage"]
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
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"[[]]", b"\xff", b"7", b'{"error":null}', b"[" * 3000]
)
def test_an_error_body_of_any_kind_is_survived(name, body):
    assert dialect(name).failure(body) == ""
