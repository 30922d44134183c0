import re
from ipaddress import IPv6Network, ip_address

import pytest

from hanbok.testing import digits, tokens
from hanbok.testing.korean import BANKS, Identities

_DOCUMENTATION = IPv6Network("2001:db8::/32")

SHAPES = {
    "rrn": r"\d{6}-[1-4]\d{6}",
    "frn": r"\d{6}-[5-8]\d{6}",
    "driver_license": r"(1[1-9]|2[0-68])-\d\d-\d{6}-\d\d",
    "passport": r"[MSRODG]\d{3}[A-Z]\d{4}",
    "brn": r"\d{3}-\d\d-\d{5}",
    "crn": r"\d{6}-\d{7}",
    "health_insurance": r"[1-9]-\d{10}",
    "card": r"\d{4}-\d{4}-\d{4}-\d{4}",
    "mobile": r"010-[2-9]\d{3}-\d{4}",
    "landline": r"0\d{1,2}-\d{3,4}-\d{4}",
    "email": r"[\w.+-]+@(mail\.)?example\.\w+(\.\w+)?",
    "vehicle": r"\d{2,3}[가-힣]\d{4}",
    "address": r"\S+ .* \d+(-\d+)?(, \d+동 \d+호)?( \(\S+동\))?",
    "postal": r"\d{5}",
    "person": r"[가-힣]{2,5}",
    "hanja_person": r"[一-龥]{3}",
    "foreign_person": r"[가-힣 ]+",
    "pccc": r"P\d{12}",
    "ci": r"[A-Za-z0-9+/]{86}==",
    "di": r"[A-Za-z0-9+/]{64}",
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_value_has_the_shape_of_its_kind(name: str) -> None:
    identities = Identities(7)
    for _ in range(200):
        value = getattr(identities, name)()
        assert re.fullmatch(SHAPES[name], value), value


def test_the_same_seed_gives_the_same_values() -> None:
    first, second, other = Identities(3), Identities(3), Identities(4)
    calls = [*SHAPES, "dob", "secret", "ipv4", "ipv6"]
    assert [getattr(first, name)() for name in calls] == [getattr(second, name)() for name in calls]
    assert first.rrn() != other.rrn()


def test_check_digits_hold_until_october_2020_and_fail_on_purpose_after() -> None:
    identities = Identities(11)
    for _ in range(200):
        for make, check in ((identities.rrn, digits.resident), (identities.frn, digits.foreigner)):
            old, new = make().replace("-", ""), make(randomised=True).replace("-", "")
            assert check(old[:12]) == old[12]
            assert check(new[:12]) != new[12]
            assert new[:6] >= "201005"
        number = identities.brn().replace("-", "")
        assert digits.business(number[:9]) == number[9]
        number = identities.crn().replace("-", "")
        assert digits.corporation(number[:12]) == number[12]


def test_published_examples_pass_their_check() -> None:
    # Numbers that textbooks of the Luhn check use.
    assert digits.luhn("7992739871") == "3"
    assert digits.luhn("411111111111111") == "1"


def test_cards_pass_luhn_in_both_lengths() -> None:
    identities = Identities(5)
    for amex in (False, True):
        number = identities.card(amex=amex).replace("-", "")
        assert len(number) == (15 if amex else 16)
        assert digits.luhn(number[:-1]) == number[-1]


@pytest.mark.parametrize("bank", BANKS)
def test_every_bank_has_accounts_of_ten_to_fourteen_digits(bank: str) -> None:
    account = Identities(1).account(bank)
    assert 10 <= len(account.replace("-", "")) <= 14


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("mobile", r"010-\d{4}-\d{4}"),
        ("old_mobile", r"01[16789]-\d{3,4}-\d{4}"),
        ("land", r"0\d{1,2}-\d{3,4}-\d{4}"),
        ("050", r"050[2-8]-\d{4}-\d{4}"),
        ("070", r"070-\d{4}-\d{4}"),
        ("080", r"080-\d{3}-\d{4}"),
        ("international", r"\+82-\d{1,2}-\d{3,4}-\d{4}"),
        ("representative", r"1[568]\d\d-\d{4}"),
    ],
)
def test_every_kind_of_phone_has_its_shape(kind: str, shape: str) -> None:
    identities = Identities(2)
    assert all(re.fullmatch(shape, identities.phone(kind)) for _ in range(100))


def test_addresses_of_the_network_parse() -> None:
    identities = Identities(9)
    assert {ip_address(identities.ipv4()).version for _ in range(50)} == {4}
    assert {ip_address(identities.ipv4(public=True)).is_private for _ in range(5)} == {False}
    assert all(ip_address(identities.ipv6()) in _DOCUMENTATION for _ in range(50))


@pytest.mark.parametrize("kind", tokens.KINDS)
def test_every_kind_of_secret_is_made(kind: str) -> None:
    value = Identities(6).secret(kind)
    assert len(value) >= 9
    assert value == value.strip()
