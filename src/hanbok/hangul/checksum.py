"""Check digits of Korean identifiers and of payment cards. Every function takes plain ASCII digits."""

from collections.abc import Iterable
from datetime import date
from operator import mul

_RRN_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CRN_WEIGHTS = (1, 2) * 6
_EAN_WEIGHTS = (1, 3) * 6
_BRN_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_CODES: dict[tuple[int, ...], int] = {
    weights: 48 * sum(weights) for weights in (_RRN_WEIGHTS, _CRN_WEIGHTS, _EAN_WEIGHTS, _BRN_WEIGHTS)
}
"""What the code of a zero adds to a weighted sum."""
_CENTURIES = {
    "9": 1800, "0": 1800,
    "1": 1900, "2": 1900, "5": 1900, "6": 1900,
    "3": 2000, "4": 2000, "7": 2000, "8": 2000,
}  # fmt: skip
_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
"""Twice a digit, with the digits of the product added up."""


def rrn_check_digit(digits: str) -> int:
    """Return the 13th digit of a 주민등록번호 from its first 12 (numbers issued since October 2020 ignore it)."""
    return (11 - _weighted(digits, _RRN_WEIGHTS) % 11) % 10


def frn_check_digit(digits: str) -> int:
    """Return the 13th digit of a 외국인등록번호 or 국내거소신고번호 from its first 12."""
    return (13 - _weighted(digits, _RRN_WEIGHTS) % 11) % 10


def brn_check_digit(digits: str) -> int:
    """Return the 10th digit of a 사업자등록번호 from its first 9."""
    return -(_weighted(digits, _BRN_WEIGHTS) + int(digits[8]) * 5 // 10) % 10


def crn_check_digit(digits: str) -> int:
    """Return the 13th digit of a 법인등록번호 from its first 12."""
    return -_weighted(digits, _CRN_WEIGHTS) % 10


def luhn_check_digit(digits: str) -> int:
    """Return the last digit of a card number from the others (ISO/IEC 7812-1)."""
    numbers = digits[::-1].encode()
    return -(sum(numbers[::2].translate(_DOUBLED)) + sum(numbers[1::2]) - 48 * (len(numbers) // 2)) % 10


def luhn_holds(digits: str) -> bool:
    """Tell whether a card number's last digit is right."""
    return luhn_check_digit(digits[:-1]) == int(digits[-1])


def ean_check_digit(digits: str) -> int:
    """Return the 13th digit of an EAN-13 or ISBN-13 from its first 12."""
    return -_weighted(digits, _EAN_WEIGHTS) % 10


def birth_of(digits: str) -> date | None:
    """Return the birth date that the first seven digits of an RRN or FRN hold, if there is such a day."""
    try:
        return date(_CENTURIES[digits[6]] + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return None


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    # The codes of the digits instead of the digits: all of it in C.
    products: Iterable[int] = map(mul, digits.encode(), weights)
    return sum(products) - _CODES[weights]
