"""Cases that an independent examination turned up: each stands for a way of writing, not for a sentence."""

import pytest

from hanbok.guard.recognisers.account import Account
from hanbok.guard.recognisers.address import Address
from hanbok.guard.recognisers.card import Card
from hanbok.guard.recognisers.crn import Crn
from hanbok.guard.recognisers.dob import Dob
from hanbok.guard.recognisers.email import Email
from hanbok.guard.recognisers.pccc import Pccc
from hanbok.guard.recognisers.person import Person
from hanbok.guard.recognisers.rrn import Rrn
from hanbok.guard.recognisers.secret import Secret
from hanbok.guard.recognisers.vehicle import Vehicle
from hanbok.hangul.checksum import luhn_holds, rrn_check_digit


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1990년 3월 27일 경남 김해시 분성로 12, 3층에서 태어났다", "1990년 3월 27일"),
        ("그는 1982-05-01 경기도 성남시 성남대로 418 (정자동)에서 태어났다", "1982-05-01"),
        ("상담사: 생년월일 말씀 부탁드립니다.\n고객: 87.06.02이요", "87.06.02"),
        ("2013.10.03생이라 벌써 돌이네", "2013.10.03"),
    ],
)
def test_a_birthday_is_found_before_its_place_and_on_the_other_speakers_line(text: str, date: str) -> None:
    assert [text[one.start : one.end] for one in Dob().find(text)] == [date]


def test_a_date_before_an_address_where_nobody_is_born_is_no_birthday() -> None:
    assert not list(Dob().find("2024년 3월 27일 경남 김해시 분성로 12에서 회의가 열린다"))


def test_a_field_for_persons_and_companies_is_decided_by_its_digits() -> None:
    body = "850213100123"
    number = f"{body[:6]}-{body[6:]}{rrn_check_digit(body + '0')}"
    text = f"소유자 주민(법인)등록번호 {number}"
    assert [text[one.start : one.end] for one in Rrn().find(text)] == [number]
    assert not list(Crn().find(text))


def test_a_card_is_found_over_two_lines_between_its_groups() -> None:
    number = next(one for last in "0123456789" if luhn_holds(one := f"941000144960353{last}"))
    text = f"카드 {number[:4]} {number[4:8]} {number[8:12]} \n{number[12:]}"
    assert [text[one.start : one.end] for one in Card().find(text)] == [text[3:]]


@pytest.mark.parametrize("text", ["DB_PASSWORD=${DB_PASSWORD}", "password = getpass.getpass()"])
def test_what_only_fetches_a_secret_is_none(text: str) -> None:
    assert not list(Secret().find(text))


def test_a_sum_is_no_plate_even_beside_a_car() -> None:
    assert not list(Vehicle().find("차량 보급에 536조 9503억원을 쓴다"))
    assert list(Vehicle().find("차량 536조 9503 주차"))


def test_a_decorator_on_the_next_line_is_no_address_of_mail() -> None:
    assert not list(Email().find('total += i\n@app.route("/health")'))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("환자 박 서 덕 내원", "박 서 덕"),
        ("유학생 응우옌 티 흐엉 (연락처 없음)", "응우옌"),
        ("성명 金末子", "金末子"),
    ],
)
def test_a_label_helps_to_find_names_written_apart(text: str, name: str) -> None:
    assert any(name in text[one.start : one.end] for one in Person().find(text))


@pytest.mark.parametrize(
    "text",
    [
        "원고 이 사건 청구는 이유 없다",
        "환자 이 병원에서 기다린다",
        "예산 7,946,000원 중 금 1천만원 집행",
        "한우 등심 319g에 77112원 고객님의 소중한 의견",
    ],
)
def test_words_after_labels_figures_and_loan_words_are_no_names(text: str) -> None:
    assert not list(Person().find(text))


def test_names_written_apart_are_found_whatever_surname_comes_again() -> None:
    text = "환자 박 서 덕 내원, 김 민 수 씨 그리고 박 서 준 씨"
    assert [text[one.start : one.end] for one in Person().find(text)] == ["박 서 덕", "김 민 수", "박 서 준"]


@pytest.mark.parametrize("mail", ["hayun92@naver．com", "ha＿yun@naver.com", "hayun@kr－mail.com"])
def test_one_full_width_sign_hides_no_mail(mail: str) -> None:
    assert [(one.start, one.end) for one in Email().find(f"메일 {mail} 입니다")] == [(3, 3 + len(mail))]


@pytest.mark.parametrize("blank", ["\u3000", "\u00a0", "  "])
def test_an_address_may_be_written_with_any_blank(blank: str) -> None:
    address = blank.join(("서울", "마포구", "양화로", "45"))
    assert [(one.start, one.end) for one in Address().find(f"주소: {address}")] == [(4, 4 + len(address))]


def test_a_customs_code_is_read_aloud_to_its_last_digit() -> None:
    text = "통관부호 P팔일공이구삼팔사칠오육일"
    assert [text[one.start : one.end] for one in Pccc().find(text)] == [text[5:]]


def test_an_account_that_begins_like_a_year_is_no_point_in_time() -> None:
    assert list(Account().find("국민은행 계좌 20480204123987"))
    assert not list(Account().find("국민은행 계좌 조회 20241105143022"))
