"""The form in which texts are compared: NFKC, small letters, every digit a 0, no spaces and no signs.

Only keys are made of it; texts stay as they are. A table folds each character by itself, which is all of NFKC but for
characters that join with the one before (loose jamo, combining marks): a text with such is composed (NFC) first.
Letters of ㅋㅋ and ㅠㅠ stay as they are.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

PLANE: Final = 0x10000
MANY: Final = 1 << 30
"""From here on an entry is the place of several characters, such as those of ㎡ or ⑩."""
JOINS: Final = (1 << 31) + 7
"""The entry of a character that joins with the one before."""
_JAMO = range(0x1100, 0x1200)
_MORE_JAMO = (range(0xA960, 0xA980), range(0xD7B0, 0xD800))
_COMPATIBLE = range(0x3130, 0x3190)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folds:
    """`first` is for texts as they come, `composed` for those that were composed since `first` found JOINS in them.

    An entry is 0 (left out), a character, or MANY + i: then `many[i]` characters follow at `many[i + 1]`.
    Above the first plane, letters are themselves and all else is left out.
    """

    first: np.ndarray
    composed: np.ndarray
    many: np.ndarray


@cache
def folds() -> Folds:
    """Return the tables, which take a moment to make."""
    first = np.zeros(PLANE, np.uint32)
    composed = np.zeros(PLANE, np.uint32)
    many: list[int] = []
    for code in range(PLANE):
        if _joins(code):
            first[code] = JOINS
            composed[code] = code if code in _JAMO or _among(code, _MORE_JAMO) else 0
            continue
        # Never more characters than it has bytes, so that a text's bytes are room enough.
        folded = _folded(code)[: len(chr(code).encode(errors="surrogatepass"))]
        entry = folded[0] if len(folded) == 1 else 0
        if len(folded) > 1:
            entry = MANY + len(many)
            many.extend((len(folded), *folded))
        first[code] = composed[code] = entry
    return Folds(first=first, composed=composed, many=np.array(many, np.uint32))


def _joins(code: int) -> bool:
    return code in _JAMO or _among(code, _MORE_JAMO) or unicodedata.category(chr(code)).startswith("M")


def _among(code: int, ranges: tuple[range, ...]) -> bool:
    return any(code in one for one in ranges)


def _folded(code: int) -> list[int]:
    if code in _COMPATIBLE:
        return [code]
    found = []
    for one in unicodedata.normalize("NFKC", chr(code)).lower():
        category = unicodedata.category(one)
        if category.startswith("N"):
            found.append(ord("0"))
        elif category.startswith("L"):
            found.append(ord(one))
    return found
