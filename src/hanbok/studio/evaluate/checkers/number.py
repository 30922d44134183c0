"""The last number in an answer, in digits or with 만, 억, 조, against the right one."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hanbok.studio.evaluate.item import Item

_DIGITS = r"-?\d[\d,]*(?:\.\d+)?"
_NUMBER = re.compile(
    rf"{_DIGITS}(?:\s*[천만억조])*(?:\s*\d[\d,]*(?:\.\d+)?\s*[천만억조]+)*(?:\s*\d[\d,]*(?![\d천만억조]))?"
)
_PART = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)\s*([천만억조]*)")
_SCALES = {"천": 10**3, "만": 10**4, "억": 10**8, "조": 10**12}
_SCALED = re.compile(r"[천만억조]")


class Number:
    """Options: `within`: the difference that is allowed, as a share of the right number (0)."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._within = Decimal(str(options.get("within", 0)))
        if self._within < 0:
            raise ValueError("within")

    def check(self, text: str, item: Item) -> float:
        given = last_number(text)
        wanted = [one for gold in item.golds if (one := last_number(gold)) is not None]
        if given is None:
            return 0.0
        return float(any(abs(given - one) <= abs(one) * self._within for one in wanted))


def last_number(text: str) -> Decimal | None:
    """Return the last number in a text, None where there is none."""
    found = _NUMBER.findall(text.translate(_WIDE))
    if not found:
        return None
    last = found[-1] if _SCALED.search(found[-1]) else re.findall(_DIGITS, found[-1])[-1]
    try:
        return sum((_worth(digits, scales) for digits, scales in _PART.findall(last)), Decimal(0))
    except InvalidOperation:
        return None


def _worth(digits: str, scales: str) -> Decimal:
    worth = Decimal(digits.replace(",", ""))
    for one in scales:
        worth *= _SCALES[one]
    return worth


_WIDE = str.maketrans("０１２３４５６７８９．，－−", "0123456789.,--")
