"""Every front against its golden file: what clients ask, what they are told, what cannot be said."""

import json
from pathlib import Path

import pytest

from hanbok.core.plugin import load, names
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.front import Failure
from hanbok.gateway.head import InvalidRequest

FRONTS = "hanbok.gateway.fronts"
GOLDEN = Path(__file__).parents[1] / "golden" / "front"
ERRORS = {"unsupported_request": UnsupportedRequest, "invalid_request": InvalidRequest}


def all_cases(name):
    return [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines()]


def cases(kind):
    found = [(name, case) for name in names(FRONTS) for case in all_cases(name) if case["kind"] == kind]
    return pytest.mark.parametrize(
        ("name", "case"), found, ids=[f"{name}: {one['name']}" for name, one in found]
    )


def encoded(value):
    return json.dumps(value, ensure_ascii=False).encode()


def undated(answer):
    """Drop the times that an answer gets when it is told."""
    return {key: value for key, value in answer.items() if key not in {"created_at", "completed_at"}}


def events(frames):
    """Parse what a client would see."""
    read = []
    for frame in b"".join(frames).decode().strip().split("\n\n"):
        data = json.loads(frame.rpartition("data: ")[2])
        read.append(data | {"response": undated(data["response"])} if "response" in data else data)
    return read


def test_every_front_has_cases_that_pass_and_cases_that_do_not():
    assert {path.stem for path in GOLDEN.glob("*.jsonl")} == set(names(FRONTS))
    for name in names(FRONTS):
        assert {case["kind"] for case in all_cases(name)} >= {
            "heard",
            "refused",
            "told",
            "streamed",
            "failed",
        }


@cases("heard")
def test_a_request_is_heard(name, case):
    front, body = load(FRONTS, name)(), encoded(case["in"])
    head = front.head(body, case.get("path", ""))
    assert json.loads(front.chat(body, head)) == case["out"]
    assert head.model == case["out"]["model"]
    assert bool(head.stream) == case["out"].get("stream", False)
    assert front.document(body) == ("response_format" in case["out"])


@cases("refused")
def test_what_cannot_be_heard_is_refused_by_name(name, case):
    front, body = load(FRONTS, name)(), encoded(case["in"])
    with pytest.raises(ERRORS[case["code"]]) as caught:
        front.chat(body, front.head(body, case.get("path", "")))
    assert case["names"] in str(caught.value)


@cases("told")
def test_a_whole_answer_is_told(name, case):
    told = json.loads(load(FRONTS, name)().answer(encoded(case["in"]), encoded(case["asked"])))
    assert undated(told) == case["out"]


@cases("streamed")
def test_a_stream_is_told(name, case):
    teller = load(FRONTS, name)().teller(encoded(case["asked"]))
    frames = [frame for chunk in case["in"] for frame in teller.feed(encoded(chunk))]
    assert events([*frames, *teller.close()]) == case["out"]


@cases("failed")
def test_an_error_is_told_whole_and_in_a_stream(name, case):
    front, failure = load(FRONTS, name)(), Failure(**case["in"])
    assert json.loads(front.failure(failure)) == case["out"]
    assert case["in"]["message"] in json.dumps(
        events([front.teller(encoded(case["asked"])).broken(failure)]), ensure_ascii=False
    )
