"""Natural pseudonyms: what they must look like, what they must never be, and which spellings come back."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.guard.natural import NaturalPseudonyms, Pair
from hanbok.guard.pseudonym import apply
from hanbok.guard.recogniser import Finding
from hanbok.hangul.checksum import (
    brn_check_digit,
    crn_check_digit,
    frn_check_digit,
    luhn_check_digit,
    rrn_check_digit,
)
from hanbok.hangul.josa import final_class, particle
from hanbok.hangul.romanise import romanise, split_name, surname_spellings
from hanbok.testing.korean import Identities

KEY = bytes(range(32))
CHECKS = {
    "RRN": rrn_check_digit,
    "FRN": frn_check_digit,
    "BRN": brn_check_digit,
    "CRN": crn_check_digit,
    "CARD": luhn_check_digit,
}


def made_up(people: Identities) -> dict[str, str]:
    """Make one value of each kind."""
    return {
        "PERSON": people.person(),
        "PHONE": people.phone(),
        "EMAIL": people.email(),
        "RRN": people.rrn(),
        "FRN": people.frn(),
        "BRN": people.brn(),
        "CRN": people.crn(),
        "CARD": people.card(),
        "PASSPORT": people.passport(),
        "DRIVER_LICENSE": people.driver_license(),
        "VEHICLE": people.vehicle(),
        "ADDRESS": people.address(),
        "POSTAL": people.postal(),
        "DOB": people.dob(),
        "IP": people.ipv4(),
        "PCCC": people.pccc(),
        "CI_DI": people.ci(),
        "SECRET": people.secret(),
        "EMPLOYEE": f"KT-{people.postal()}",
    }


def spots(text: str, values: dict[str, str]) -> list[Finding]:
    return sorted(
        (
            Finding(kind=kind, start=at, end=at + len(value), score=1)
            for kind, value in values.items()
            for at in range(len(text))
            if text.startswith(value, at)
        ),
        key=lambda one: one.start,
    )


def hidden(text: str, **values: str) -> tuple[NaturalPseudonyms, str]:
    names = NaturalPseudonyms(KEY)
    return names, apply(text, names.hide(text, spots(text, values)))


@pytest.mark.parametrize("seed", range(40))
def test_a_text_keeps_its_particles_and_comes_back_whole(seed):
    values = made_up(Identities(seed))
    words = [f"{kind} {value}{particle(value, '으로/로')} 합니다." for kind, value in values.items()]
    text = "\n".join(words)
    names, out = hidden(text, **values)
    assert names.restore(out) == text
    assert names.left == 0
    pairs = list(names.pairs())
    assert {one.kind for one in pairs} == values.keys()
    for pair in pairs:
        assert pair.pseudonym not in text
        assert pair.value not in out
        assert final_class(pair.pseudonym) == final_class(pair.value), pair
        assert particle(pair.pseudonym, "은/는") == particle(pair.value, "은/는")


@pytest.mark.parametrize("kind", CHECKS)
def test_a_check_digit_is_wrong_on_purpose(kind):
    for seed in range(60):
        value = made_up(Identities(seed))[kind]
        names, out = hidden(value, **{kind: value})
        digits = "".join(filter(str.isdigit, out))
        assert len(digits) == len("".join(filter(str.isdigit, value)))
        assert CHECKS[kind](digits[:-1]) != int(digits[-1])
        assert [one.isdigit() for one in out] == [one.isdigit() for one in value]
        assert len(names) == 1


def test_equal_values_get_one_pseudonym_in_a_scope_and_with_a_key_everywhere():
    text = "홍길동 대리, 홍 길 동, 010-1234-5678, 01012345678"
    values = {"PERSON": "홍길동", "B": "홍 길 동", "PHONE": "010-1234-5678", "D": "01012345678"}
    found = [
        Finding(kind="PERSON" if one.kind in "BPERSON" else "PHONE", start=one.start, end=one.end, score=1)
        for one in spots(text, values)
    ]
    first, second = NaturalPseudonyms(KEY), NaturalPseudonyms(KEY)
    out = apply(text, first.hide(text, found))
    name, number = (one.pseudonym for one in first.pairs())
    assert out == f"{name} 대리, {name}, {number}, {number}"
    assert apply("홍길동", second.hide("홍길동", spots("홍길동", {"PERSON": "홍길동"}))) == name
    other = NaturalPseudonyms(KEY[::-1])
    assert apply("홍길동", other.hide("홍길동", spots("홍길동", {"PERSON": "홍길동"}))) != name


def test_a_longer_conversation_keeps_the_bytes_of_its_beginning():
    people = Identities(5)
    words = [people.person() for _ in range(12)]
    values = {f"K{at}": word for at, word in enumerate(words)}
    texts = [" 그리고 ".join(words[:end]) for end in range(1, 13)]
    outs = [hidden(text, **values)[1] for text in texts]
    assert all(later.startswith(earlier) for earlier, later in pairwise(outs))


def test_pairs_go_out_and_come_in():
    names, out = hidden("홍길동 010-1234-5678", PERSON="홍길동", PHONE="010-1234-5678")
    again = NaturalPseudonyms(bytes(32), names.pairs())
    assert again.restore(out) == "홍길동 010-1234-5678"
    assert apply("홍길동", again.hide("홍길동", spots("홍길동", {"PERSON": "홍길동"}))) == out.split()[0]
    assert "홍길동" not in repr(again)


@pytest.fixture
def told() -> tuple[NaturalPseudonyms, str, str, str]:
    """One name and one number, so that answers can be made of their pseudonyms."""
    names, out = hidden("홍길동 010-1234-5678", PERSON="홍길동", PHONE="010-1234-5678")
    name, number = out.split()
    return names, name, *split_name(name), number


@pytest.mark.parametrize(
    "after", ["", "이", "이가", "은", "에게", "씨", " 씨께서", "님", "의", "입니다", ".", "'", '"', "**", ")"]
)
def test_a_name_comes_back_declined_and_quoted(told, after):
    names, name, surname, given, _ = told
    assert names.restore(f"'{name}{after} 답") == f"'홍길동{after} 답"
    assert names.restore(f"({given}{after} 답") == f"(길동{after} 답"
    assert names.restore(f"{surname} {given}{after}") == f"홍길동{after}"
    assert names.restored == 3


@pytest.mark.parametrize(
    "way", ["{s} {g}", "{g} {s}", "{s}, {g}", "{s}{g}", "{S} {G}", "{s} {g1}-{g2}", "{g1} {g2} {s}"]
)
def test_a_name_in_latin_letters_comes_back_in_latin_letters(told, way):
    names, _, surname, given, _ = told
    s, g = surname_spellings(surname)[0].capitalize(), romanise(given).capitalize()
    parts = {
        "s": s, "g": g, "S": s.upper(), "G": g.upper(),
        "g1": romanise(given[0]).capitalize(), "g2": romanise(given[1]),
    }  # fmt: skip
    restored = names.restore(f"Dear {way.format(**parts)}, hello")
    assert restored.casefold() in {"dear hong gildong, hello", "dear gildong hong, hello"}
    assert restored.startswith("Dear HONG") is way.startswith("{S}")


@pytest.mark.parametrize(
    "spell",
    [
        lambda one: one,
        lambda one: one.replace("-", ""),
        lambda one: one.replace("-", " "),
        lambda one: one.replace("-", "."),
        lambda one: one.replace("-", " - "),
        lambda one: one.replace("-", "‑"),
        lambda one: one.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}),
        lambda one: f"({one[:3]}) {one[4:]}",
    ],
)
def test_a_number_comes_back_however_it_is_cut(told, spell):
    names, *_, number = told
    restored = names.restore(f"연락처는 {spell(number)}입니다")
    assert "010-1234-5678" in restored
    assert names.restored == 1


def test_a_number_comes_back_in_its_international_form(told):
    names, *_, number = told
    assert names.restore(f"+82-{number[1:]}") == "+82-10-1234-5678"
    assert names.restore(f"+82 {number[1:].replace('-', ' ')}") == "+82-10-1234-5678"


def test_what_could_be_anybodys_stays_and_is_counted(told):
    names, _, surname, given, number = told
    for text in (
        f"끝자리 {number[-4:]}",
        f"{surname} 부장",
        f"{given}영",
        f"1{number}",
        f"x{romanise(given)}ville",
    ):
        assert names.restore(text) == text
    assert names.restored == 0
    assert names.left == 2


def test_a_pseudonym_that_a_later_text_holds_is_given_up():
    names, first = hidden("홍길동", PERSON="홍길동")
    text = f"{first} 과장과 홍길동 대리"
    later = apply(text, names.hide(text, spots(text, {"PERSON": "홍길동"})))
    assert later.startswith(f"{first} 과장과 ")
    assert names.restore(later) == text


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["홍길동", "홍 길동", "010-1234-5678", "길동", "김", " ", "-", "a", "1"]), max_size=12
    )
)
def test_a_text_is_never_made_of_its_own_words(pieces):
    text = "홍길동 010-1234-5678 " + ", ".join(pieces)
    names, out = hidden(text, PERSON="홍길동", PHONE="010-1234-5678")
    assert names.restore(out) == text


@pytest.mark.parametrize("in_json", [False, True])
def test_a_stream_cut_anywhere_reads_as_the_whole(told, in_json):
    names, name, surname, given, number = told
    latin = f"{romanise(given).capitalize()} {surname_spellings(surname)[0].capitalize()}"
    text = f"{name}이 {given} 씨와 {surname} {given}, {latin}: {number} {number[-4:]} {given}"
    answer = json.dumps({"a": text, "b": "줄\n\\"}, ensure_ascii=in_json) if in_json else text
    whole = names.restore(answer, in_json=in_json)
    assert "길동" in (str(json.loads(whole)) if in_json else whole)
    for first in range(len(answer) + 1):
        for second in range(first, len(answer) + 1, 5):
            restorer = names.restorer(in_json=in_json)
            pieces = (answer[:first], answer[first:second], answer[second:])
            assert "".join(map(restorer.feed, pieces)) + restorer.close() == whole


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), max_size=40), st.booleans())
def test_any_pieces_of_any_answer_read_as_the_whole(picks, in_json):
    names, out = hidden("홍길동 010-1234-5678", PERSON="홍길동", PHONE="010-1234-5678")
    signs = [*out, *romanise(out), " ", "-", "\\", "\\u", "u", out[0], out[:3], out[1:3], "이", "1"]
    pieces = [signs[one % len(signs)] for one in picks]
    restorer = names.restorer(in_json=in_json)
    streamed = "".join(map(restorer.feed, pieces)) + restorer.close()
    assert streamed == names.restore("".join(pieces), in_json=in_json)


def test_ordinary_text_hardly_waits(told):
    names, *_ = told
    restorer = names.restorer()
    for piece in ("안녕하세요. ", "오늘 날씨가 ", "맑습니다! ", "점심은 "):
        assert restorer.feed(piece) == piece


def test_many_values_are_hidden_and_come_back():
    people = Identities(9)
    values = [people.person() for _ in range(300)]
    text = "\n".join(f"고객 {value}님" for value in values)
    found, at = [], 0
    for value in values:
        at = text.index(value, at)
        found.append(Finding(kind="PERSON", start=at, end=at + len(value), score=1))
        at += len(value)
    names = NaturalPseudonyms(KEY)
    out = apply(text, names.hide(text, found))
    assert names.restore(out) == text
    assert len({one.pseudonym for one in names.pairs()}) == len(set(values))


def test_a_name_after_an_escaped_line_end_comes_back_in_json(told):
    names, name, surname, given, _ = told
    latin = f"{surname_spellings(surname)[0].capitalize()} {romanise(given).capitalize()}"
    document = json.dumps({"a": f"첫째\n{latin}\t{name}"}, ensure_ascii=False)
    assert json.loads(names.restore(document, in_json=True)) == {"a": "첫째\nHong Gildong\t홍길동"}


def test_few_forms_end_in_a_placeholder_that_comes_back():
    text = "코드 7, 8, 9"
    names, out = hidden(text, A="7", B="8", C="9")
    assert names.restore(out) == text
    assert "7" not in out.replace("-", "")[3:] or "[가명" in out


def test_a_pair_of_before_with_odd_texts_does_no_harm():
    names = NaturalPseudonyms(
        KEY, [Pair(kind="PERSON", value="", pseudonym="가나다"), Pair(kind="X", value="a", pseudonym="")]
    )
    assert names.restore("가나다 x") == " x"
