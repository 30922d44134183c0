"""Thirteen digits: whose they are is decided by the label, the check digits and the words around."""

import pytest

from hanbok.guard.guard import Guard
from hanbok.hangul.checksum import birth_of, crn_check_digit, frn_check_digit, rrn_check_digit
from hanbok.testing.korean import Identities

GUARD = Guard.load(kinds=frozenset({"RRN", "FRN", "CRN", "DOB", "PHONE", "BRN", "ACCOUNT"}))


def company_that_could_be_a_person(seed: int) -> str:
    """Return a company's number with a right check digit that a birth date and no check digit of a person fit."""
    people = Identities(seed)
    while True:
        digits = f"{people.random.choice(['110111', '180111', '134511'])}{people.random.randrange(10**6):06d}"
        digits += str(crn_check_digit(digits))
        wrong = int(digits[12]) not in {rrn_check_digit(digits), frn_check_digit(digits)}
        if birth_of(digits) and digits[6] in "12" and wrong:
            return f"{digits[:6]}-{digits[6:]}"


def found(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in GUARD.find(text)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "sentence",
    [
        "등기부상 소유자 김하늘 {} 서울특별시 강남구",
        "등기부등본 갑구 【소유자】 이도윤 {}",
        "채무자 김하늘 {} 근저당권설정등기",
        "대표이사 김하늘 {} 법인등기 신청",
        "주민등록번호 {}",
        "민증번호 {} 맞나요",
        "고객: {}",
    ],
)
def test_the_number_of_a_person_in_a_register_is_a_persons(seed, sentence):
    number = Identities(seed).rrn()
    assert found(sentence.format(number)) == [("RRN", number)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "sentence",
    [
        "법인등록번호 {}",
        "법인(등록)번호: {}",
        "법인등기부등본의 등록번호 {}",
        "상호 (주)가온, 등록번호 {}, 본점 서울",
        "근저당권자 주식회사 한빛은행 {}",
        '{{"crn": "{}"}}',
        "{} (법인등록번호)",
    ],
)
def test_the_number_of_a_company_is_a_companys_even_if_a_person_could_have_it(seed, sentence):
    number = company_that_could_be_a_person(seed)
    assert found(sentence.format(number)) == [("CRN", number)]


@pytest.mark.parametrize("seed", range(5))
def test_each_of_two_numbers_has_its_own_label(seed):
    company, person = company_that_could_be_a_person(seed), Identities(seed).rrn()
    text = f"법인등록번호: {company} 대표자 김하늘({person})"
    assert found(text) == [("CRN", company), ("RRN", person)]


@pytest.mark.parametrize("text", ["회원번호 900101-1234567", "000000-0000000", "900101-1******"])
def test_templates_masked_numbers_and_numbers_of_other_things_are_silent(text):
    assert found(text) == []
