"""The guard under texts that nobody would write: no crash, no offset outside the text, no quadratic blow-up."""

import random
import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.guard.guard import Guard, sought
from hanbok.guard.scanners.fallback import Fallback
from hanbok.testing.corpus import generate

PIECES = (
    *(
        "010-",
        "1234",
        "5678",
        "-",
        " ",
        "\n",
        "\t",
        ".",
        "/",
        "ㅡ",
        "(",
        ")",
        "０１",
        "①②",
        "〇一",
        "공일공",
        "영",
        "O",
        "l",
    ),
    *(
        "주민등록번호",
        "계좌",
        "신한은행",
        "비밀번호: ",
        "password=",
        "김민수",
        "金秀",
        "님",
        " 과장",
        "서울특별시 ",
        "강남구 ",
        "테헤란로 ",
    ),
    *(
        "@",
        "골뱅이",
        "점",
        "(at)",
        "[dot]",
        "example.com",
        "&#48;",
        "&#x31;",
        "&nbsp;",
        "&",
        ";",
        "&#99999999999;",
        "\u200b",
        "\u00ad",
    ),
    *(
        "\u1100",
        "\u1161",
        "\u11a8",
        "\ud55c",
        "\U0001d7ce",
        "\U0001f1f0",
        "\x00",
        "\x1e",
        "\ufeff",
        "e\u0301",
        "ﬀ",
        "㎏",
        "İ",
    ),
    *(
        "sk-",
        "AKIA",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "==",
        "2001:db8::",
        "::",
        "10.",
        "255.",
        "M123",
        "P20",
        "12가",
        "제1조",
    ),
)
SHAPES = {
    "digits": "1234567890",
    "phones": "010-1234-5678 ",
    "nearly phones": "010-1234-567 ",
    "hyphens": "1-",
    "spaced digits": "0 1 ",
    "hangul numerals": "공일이삼",
    "context words": "주민등록번호 계좌번호 ",
    "surnames": "김이박최",
    "titles": "김민수 과장 ",
    "addresses": "서울특별시 강남구 테헤란로 1 ",
    "provinces": "서울 부산 ",
    "at signs": "a@",
    "dots": "a.b.",
    "at words": "a골뱅이b점",
    "entities": "&#48;",
    "broken entities": "&#",
    "zero width": "1\u200b",
    "jamo": "\u1112\u1161\u11ab",
    "marks": "a\u0301\u0301\u0301",
    "colons": "2001:db8::",
    "base64": "QUJD",
    "keys": "password=",
    "begin": "-----BEGIN PRIVATE KEY-----\n",
    "parentheses": "((((",
    "quotes": '"name": "',
    "line breaks": "1\n",
}


@cache
def guard() -> Guard:
    return Guard.load()


def check(text: str) -> None:
    last = 0
    for found in guard().find(text):
        assert last <= found.start < found.end <= len(text)
        assert 0 <= found.score <= 1
        last = found.end


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    check(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_pieces_of_personal_data_in_any_order_are_read(text: str) -> None:
    check(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.characters()), max_size=60).map("".join))
def test_both_scanners_give_the_same_findings(text: str) -> None:
    one = guard()
    slow = Guard(one.shapes, Fallback(sought(one.shapes)), one.others, one.customs)
    assert slow.find(text) == one.find(text)


def test_a_labelled_line_cut_or_mixed_anywhere_is_read() -> None:
    source = random.Random(8)
    for line in generate(400, seed=8):
        cut = source.randrange(len(line.text) + 1)
        check(line.text[:cut])
        check(line.text[cut:])
        check("".join(source.sample(line.text, len(line.text))))


def seconds(text: str) -> float:
    """Return CPU seconds, the best of three: a machine may be shared."""
    spent: list[float] = []
    for _ in range(3):
        started = time.process_time()
        check(text)
        spent.append(time.process_time() - started)
    return min(spent)


@pytest.mark.untraced
@pytest.mark.parametrize("shape", SHAPES)
def test_cost_grows_with_the_length_of_one_shape_and_not_with_its_square(shape: str) -> None:
    """How many seconds a megabyte takes is for `benchmarks/guard_speed.py` to say; here only the growth counts."""
    seed = SHAPES[shape]
    count = 64_000 // len(seed.encode())
    guard().find(seed)
    # Eight times the text: eight times the cost when it is linear, sixty-four times when it is not.
    assert seconds(seed * count * 8) < 24 * max(seconds(seed * count), 0.002)
