"""Every front against its golden file: what clients ask, what they are told, what cannot be said."""

import json
from pathlib import Path

import pytest

from hanbok.core.plugin import load, names
from hanbok.gateway.head import InvalidRequest
from hanbok.testing.path_contracts import check_failed, check_heard, check_refused, check_streamed, check_told

FRONTS = "hanbok.gateway.fronts"
GOLDEN = Path(__file__).parents[1] / "golden" / "front"


def all_cases(name):
    return [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines()]


def cases(kind):
    found = [(name, case) for name in names(FRONTS) for case in all_cases(name) if case["kind"] == kind]
    return pytest.mark.parametrize(
        ("name", "case"), found, ids=[f"{name}: {one['name']}" for name, one in found]
    )


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
    check_heard(load(FRONTS, name)(), case)


@cases("refused")
def test_what_cannot_be_heard_is_refused_by_name(name, case):
    check_refused(load(FRONTS, name)(), case)


@pytest.mark.parametrize(
    "part",
    [
        '{"functionCall": {"name": "f", "args": {"a": 1e999}}}',
        '{"function_call": {"name": "f", "args": {"a": 1e999}}}',
    ],
)
def test_a_number_that_nobody_can_read_is_refused(part):
    front = load(FRONTS, "gemini")()
    body = f'{{"contents": [{{"role": "model", "parts": [{part}]}}]}}'.encode()
    with pytest.raises(InvalidRequest):
        front.chat(body, front.head(body, "/v1beta/models/asked:generateContent"))


@cases("told")
def test_a_whole_answer_is_told(name, case):
    check_told(load(FRONTS, name)(), case)


@cases("streamed")
def test_a_stream_is_told(name, case):
    check_streamed(load(FRONTS, name)(), case)


@cases("failed")
def test_an_error_is_told_whole_and_in_a_stream(name, case):
    check_failed(load(FRONTS, name)(), case)
