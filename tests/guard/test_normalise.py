"""A disguised number is read as plain digits, and every offset leads back to the original."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.guard.normalise import normalise
from hanbok.guard.recogniser import Finding


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("０１０－１２３４", "010-1234"),
        ("⓪①⓪-①②③④", "010-1234"),
        ("010\u200b-12\u00ad34", "010-1234"),
        ("&#48;10&#x2d;1234", "010-1234"),
        ("hong%40example.com", "hong@example.com"),
        ("\x010\x7f1\x1f0-12\x0834", "010-1234"),
        ("".join(f"{one}\u0301" for one in "010-1234"), "010-1234"),
        ("".join(chr(0xE0000 + ord(one)) for one in "010-1234"), "010-1234"),
        ("".join(chr(0xE0000 + ord(one)) for one in "hong@example.com 010"), "hong@example.com 010"),
        ("공일공-일이삼사-오육칠팔이요", "010-1234-5678이요"),
        ("공일공에 일이삼사에 오육칠팔입니다", "010- 1234- 5678입니다"),
        ("O1O-l234-5678", "010-1234-5678"),
        ("0 1 0 - 1 2 3 4 - 5 6 7 8", "010 - 1234 - 5678"),
        ("010-12\n34-5678", "010-1234-5678"),
        ("192점168[.]0점1", "192.168.0.1"),
        (unicodedata.normalize("NFD", "주민번호"), "주민번호"),
        ("생년월일 2011-05-20", "생년월일 2011-05-20"),
        ("20구 9771", "20구 9771"),
        ("010-1234-5678\n010-2345-6789", "010-1234-5678\n010-2345-6789"),
        ("일이 이렇게 된 이상", "일이 이렇게 된 이상"),
    ],
)
def test_disguises_are_undone_and_words_are_left(written, plain):
    assert normalise(written).text == plain


def test_offsets_lead_back_to_the_original():
    written = "가&#48;\u200b１나"
    aligned = normalise(written)
    assert aligned.text == "가01나"
    found = aligned.restore(Finding(kind="X", start=1, end=3, score=1))
    assert written[found.start : found.end] == "&#48;\u200b１"


@given(st.text(alphabet="0123456789일이공에다시O l-.\n&#48;①\u200b\u1100\u1161가", max_size=60))
def test_every_character_keeps_a_place_in_order(written):
    aligned = normalise(written)
    last = 0
    for index in range(len(aligned.text)):
        one = aligned.restore(Finding(kind="X", start=index, end=index + 1, score=1))
        assert last <= one.start < one.end <= len(written)
        last = one.start
