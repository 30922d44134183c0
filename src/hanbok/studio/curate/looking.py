"""Looks at texts in one compiled pass over their bytes: which need to be spelt anew, which scripts they are in."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numba
import numpy as np
import polars as pl

from hanbok.studio.curate.dedup.folding import PLANE
from hanbok.studio.curate.dedup.kernel import decoded
from hanbok.studio.curate.dedup.signatures import buffers
from hanbok.studio.curate.measure import bits_of

_SPACE, _LINE = 0x20, 0x0A
_BLANK_LINES: Final = 3
_ONE, _MANY = np.uint32(1), np.uint32(2)


def holding(
    texts: pl.Series, single: str, repeated: str, most: int
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Tell which texts hold a character of the class `single`; which one of `repeated` more than `most` times in a row
    (0: however often); which spaces in a row, about a line end or at an end of the text, or two blank lines.
    """
    data, offsets = buffers(texts)
    found = np.zeros((3, len(texts)), np.bool_)
    _hold(data, offsets, _bits((single, repeated)), most, found)
    singles, runs, blanks = map(pl.Series, found)
    return singles, runs, blanks


def scripts(texts: pl.Series, classes: Sequence[str], sample: int) -> np.ndarray:
    """Count for each text the characters of each class, in its first `sample` ones and in as many from its middle, or
    in all of a text that has no more.
    """
    data, offsets = buffers(texts)
    found = np.zeros((len(texts), len(classes)), np.int64)
    _count(data, offsets, _bits(tuple(classes)), sample, found)
    return found


@cache
def _bits(classes: tuple[str, ...]) -> np.ndarray:
    return bits_of(dict(enumerate(classes)))


@numba.njit(cache=True)
def _hold(data: np.ndarray, offsets: np.ndarray, bits: np.ndarray, most: int, found: np.ndarray) -> None:
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        before, run = np.int64(-1), 0
        single = repeated = blank = False
        while at < end:
            code, at = decoded(data, at)
            flags = bits[code] if code < PLANE else np.uint32(0)
            run = run + 1 if code == before else 1
            single = bool(single or flags & _ONE)
            repeated = bool(repeated or (most > 0 and run > most and flags & _MANY))
            if code in (_SPACE, _LINE):
                outermost = before < 0 or at == end
                touching = before in (_SPACE, _LINE) and not code == before == _LINE
                blank = bool(blank or outermost or touching or (code == _LINE and run == _BLANK_LINES))
            before = code
        found[0, row], found[1, row], found[2, row] = single, repeated, blank


@numba.njit(cache=True)
def _count(data: np.ndarray, offsets: np.ndarray, bits: np.ndarray, sample: int, found: np.ndarray) -> None:
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], offsets[row + 1]
        size = 0
        for at in range(begin, end):
            size += data[at] & 0xC0 != 0x80  # noqa: PLR2004 - all bytes of UTF-8 but those that go on with a character
        first, middle = (sample, size // 2) if size > 2 * sample else (size, size)
        at, place = begin, 0
        while at < end and place < middle + sample:
            code, at = decoded(data, at)
            if (place < first or place >= middle) and code < PLANE:
                flags = bits[code]
                for one in range(found.shape[1]):
                    found[row, one] += (flags >> np.uint32(one)) & _ONE
            place += 1
