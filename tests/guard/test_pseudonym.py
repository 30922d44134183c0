import json
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.guard.pseudonym import Edit, Pseudonyms, mask
from hanbok.guard.recogniser import Finding
from hanbok.hangul.josa import final_class, particle

MASKS = {"PHONE": "[전화번호]", "PERSON": "[이름]", "EMAIL": "[이메일]", "IP": "[IP 주소]", "ODD": "***"}
PHONES = [f"010-{number // 10000:04}-{number % 10000:04}" for number in range(20_000_000, 20_000_040)]


def findings(text: str, **values: str) -> list[Finding]:
    """Find every occurrence of each value; the names are kinds."""
    return [
        Finding(kind=kind, start=at, end=at + len(value), score=1.0)
        for kind, value in values.items()
        for at in range(len(text))
        if text.startswith(value, at)
    ]


def apply(text: str, edits: list[Edit]) -> str:
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    return text


def hidden(text: str, **values: str) -> tuple[Pseudonyms, str]:
    pseudonyms = Pseudonyms(MASKS)
    return pseudonyms, apply(text, pseudonyms.hide(text, findings(text, **values)))


@pytest.mark.parametrize(
    "value", [*PHONES[:10], "홍길동", "김하늘", "이보나", "kim@example.com", "a@b.kr", "10.0.0.10"]
)
@pytest.mark.parametrize("pair", ["은/는", "이/가", "을/를", "과/와", "으로/로"])
def test_the_particle_after_a_placeholder_is_the_particle_after_its_value(value: str, pair: str):
    text = f"{value}{particle(value, pair)} 그렇습니다"
    pseudonyms, out = hidden(text, PHONE=value)
    placeholder = out.split("]")[0] + "]"
    assert out == f"{placeholder}{particle(placeholder, pair)} 그렇습니다"
    assert value not in out
    assert pseudonyms.restore(out) == text


def test_equal_values_share_a_placeholder_and_numbers_rise_by_appearance():
    first, second = PHONES[1], PHONES[11]
    assert final_class(first) == final_class(second) == "rieul"
    _, out = hidden(f"{first} {second} {first}", A=first, B=second)
    assert out == "[개인정보-1] [개인정보-7] [개인정보-1]"


def test_a_longer_conversation_keeps_the_bytes_of_its_beginning():
    values = dict(zip("ABCDE", PHONES, strict=False))
    text = " ".join(values.values())
    outs = [hidden(text[:end], **values)[1] for end in range(13, len(text) + 1, 14)]
    assert all(later.startswith(earlier) for earlier, later in pairwise(outs))


def test_a_placeholder_that_the_text_holds_is_not_given_out_nor_restored():
    held = "[전화번호-1] ［ 전화번호 7 ］ \\[전화번호—8\\]"
    pseudonyms, out = hidden(f"{held} {PHONES[1]}", PHONE=PHONES[1])
    assert out == f"{held} [전화번호-11]"
    assert pseudonyms.restore(out) == f"{held} {PHONES[1]}"


@pytest.mark.parametrize(
    "spelt",
    [
        *(
            "[전화번호-1]",
            "[ 전화번호-1 ]",
            "［전화번호－１］",
            "[전화번호 1]",
            "[전화번호1]",
            "[전화번호 - 1]",
        ),
        *("[전화번호–1]", "[전화번호‑1]", "\\[전화번호-1\\]"),
    ],
)
def test_what_models_do_to_a_placeholder_is_undone(spelt: str):
    pseudonyms, _ = hidden(PHONES[1], PHONE=PHONES[1])
    assert pseudonyms.restore(f"네, **{spelt}**로 겁니다") == f"네, **{PHONES[1]}**로 겁니다"
    assert pseudonyms.restored == 1


@pytest.mark.parametrize(
    "spelt",
    [
        *(
            "[전화번호-2]",
            "[전화번호-01]",
            "[전화번호-11]",
            "[전화번호]",
            "[번호-1]",
            "전화번호-1",
            "(전화번호-1)",
        ),
        *(
            "[전화번호--1]",
            "[전화번호-1",
            "전화번호-1]",
            "[전화번호-1.5]",
            "[전화번호-]",
            "[이름-1]",
            "[전화\n번호-1]",
        ),
    ],
)
def test_what_is_not_ours_stays_as_it_is(spelt: str):
    pseudonyms, _ = hidden(PHONES[1], PHONE=PHONES[1])
    assert pseudonyms.restore(spelt) == spelt
    assert pseudonyms.restored == 0


def test_an_unescaped_bracket_keeps_the_backslash_before_it():
    pseudonyms, _ = hidden(PHONES[1], PHONE=PHONES[1])
    assert pseudonyms.restore("C:\\[전화번호-1]") == f"C:\\{PHONES[1]}"


@pytest.mark.parametrize(
    "value", ['그는 "홍"', "C:\\new\\u00e9", "줄\n바꿈\t", "😀한글\u200b", "\x07\x1f", "</script>"]
)
def test_a_value_in_a_json_text_is_spelt_as_json(value: str):
    pseudonyms, out = hidden(f"<{value}>", PERSON=value)
    arguments = json.dumps({"name": out}, ensure_ascii=False)
    assert json.loads(pseudonyms.restore(arguments, in_json=True)) == {"name": f"<{value}>"}
    escaped = json.dumps({"name": out}, ensure_ascii=True)
    assert json.loads(pseudonyms.restore(escaped, in_json=True)) == {"name": f"<{value}>"}


def test_masks_are_not_restored():
    text = f"{PHONES[0]}, 홍길동, 12"
    out = apply(text, mask(text, findings(text, PHONE=PHONES[0], PERSON="홍길동", OTHER="12"), MASKS))
    assert out == "[전화번호], [이름], [개인정보]"
    pseudonyms, _ = hidden(text, PHONE=PHONES[0])
    assert pseudonyms.restore(out) == out


def test_labels_are_the_letters_of_the_mask():
    _, out = hidden("10.0.0.1 x", IP="10.0.0.1", ODD="x")
    assert out == "[IP주소-1] [개인정보-2]"


def test_findings_that_overlap_become_one():
    text = "서울 홍길동로 1 홍길동"
    found = [
        Finding(kind="PERSON", start=3, end=6, score=1.0),
        Finding(kind="EMAIL", start=0, end=9, score=1.0),
        Finding(kind="PERSON", start=10, end=13, score=1.0),
        Finding(kind="PERSON", start=4, end=4, score=1.0),
    ]
    assert apply(text, mask(text, found, MASKS)) == "[이메일] [이름]"


def test_nothing_shows_a_value():
    pseudonyms, _ = hidden(PHONES[0], PHONE=PHONES[0])
    shown = f"{pseudonyms!r} {pseudonyms.restorer()!r}"
    assert PHONES[0] not in shown
    assert "1 pseudonyms" in shown


ANSWERS = [
    "[전화번호-1]로 걸고, [이름-3]에게 [전화번호-2] 말고 [전화번호-1]이라 하십시오 [전화",
    "\\[전화번호-1\\] ［ 전화번호 － １ ］ [[전화번호-1]] [전화번호-[전화번호-1]",
    "[링크](http://x) `a[0]` [전화기-1] [전화번호 [이름-3] \\",
    '{"a":"[\\uc804\\ud654번호-1]","b":["[\\uC804\\uD654\\uBC88\\uD638-1]"],"c":"\\\\[전화번호-1\\\\]"}',
]


@pytest.mark.parametrize("in_json", [False, True])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_stream_cut_anywhere_reads_as_the_whole(*, answer: str, in_json: bool):
    text = f"{PHONES[1]} 홍길동"
    pseudonyms, out = hidden(text, PHONE=PHONES[1], PERSON="홍길동")
    assert out == "[전화번호-1] [이름-3]"
    whole = pseudonyms.restore(answer, in_json=in_json)
    for first in range(len(answer) + 1):
        for second in range(first, len(answer) + 1, 3):
            restorer = pseudonyms.restorer(in_json=in_json)
            pieces = (answer[:first], answer[first:second], answer[second:])
            assert "".join(map(restorer.feed, pieces)) + restorer.close() == whole


@given(
    st.lists(st.text(st.sampled_from("[］［] \\-전화번호이름13１\n가u")), max_size=30),
    st.booleans(),
)
def test_any_cut_of_any_answer_reads_as_the_whole(pieces: list[str], in_json):
    pseudonyms, _ = hidden(f"{PHONES[1]} 홍길동", PHONE=PHONES[1], PERSON="홍길동")
    restorer = pseudonyms.restorer(in_json=in_json)
    streamed = "".join(map(restorer.feed, pieces)) + restorer.close()
    assert streamed == pseudonyms.restore("".join(pieces), in_json=in_json)


def test_ordinary_text_never_waits_and_a_carry_is_short():
    pseudonyms, _ = hidden(f"{PHONES[1]} 홍길동", PHONE=PHONES[1], PERSON="홍길동")
    restorer = pseudonyms.restorer()
    for piece in ("안녕하세요. ", "배열 a[0] 과 [참고", "] 목록 [1", ", 2]", "[x]", "[전자"):
        assert restorer.feed(piece) == piece
    chooser = random.Random(7)
    fed = returned = longest = 0
    for _ in range(5000):
        piece = "".join(chooser.choices("[] -전화번호1", k=chooser.randint(1, 4)))
        fed += len(piece)
        returned += len(restorer.feed(piece).replace(PHONES[1], "[전화번호-1]"))
        longest = max(longest, len(restorer._carry))
    assert longest <= 32


def test_many_values_of_one_kind_are_hidden_quickly():
    text = " ".join(f"a{number}@example.com" for number in range(20_000))
    found = [Finding(kind="EMAIL", start=at, end=at + len(word), score=1.0) for at, word in _words(text)]
    pseudonyms = Pseudonyms(MASKS)
    out = apply_all(text, pseudonyms.hide(text, found))
    assert len(pseudonyms) == 20_000
    assert pseudonyms.restore(out) == text


def apply_all(text: str, edits: list[Edit]) -> str:
    pieces, at = [], 0
    for start, end, new in edits:
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


def _words(text: str) -> list[tuple[int, str]]:
    words, at = [], 0
    for word in text.split(" "):
        words.append((at, word))
        at += len(word) + 1
    return words
