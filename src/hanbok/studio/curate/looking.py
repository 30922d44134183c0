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
_BLOCK: Final = 256
_FIELD: Final = 12
_MOST: Final = (1 << _FIELD) - 1
"""So many characters are counted in the bits of one number that each class has there."""
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
    """Count for each text the characters of each of up to five classes: in its first `sample` ones and in as many from
    its middle, or in all of a text that has no more.
    """
    data, offsets = buffers(texts)
    found = np.zeros((len(texts), len(classes)), np.int64)
    _count(data, offsets, _adding(tuple(classes)), sample, found)
    return found


@cache
def _bits(classes: tuple[str, ...]) -> np.ndarray:
    return bits_of(dict(enumerate(classes)))


@cache
def _adding(classes: tuple[str, ...]) -> np.ndarray:
    """Return for each character a number with a 1 in the field of each class that it is in."""
    bits = _bits(classes).astype(np.uint64)
    fields = [
        (bits >> np.uint64(one) & np.uint64(1)) << np.uint64(one * _FIELD) for one in range(len(classes))
    ]
    adding: np.ndarray = np.bitwise_or.reduce(fields)
    return adding


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
def _count(data: np.ndarray, offsets: np.ndarray, adding: np.ndarray, sample: int, found: np.ndarray) -> None:
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], offsets[row + 1]
        size = _characters(data, begin, end)
        if size <= 2 * sample:
            _tally(data, begin, end, size, adding, found[row])
            continue
        _tally(data, begin, end, sample, adding, found[row])
        _tally(data, _after(data, begin, end, size // 2), end, sample, adding, found[row])


@numba.njit(cache=True)
def _characters(data: np.ndarray, begin: int, end: int) -> int:
    size = 0
    for at in range(begin, end):
        size += data[at] & 0xC0 != 0x80  # noqa: PLR2004 - all bytes of UTF-8 but those that go on with a character
    return size


@numba.njit(cache=True)
def _after(data: np.ndarray, at: int, end: int, count: int) -> int:
    """Return the place behind so many characters: block by block, which takes many bytes at once, then one by one."""
    while at + _BLOCK < end and count >= _BLOCK:
        count -= _characters(data, at, at + _BLOCK)
        at += _BLOCK
    while at < end and data[at] & 0xC0 == 0x80:  # noqa: PLR2004 - the block ended inside of a character
        at += 1
    for _ in range(count):
        _, at = decoded(data, at)
    return at


@numba.njit(cache=True)
def _tally(data: np.ndarray, at: int, end: int, count: int, adding: np.ndarray, found: np.ndarray) -> None:
    """Count the characters of each class among the next ones."""
    left = count
    while left > 0 and at < end:
        sums = np.uint64(0)
        for _ in range(min(left, _MOST)):
            if at >= end:
                break
            code, at = decoded(data, at)
            sums += adding[code] if code < PLANE else np.uint64(0)
        left -= _MOST
        for one in range(len(found)):
            found[one] += (sums >> np.uint64(one * _FIELD)) & np.uint64(_MOST)
