import unicodedata

import pytest

from hanbok.hangul.josa import final_class, particle


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("김민수", "vowel"),
        ("홍길동", "consonant"),
        ("서울", "rieul"),
        ("010-1234-5673", "consonant"),
        ("1001", "rieul"),
        ("2", "vowel"),
        ("１０", "consonant"),
        ("kim@hanbok.com", "consonant"),
        ("a@b.co.kr", "rieul"),
        ("URL", "rieul"),
        ("NIA", "vowel"),
        ("Google", "rieul"),
        ("Facebook", "consonant"),
        ("blog", "vowel"),
        ("bank", "vowel"),
        ("홍길동(35)", "vowel"),
        ("'서울'", "rieul"),
        (unicodedata.normalize("NFD", "홍길동"), "consonant"),
        ("ㅋ", "consonant"),
        ("", "vowel"),
        ("...", "vowel"),
    ],
)
def test_a_text_ends_as_koreans_read_it(text, ending):
    assert final_class(text) == ending


@pytest.mark.parametrize(
    ("text", "pair", "expected"),
    [
        ("김민수", "은/는", "는"),
        ("홍길동", "이/가", "이"),
        ("서울", "으로/로", "로"),
        ("부산", "으로/로", "으로"),
        ("서울", "을/를", "을"),
        ("3", "과/와", "과"),
    ],
)
def test_the_particle_follows_the_sound(text, pair, expected):
    assert particle(text, pair) == expected


def test_an_unknown_pair_is_a_slip_of_the_programmer():
    with pytest.raises(KeyError):
        particle("서울", "은는")
