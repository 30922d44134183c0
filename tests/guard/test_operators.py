"""The operators against what they promise: NIST's vectors for FF1, digests that cannot be compared, a second look."""

import pytest
from ffx import FF1
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.guard.guard import Guard
from hanbok.guard.operator import Setting
from hanbok.guard.operators.format_preserving import FormatPreserving
from hanbok.guard.recogniser import Finding
from hanbok.guard.treat import operator, operators, treat
from hanbok.testing.korean import Identities

KEY = bytes(range(32))
NIST_KEY = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
DIGITS, LETTERS = "0123456789", "0123456789abcdefghi"
TWEAK, LETTERS_TWEAK = "39383736353433323130", "3737373770717273373737"


@pytest.mark.parametrize(
    ("key_bytes", "tweak", "plain", "secret"),
    [
        (16, "", DIGITS, "2433477484"),
        (16, TWEAK, DIGITS, "6124200773"),
        (16, LETTERS_TWEAK, LETTERS, "a9tv40mll9kdu509eum"),
        (24, "", DIGITS, "2830668132"),
        (24, TWEAK, DIGITS, "2496655549"),
        (24, LETTERS_TWEAK, LETTERS, "xbj3kv35jrawxv32ysr"),
        (32, "", DIGITS, "6657667009"),
        (32, TWEAK, DIGITS, "1001623463"),
        (32, LETTERS_TWEAK, LETTERS, "xs8a0azh2avyalyzuwd"),
    ],
)
def test_the_library_is_ff1_as_nist_publishes_it(key_bytes, tweak, plain, secret):
    cipher = FF1(bytes.fromhex(NIST_KEY)[:key_bytes], radix=10 if plain == DIGITS else 36)
    assert cipher.encrypt(plain, tweak=bytes.fromhex(tweak)) == secret
    assert cipher.decrypt(secret, tweak=bytes.fromhex(tweak)) == plain


@settings(deadline=None)
@given(
    st.text(st.sampled_from("0123456789-. AZazk０９가힣홍"), min_size=1, max_size=24),
    st.sampled_from(["PHONE", "DOB"]),
)
def test_what_is_encrypted_keeps_its_form_and_comes_back(value, kind):
    cipher = FormatPreserving(Setting(key=KEY))
    [(_, _, new)] = cipher.edits(value, [Finding(kind=kind, start=0, end=len(value), score=1)])
    if new == Setting().label(kind):
        with pytest.raises(ValueError):
            cipher.undo(kind, value)
        return
    assert cipher.undo(kind, new) == value
    assert [_class(sign) for sign in new] == [_class(sign) for sign in value]


def _class(sign):
    return next(
        (name for name, (first, last) in RUNS.items() if first <= sign <= last),
        sign,
    )


RUNS = {"digit": "09", "upper": "AZ", "lower": "az", "wide": "０９", "hangul": "가힣"}


@pytest.fixture(scope="module")
def guard():
    return Guard.load()


TEXT = """\
담당자 홍길동 대리(010-1234-5678, hong@example.com)가 3월에 방문했습니다.
주소: 서울특별시 강남구 테헤란로 152, 5층. 카드번호 4111-1111-1111-1111로 결제.
"""


@pytest.mark.parametrize("name", [name for name in operators() if name != "keep"])
def test_nothing_is_left_in_a_treated_text(guard, name):
    treated = treat(TEXT, guard, operator(name, Setting(key=KEY)))
    assert treated.left == []
    for value in ("홍길동", "010-1234-5678", "hong@example.com", "테헤란로", "4111-1111-1111-1111"):
        assert value not in treated.text
    assert "3월에 방문했습니다." in treated.text


def test_keep_leaves_everything_and_says_so(guard):
    treated = treat(TEXT, guard, operator("keep"))
    assert treated.text == TEXT
    assert treated.left == treated.found
    assert len(treated.left) == 5


class Forgetful:
    """A guard that sees a value only the first time, as recognisers that need context do."""

    def find(self, text):
        at = text.find("김가온")
        return [Finding(kind="PERSON", start=at, end=at + 3, score=0.9)] if "고객 김가온" in text else []


def test_a_value_that_stands_again_without_its_context_is_reported():
    treated = treat("고객 김가온님, 그리고 김가온, 또 김가온이", Forgetful(), operator("redact"))
    assert treated.text == "고객 [이름]님, 그리고 김가온, 또 김가온이"
    assert [(one.start, one.end, one.kind, one.why) for one in treated.left] == [
        (14, 17, "PERSON", ("recurs",)),
        (21, 24, "PERSON", ("recurs",)),
    ]


def test_what_is_found_inside_a_mask_is_reported(guard):
    class Lazy:
        lifelike = False

        def edits(self, _text, findings):
            return [(one.start, one.end, "010-9876-5432") for one in findings]

    treated = treat("전화 010-1234-5678", guard, Lazy())
    assert [one.kind for one in treated.left] == ["PHONE"]


def test_digests_join_spellings_and_do_not_join_kinds():
    hashed = operator("keyed_hash", Setting(key=KEY))

    def digest(kind, value):
        return hashed.edits(value, [Finding(kind=kind, start=0, end=len(value), score=1)])[0][2]

    spellings = ("010-1234-5678", "01012345678", "０１０ １２３４ ５６７８", "공일공-일이삼사-오육칠팔")
    assert len({digest("PHONE", one) for one in spellings}) == 1
    assert digest("PHONE", "01012345678") != digest("ACCOUNT", "01012345678")
    assert digest("EMAIL", "Hong@Example.com") == digest("EMAIL", "hong@example.com")
    assert digest("PHONE", "1588-KT00") != digest("PHONE", "1588-AB00")
    assert len(digest("SECRET", "a")) == 64


@pytest.mark.parametrize("seed", range(3))
def test_a_mask_never_shows_most_of_a_number(seed):
    people, mask = Identities(seed), operator("mask")
    made = {
        "RRN": people.rrn(),
        "CARD": people.card(),
        "PHONE": people.phone(),
        "PASSPORT": people.passport(),
    }
    for kind, value in made.items():
        [(_, _, new)] = mask.edits(value, [Finding(kind=kind, start=0, end=len(value), score=1)])
        assert sum(sign.isalnum() for sign in new) <= 2 / 3 * sum(sign.isalnum() for sign in value)
        assert len(new) == len(value)
