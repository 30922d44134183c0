"""Words around a number: the quick way to look for them finds what the plain pattern does."""

import random
import re

import pytest

from hanbok.core.plugin import load, names
from hanbok.guard import company
from hanbok.guard.context import Context, Surroundings, labelled_harmless, surroundings
from hanbok.guard.table import heading_of

RECOGNISERS = "hanbok.guard.recognisers"
MODULES = [company, *(__import__(f"{RECOGNISERS}.{name}", fromlist=["_"]) for name in names(RECOGNISERS))]
CONTEXTS = sorted(
    {one.words for module in MODULES for one in vars(module).values() if isinstance(one, Context)}
)
LETTERS = re.compile(r"[|()?:\[\]\\]+")


def test_every_recogniser_is_looked_through() -> None:
    assert len(CONTEXTS) > 15
    assert load(RECOGNISERS, "rrn").__module__ in {module.__name__ for module in MODULES}


@pytest.mark.parametrize("words", CONTEXTS)
def test_a_context_finds_what_its_words_say(words: str) -> None:
    chance = random.Random(words)
    plain, pieces = re.compile(words), LETTERS.split(words)
    for _ in range(60):
        window = "".join(
            chance.choice(pieces) + chance.choice(("", " ", ".", "(", "_", ":", "가", "b", "1"))
            for _ in range(4)
        ).lower()
        found = plain.findall(window)
        assert Context(words).before(window, len(window), len(window)) == (found[-1] if found else "")
        assert Context(words).after(window, 0, len(window)) == (found[0] if found else "")


def test_windows_that_are_shared_say_what_each_question_would() -> None:
    text = "성명,주민번호,계좌\n홍길동,900101-1234567,1\n"
    start = text.index("900101")
    assert heading_of(text, start) == "주민번호"
    assert surroundings(text, start, start + 14) == Surroundings(text[:start], "", "주민번호")


@pytest.mark.parametrize(
    ("label", "harmless"),
    [
        ("주문번호: ", True),
        ("상품코드는 ", True),
        ("isbn-13 ", True),
        ("송장 ", True),
        ("Serial No. ", True),
        ("고객번호: ", True),
        ("코드", True),
        ("고객: ", False),
        ("주민번호: ", False),
        ("1234 ", False),
        ("", False),
    ],
)
def test_a_label_of_something_harmless_is_told_by_its_end(label: str, harmless: bool) -> None:
    assert labelled_harmless(label + "900101", len(label)) is harmless
