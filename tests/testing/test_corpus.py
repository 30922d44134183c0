import random
import re
import unicodedata
from collections import Counter

import pytest

from hanbok.testing.corpus import Labelled, ends_in_consonant, generate
from hanbok.testing.notations import NOTATIONS

KINDS = {
    *("RRN", "FRN", "DRIVER_LICENSE", "PASSPORT", "BRN", "CRN", "HEALTH_INS", "CARD", "ACCOUNT", "PHONE"),
    *("EMAIL", "IP", "VEHICLE", "ADDRESS", "POSTAL", "PERSON", "DOB", "PCCC", "CI_DI", "SECRET"),
}


@pytest.fixture(scope="module")
def lines() -> list[Labelled]:
    return list(generate(3000, seed=20261122))


def test_the_same_seed_gives_the_same_lines(lines: list[Labelled]) -> None:
    assert list(generate(50, seed=20261122)) == lines[:50]
    assert list(generate(50, seed=1)) != lines[:50]


def test_every_type_and_every_notation_comes_up(lines: list[Labelled]) -> None:
    kinds = Counter(span.kind for line in lines for span in line.spans)
    notations = Counter(line.notation for line in lines)
    assert kinds.keys() == KINDS
    assert min(kinds.values()) >= 20
    assert notations.keys() == {one.name for one in NOTATIONS} | {"plain", "", "name_hanja"}
    assert min(notations.values()) >= 20


def test_about_a_third_of_the_lines_are_clean(lines: list[Labelled]) -> None:
    clean = [line for line in lines if not line.spans]
    assert 0.25 < len(clean) / len(lines) < 0.35
    assert {line.notation for line in clean} == {""}


def test_spans_hold_values_and_neither_blanks_nor_slots(lines: list[Labelled]) -> None:
    for line in lines:
        assert not re.search(r"<[A-Z=/]|⏎", line.text)
        last = 0
        for span in line.spans:
            value = line.text[span.start : span.end]
            assert last <= span.start < span.end <= len(line.text)
            assert value == value.strip()
            last = span.end


def test_each_notation_changes_its_values_and_keeps_what_they_say() -> None:
    source = random.Random(4)
    for notation in NOTATIONS:
        value = "가나다" if "PERSON" in notation.kinds else "010-2345-6701"
        value = "me@example.com" if notation.kinds == {"EMAIL"} else value
        changed = {notation.rewrite(value, source) for _ in range(20)}
        assert value not in changed, notation.name
        assert all(len(one) >= len(value) - 2 for one in changed)


def test_decomposed_lines_are_decomposed_from_end_to_end(lines: list[Labelled]) -> None:
    decomposed = [line for line in lines if line.notation == "nfd"]
    assert all(unicodedata.is_normalized("NFD", line.text) for line in decomposed)
    assert any(not unicodedata.is_normalized("NFC", line.text) for line in decomposed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("김밥", True), ("나무", False), ("010", True), ("5", False), ("", False), ("a", False)],
)
def test_the_last_syllable_decides_the_particle(text: str, *, expected: bool) -> None:
    assert ends_in_consonant(text) is expected
