"""Check digits, written again from the published weights and not shared with `hanbok.hangul.checksum`.

A generator that borrowed the detector's arithmetic would agree with its mistakes.
"""

from collections.abc import Sequence


def weigh(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of digit times weight, left to right."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


_RESIDENT = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def resident(first12: str) -> str:
    """Check digit of a 주민등록번호 that was given out before October 2020."""
    return str((11 - weigh(first12, _RESIDENT) % 11) % 10)


def foreigner(first12: str) -> str:
    """Check digit of a 외국인등록번호: the resident's, shifted by two."""
    return str((13 - weigh(first12, _RESIDENT) % 11) % 10)


def business(first9: str) -> str:
    """Check digit of a 사업자등록번호; the last product also gives its tens."""
    total = weigh(first9, (1, 3, 7, 1, 3, 7, 1, 3, 5)) + int(first9[8]) * 5 // 10
    return str(-total % 10)


def corporation(first12: str) -> str:
    """Check digit of a 법인등록번호."""
    return str(-weigh(first12, (1, 2) * 6) % 10)


def luhn(body: str) -> str:
    """Check digit of a payment card (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)
