"""What a model's answer must not show is masked however the stream is cut; all else passes as it was."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.guard.guard import Guard
from hanbok.guard.stream import StreamMasker
from hanbok.testing.corpus import generate
from hanbok.testing.korean import Identities

KINDS = frozenset({"RRN", "FRN", "PASSPORT", "DRIVER_LICENSE", "CARD", "SECRET"})
GUARD = replace(Guard.load(), others=())
PEOPLE = Identities(seed=11)
RRN, CARD, SECRET = PEOPLE.rrn(), PEOPLE.card(), "sk-" + PEOPLE.ci()[:40].replace("/", "a").replace("+", "b")
ANSWER = f"주민등록번호는 {RRN}이고 카드번호는 {CARD}입니다. 2026년 11월 22일, 합계 12,500원, 문의 02-120."
HIDDEN = "주민등록번호는 [주민등록번호]이고 카드번호는 [카드번호]입니다. 2026년 11월 22일, 합계 12,500원, 문의 02-120."
ENGLISH = (
    f"There are 3 cards. The first number is {CARD} and it was issued in 2026, see the note: "
    f"password: hunter2!x and user@ 17 of 20, resident number {RRN} at the end of the text."
)
ENGLISH_HIDDEN = (
    "There are 3 cards. The first number is [카드번호] and it was issued in 2026, see the note: "
    "password: [인증정보] and user@ 17 of 20, resident number [주민등록번호] at the end of the text."
)


def run(pieces: list[str], spared: frozenset[str] = frozenset()) -> tuple[str, dict[str, int]]:
    masker = StreamMasker(GUARD, KINDS, spared)
    said = [masker.feed(piece) for piece in pieces]
    return "".join([*said, masker.close()]), dict(masker.found)


def cut(text: str, places: list[int]) -> list[str]:
    ends = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends)]


@given(st.lists(st.integers(0, 500), max_size=30))
@settings(max_examples=60, deadline=None)
def test_values_are_masked_however_the_stream_is_cut(places: list[int]) -> None:
    assert run(cut(ANSWER, places)) == (HIDDEN, {"RRN": 1, "CARD": 1})


@given(st.lists(st.integers(0, 500), max_size=60))
@settings(max_examples=60, deadline=None)
def test_values_between_english_words_are_masked_however_the_stream_is_cut(places: list[int]) -> None:
    assert run(cut(ENGLISH, places)) == (ENGLISH_HIDDEN, {"RRN": 1, "CARD": 1, "SECRET": 1})


@pytest.mark.parametrize("size", [1, 3, 8, 100])
def test_no_more_than_the_first_letters_of_a_secret_are_shown(size: int) -> None:
    text = f"키는 {SECRET} 입니다."
    said, found = run([text[at : at + size] for at in range(0, len(text), size)])
    assert found == {"SECRET": 1}
    assert SECRET[8:] not in said
    assert said.endswith(" 입니다.")


def test_a_secret_longer_than_the_carry_is_swallowed_to_its_end() -> None:
    long = "sk-" + "aB3dE5gH7j" * 30
    said, _ = run([*("키: " + long), " 끝"])
    assert "aB3dE5gH7j" not in said
    assert said.endswith("끝")


def test_what_the_client_sent_itself_is_spared() -> None:
    assert run([ANSWER], frozenset({RRN, CARD})) == (ANSWER, {})


@given(st.lists(st.text(alphabet="가나다라 한글.,\n!?abcXYZ'\"", max_size=12), max_size=20))
@settings(max_examples=100, deadline=None)
def test_text_without_findings_passes_as_it_was(pieces: list[str]) -> None:
    assert run(pieces)[0] == "".join(pieces)


def test_ordinary_words_are_not_held_back_and_the_carry_is_bounded() -> None:
    masker = StreamMasker(GUARD, KINDS)
    assert masker.feed("안녕하세요, ") == "안녕하세요, "
    shown = sum(len(masker.feed("9")) for _ in range(1000))
    assert shown >= 1000 - 64
    assert masker.feed("년생 ") != ""


def test_an_english_word_or_an_at_sign_and_a_blank_ends_the_wait_of_what_stands_before_it() -> None:
    masker = StreamMasker(GUARD, KINDS)
    assert masker.feed("about 2026 ") == "about "
    assert masker.feed("the ") == "2026 the "
    assert masker.feed("@84000000000017@ ") == "@84000000000017@ "
    assert masker.feed("pin: 12") == ""
    assert masker.feed("345678") == ""
    assert masker.feed(" was it") == "pin: [인증정보] was it"
    mail = StreamMasker(GUARD, KINDS | {"EMAIL"})
    assert mail.feed("hong17@ ") == ""
    assert mail.feed("example.com 으로") == "[이메일] 으로"


def test_a_guard_of_few_kinds_finds_them_as_the_whole_guard_does() -> None:
    few = GUARD.only(KINDS)
    assert {one.kind for one in few.shapes} == KINDS
    for line in generate(600, seed=5):
        whole = [one for one in GUARD.find(line.text) if one.kind in KINDS]
        assert few.find(line.text) == whole
