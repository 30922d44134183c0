import pytest

from hanbok.hangul.checksum import (
    birth_of,
    brn_check_digit,
    crn_check_digit,
    frn_check_digit,
    luhn_check_digit,
    luhn_holds,
    rrn_check_digit,
)
from hanbok.testing import digits
from hanbok.testing.korean import Identities


def test_check_digits_agree_with_an_independent_computation():
    people = Identities(7)
    for _ in range(300):
        body = people.fill("############")
        assert str(rrn_check_digit(body)) == digits.resident(body)
        assert str(frn_check_digit(body)) == digits.foreigner(body)
        assert str(crn_check_digit(body)) == digits.corporation(body)
        assert str(brn_check_digit(body[:9])) == digits.business(body[:9])
        assert str(luhn_check_digit(body)) == digits.luhn(body)


@pytest.mark.parametrize(
    ("digits", "year"), [("8812011", 1988), ("0102033", 2001), ("9001015", 1990), ("1503018", 2015)]
)
def test_the_seventh_digit_tells_the_century(digits, year):
    assert birth_of(digits).year == year


def test_a_day_that_does_not_exist_is_no_birthday():
    assert birth_of("9002301") is None
    assert birth_of("0102293") is None


def test_a_card_holds_by_its_last_digit():
    assert luhn_holds("4111111111111111")
    assert not luhn_holds("4111111111111112")
