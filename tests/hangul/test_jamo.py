import unicodedata

import pytest

from hanbok.hangul.jamo import DECOMPOSED, compose, final_consonant, is_syllable
from hanbok.hangul.numerals import HANGUL, HANJA, SIGNS, spoken


def test_decomposed_syllables_are_joined():
    text = unicodedata.normalize("NFD", "값을 읽다")
    assert DECOMPOSED.sub(lambda match: compose(match[0]), text) == "값을 읽다"


@pytest.mark.parametrize(("syllable", "final"), [("가", ""), ("강", "ㅇ"), ("값", "ㅄ"), ("A", ""), ("", "")])
def test_the_final_consonant_is_told(syllable, final):
    assert final_consonant(syllable) == final


def test_letters_are_no_syllables():
    assert is_syllable("한")
    assert not is_syllable("ㅎ")
    assert not is_syllable("한국")


def test_digits_are_spoken_one_by_one_and_read_back():
    assert spoken("010-1234") == "공일공-일이삼사"
    assert "".join(HANGUL.get(one, one) for one in spoken("0123456789")) == "0123456789"


@pytest.mark.parametrize(("sign", "digit"), [("０", "0"), ("①", "1"), ("⓪", "0"), ("𝟗", "9"), ("⑵", "2")])
def test_signs_stand_for_digits(sign, digit):
    assert SIGNS[sign] == digit


def test_hanja_numerals_old_and_new_are_read():
    assert [HANJA[one] for one in "〇一壹壱"] == ["0", "1", "1", "1"]
