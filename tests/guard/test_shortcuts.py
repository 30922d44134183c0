"""What is told at little cost is what the long way tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.guard import law
from hanbok.guard.names import first_look
from hanbok.guard.normalise import DISGUISES, normalise, read
from hanbok.guard.recogniser import Finding
from hanbok.guard.recognisers.person import Person
from hanbok.guard.regions import search
from hanbok.guard.spelling import SKIPPED, Spellings, fold, squeeze

PERSON = Person()
PIECES = st.sampled_from(
    [
        *(
            "주",
            "이",
            "김",
            "한",
            "반",
            "전",
            "정",
            "남궁",
            "회장",
            "대리",
            "회장님",
            "민수",
            "민수가",
            "길동",
            "의",
        ),
        *(
            "보고서에",
            "다음",
            "주세요.",
            "(주)",
            "이,",
            "도널드",
            "트럼프",
            "씨",
            "Kim Min-su",
            "3",
            "金哲洙",
        ),
    ]
)
GAPS = st.sampled_from([" ", " ", " ", "  ", "\n", "·", "-", " · ", ", "])


@given(st.lists(st.tuples(PIECES, GAPS), max_size=12))
def test_no_name_is_lost_by_the_first_look(parts):
    text = "".join(piece + gap for piece, gap in parts)
    quick = list(PERSON.find(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_look, "_all_alone", lambda *_: False)
        patch.setattr(PERSON._tagger, "unknown", set)
        assert quick == list(PERSON.find(text))


@given(st.text("0123489ol@._-az", max_size=16))
def test_plain_values_are_told_from_disguised_ones(text):
    assert normalise(text).text == read(text, lambda one: search(one, DISGUISES))[0].text


@given(st.text(f"aAkZ9가힣İΣ\u212aÅＡｚ！～，{SKIPPED}", max_size=12))
def test_a_text_is_squeezed_as_its_signs_are(text):
    assert squeeze(text) == "".join(fold(sign) for sign in text if sign not in SKIPPED)


@pytest.mark.parametrize("length", [1, 100])
def test_words_are_spotted_in_short_and_long_texts_alike(length):
    words: Spellings[str] = Spellings()
    for word in ("오윤서", "oh yun-seo", "010-0724-2102"):
        words.add(word, word)
    text = f"{'.' * length} 오 윤서는 Oh Yunseo, bOh Yunseo, \\nOh Yunseo, ０10 0724 2102"
    met = [text[one.start : one.end] for one in words.spot(text, in_json=True)]
    assert met == ["오 윤서", "Oh Yunseo", "Oh Yunseo", "０10 0724 2102"]
    assert not list(words.spot("." * length))


@given(st.lists(st.sampled_from(["노조원", "대출", "한도", "010-1234-5678", "보통 말 " * 4]), max_size=12))
def test_topics_near_people_are_all_found(parts):
    text = " ".join(parts)
    found = [
        Finding(kind="PHONE", start=at, end=at + 13, score=1)
        for at in range(len(text))
        if text.startswith("010-", at)
    ]
    assert law.classify(text, found) == sorted(
        law._topics(text, found) if found else [], key=lambda one: one.start
    )
