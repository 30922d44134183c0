"""The challenge set itself: labelled as it says, the same from the same seed."""

import runpy
from collections import Counter
from pathlib import Path

import pytest

from hanbok.testing.corpus import Labelled
from hanbok.testing.notations import NOTATIONS

build = runpy.run_path(str(Path(__file__).parent / "challenge.py"))["build"]


@pytest.fixture(scope="module", params=[False, True], ids=["open", "blind"])
def lines(request: pytest.FixtureRequest) -> list[Labelled]:
    return build(blind=request.param)


def test_the_same_seed_gives_the_same_set() -> None:
    assert build() == build()
    assert build(seed=2) != build()


def test_every_type_and_notation_of_the_issue_is_in_it(lines: list[Labelled]) -> None:
    kinds = Counter(span.kind for line in lines for span in line.spans)
    assert len(kinds) == 20
    assert min(kinds.values()) >= 6
    assert {line.notation for line in lines} == {one.name for one in NOTATIONS} | {"plain", "", "name_hanja"}
    assert sum(not line.spans for line in lines) >= 80


def test_spans_hold_whole_values_and_no_open_mark(lines: list[Labelled]) -> None:
    for line in lines:
        for span in line.spans:
            value = line.text[span.start : span.end]
            assert value
            assert value == value.strip()
        assert not any(f"{{{span.kind}" in line.text for span in line.spans)
