"""What every recogniser owes: its golden cases, alone and inside the guard."""

import json
from pathlib import Path
from typing import Any

import pytest

from hanbok.core.plugin import load, names
from hanbok.guard.kinds import kinds
from hanbok.guard.recogniser import Finding

FOLDER = "hanbok.guard.recognisers"
GOLDEN = Path(__file__).parent.parent / "golden" / "recogniser"
NAMES = names(FOLDER)


def cases(name: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for line in (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
        if line
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_recogniser_finds_its_golden_cases(name):
    recogniser = load(FOLDER, name)()
    for case in cases(name):
        found = [
            [one.start, one.end] for one in sorted(recogniser.find(case["text"]), key=lambda one: one.start)
        ]
        assert found == case["spans"], case["text"]


@pytest.mark.parametrize("name", NAMES)
def test_a_recogniser_has_cases_that_fire_and_cases_that_must_not(name):
    spans = [case["spans"] for case in cases(name)]
    assert any(spans)
    assert not all(spans)


@pytest.mark.parametrize("name", NAMES)
def test_a_recogniser_finds_one_kind_with_reasons_and_a_measure_of_trust(name):
    recogniser = load(FOLDER, name)()
    found: list[Finding] = [one for case in cases(name) for one in recogniser.find(case["text"])]
    assert {one.kind for one in found} == {name.upper()}
    assert name.upper() in kinds()
    assert all(one.why and 0.5 <= one.score <= 1 for one in found)


def test_no_golden_file_lacks_its_recogniser():
    assert {path.stem for path in GOLDEN.glob("*.jsonl")} == set(NAMES)
