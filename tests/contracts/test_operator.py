"""What every operator owes: its golden cases, edits in order, equal values treated alike, nothing else touched."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.core.plugin import load, names
from hanbok.guard.operator import KEY_BYTES, Operator, OperatorKeyMissing, Setting
from hanbok.guard.pseudonym import apply
from hanbok.guard.recogniser import Finding

FOLDER = "hanbok.guard.operators"
GOLDEN = Path(__file__).parent.parent / "golden" / "operator"
NAMES = names(FOLDER)
KEY = bytes(range(KEY_BYTES))


def made(name: str, key: bytes = KEY) -> Operator:
    return load(FOLDER, name)(Setting(key=key))


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text("utf-8").split("\n") if line]


def found(case: dict[str, Any]) -> list[Finding]:
    """Find the values of a case, each with its kind, in order."""
    findings, at = [], 0
    for kind, value in case["values"]:
        at = case["text"].index(value, at)
        findings.append(Finding(kind=kind, start=at, end=at + len(value), score=1))
        at += len(value)
    return findings


@pytest.mark.parametrize("name", NAMES)
def test_an_operator_treats_its_golden_cases(name):
    for case in cases(name):
        assert apply(case["text"], made(name).edits(case["text"], found(case))) == case["treated"], case


@pytest.mark.parametrize("name", NAMES)
def test_an_operator_has_a_case_that_must_not_change(name):
    assert any(case["text"] == case["treated"] for case in cases(name))


def test_no_golden_file_lacks_its_operator():
    assert {path.stem for path in GOLDEN.glob("*.jsonl")} == set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "keep"])
@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["PHONE", "PERSON", "EMAIL", "RRN", "ADDRESS", "IP", "DOB", "POSTAL", "OWN"]),
            st.text(
                st.sampled_from("0123456789-.@가홍길동김aZ０ \u0301\u200b*\ud800"), min_size=1, max_size=20
            ),
        ),
        max_size=6,
    )
)
def test_whatever_the_values_nothing_beside_them_is_touched(name, values):
    text, findings = "≪", []
    for kind, value in values:
        findings.append(Finding(kind=kind, start=len(text), end=len(text) + len(value), score=1))
        text += f"{value}≫≪"
    edits = made(name).edits(text, findings)
    for (start, end, _), one in zip(edits, findings, strict=True):
        rest = text[one.start : start] + text[end : one.end]
        assert one.start <= start < end <= one.end
        assert not any(sign.isalnum() for sign in rest)
    treated = {}
    for (_, _, new), (kind, value) in zip(edits, values, strict=True):
        assert treated.setdefault((kind, value), new) == new


@pytest.mark.parametrize("name", ["keyed_hash", "format_preserving", "pseudonym"])
def test_a_short_key_is_refused(name):
    with pytest.raises(OperatorKeyMissing):
        made(name, b"x" * (KEY_BYTES - 1))


@pytest.mark.parametrize("name", ["keyed_hash", "format_preserving", "pseudonym"])
def test_another_key_gives_other_values_and_no_operator_shows_its_key(name):
    text = "010-1234-5678"
    one = [Finding(kind="PHONE", start=0, end=len(text), score=1)]
    assert made(name).edits(text, one) != made(name, KEY[::-1]).edits(text, one)
    assert KEY.hex() not in repr(Setting(key=KEY))
    assert repr(KEY) not in repr(Setting(key=KEY))
