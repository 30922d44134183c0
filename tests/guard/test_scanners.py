"""Both scanners lead to the same findings; neither meets a text that breaks it."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanbok.core.plugin import load, names
from hanbok.guard.guard import Guard, sought
from hanbok.guard.scanners.fallback import Fallback
from hanbok.guard.scanners.hyperscan import Hyperscan
from hanbok.guard.shape import ANCHOR, Shape
from hanbok.testing.korean import Identities
from hanbok.testing.notations import NOTATIONS

RECOGNISERS = "hanbok.guard.recognisers"
SHAPES: list[Shape] = [
    plugin()
    for plugin in (load(RECOGNISERS, name) for name in names(RECOGNISERS))
    if hasattr(plugin, "verify")
]
SOUGHT = sought(SHAPES)
FAST = Guard(SHAPES, Hyperscan(SOUGHT))
PLAIN = Guard(SHAPES, Fallback(SOUGHT))

WORDS = st.sampled_from(
    [
        "주민번호는 ",
        "계좌번호: ",
        "우편번호 ",
        "(우) ",
        "생년월일 ",
        "생일은 ",
        "비밀번호는 ",
        "password=",
        "토큰 ",
        "키: ",
        "연락처 ",
        "차량 ",
        "여권 ",
        "버전 ",
        "주문번호 ",
        "CI ",
        "DI=",
        "IP ",
        "면허 ",
        "법인 ",
        "사업자 ",
        "신한은행 ",
        "보험증번호 ",
        "통관부호 ",
        " 골뱅이 ",
        " 점 ",
        "(at)",
        "[dot]",
        "이에요",
        "입니다",
        "생",
        "출생",
        "\n",
        "\t",
        ",",
        " ",
        "-",
        "\x1e",
        "일이",
        "에 ",
        "다시 ",
        "구 ",
        "O",
        "l",
        "S",
        "&#48;",
        "\u200b",
        "://a:",
        "@",
        ".com",
        "-----BEGIN PRIVATE KEY-----",
        "-----END",
        "sk-",
        "eyJ",
        "",
    ]
)


@st.composite
def values(draw: st.DrawFn) -> str:
    people = Identities(draw(st.integers(0, 10_000)))
    makers = {
        "RRN": people.rrn, "FRN": people.frn, "DRIVER_LICENSE": people.driver_license, "PASSPORT": people.passport,
        "BRN": people.brn, "CRN": people.crn, "PHONE": people.mobile, "HEALTH_INS": people.health_insurance,
        "CARD": people.card, "EMAIL": people.email, "IP": people.ipv4, "VEHICLE": people.vehicle, "": people.ipv6,
        "POSTAL": people.postal, "DOB": people.dob, "PCCC": people.pccc, "CI_DI": people.ci, "SECRET": people.secret,
        "ACCOUNT": lambda: people.account(people.bank()), "LAND": people.landline, "DI": people.di,
    }  # fmt: skip
    kind = draw(st.sampled_from(sorted(makers)))
    value = makers[kind]()
    if fitting := [one for one in NOTATIONS if kind in one.kinds]:
        value = draw(st.sampled_from(fitting)).rewrite(value, people.random)
    if draw(st.integers(0, 9)) == 0:
        value = value[draw(st.integers(0, 3)) : len(value) - draw(st.integers(0, 3))]
    return value


NOISE = st.text(alphabet="0123456789-. ()가나일이삼공@:/=aAsSoOlI,\n\t\u200b０①ㅡ", max_size=12)
TEXTS = st.lists(st.one_of(values(), WORDS, WORDS, NOISE), max_size=10).map("".join)
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """Return a text with some characters replaced, doubled, dropped or put in: values that are nearly right."""
    letters = list(draw(TEXTS))
    for _ in range(draw(st.integers(0, 4)) if letters else 0):
        place = draw(st.integers(0, len(letters) - 1))
        letters[place] = draw(st.sampled_from(["", letters[place] * 2])) or draw(SIGN)
    return "".join(letters)


SIGN = st.sampled_from(
    [*"0123456789+-./_~()[]:;,@ \n\t\x1e가생구이공킨KſPMdDS", "\u200b", "\u3000", "🙂", "\ud800", "é", ""]
)
ANY = st.one_of(TEXTS, mutants(), mutants(), st.text(max_size=60))


@settings(QUICK, max_examples=600)
@given(ANY)
def test_both_scanners_see_the_same_places(text):
    """The judges are asked of these places and of nothing else, so the findings cannot differ where these do not."""
    assert sorted(FAST.scanner.scan(text)) == sorted(PLAIN.scanner.scan(text))


@QUICK
@given(ANY)
def test_hyperscan_and_the_fallback_agree(text):
    assert FAST.find(text) == PLAIN.find(text)


@pytest.mark.parametrize(
    "text",
    [
        "번호+2 1 2 4 5 7 8 7",
        "：：ｄ２５２：３",
        "0 4 0 7 3 3킨2@e.co",
        "://김수한무거북이와두루미삼천갑자동방삭치치카포사리사리센터워리워리세브리깡:x1y2z3@h",
        "tоKen=Kelvin12345678901234",
        "paſſword=abcd1234",
        "BEGIN PRIVATE KEY PRIVATE KEY-----",
        "(at )x(@)[골뱅이 ]",
        "비번  ((a1b2c3",
    ],
)
def test_texts_that_once_told_the_scanners_apart(text):
    assert sorted(FAST.scanner.scan(text)) == sorted(PLAIN.scanner.scan(text))
    assert FAST.find(text) == PLAIN.find(text)


def test_a_match_of_a_pattern_that_anchors_has_one_end():
    """The fallback sees one end for each beginning; a pattern with more of them would tell the scanners apart."""
    for shape in SHAPES:
        if shape.alphabet == ANCHOR:
            assert not [one for one in shape.patterns if re.search(r"(?:[?*+]|\{0,\d\})\)?$", one)]


@QUICK
@given(st.one_of(TEXTS, st.text(max_size=200)))
def test_findings_lie_in_the_text_in_order_and_apart(text):
    last = 0
    for finding in FAST.find(text):
        assert last <= finding.start < finding.end <= len(text)
        assert 0 < finding.score <= 1
        last = finding.end


@QUICK
@given(TEXTS, TEXTS)
def test_nothing_crosses_a_boundary(first, second):
    text = f"{first}\x1e{second}"
    border = len(first)
    assert all(one.end <= border or one.start > border for one in FAST.find(text))
