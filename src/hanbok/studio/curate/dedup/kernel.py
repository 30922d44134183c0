"""Keys of texts, compiled by numba. `hanbok.studio.curate.dedup.plain` makes the same with numpy.

A text becomes its folded characters. Their 5-grams are a set, of which a sketch of 126 numbers is taken: the share of
numbers that two sketches agree in estimates the share of 5-grams that the texts have in common. The method is fast
similarity sketching (Dahlgaard, Knudsen, Thorup, FOCS 2017): every gram falls into one bucket a round, the smallest
stays, and rounds go on until no bucket is empty; so a long text costs one step a gram, not 126. A band is 7 numbers
hashed to one.
"""

from typing import Final

import numba
import numpy as np

from hanbok.studio.curate.dedup.folding import JOINS, MANY, PLANE

GRAM: Final = 5
BANDS: Final = 18
ROWS: Final = 7
BUCKETS: Final = BANDS * ROWS
BASE: Final = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that no digit of the rolling hash is lost."""
ODD: Final = np.uint64(0xD6E8FEB86659FD93)
_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_B: Final = np.uint64(0x94D049BB133111EB)
_EMPTY: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE, _32 = np.uint64(1), np.uint64(32)
_27, _30, _31 = np.uint64(27), np.uint64(30), np.uint64(31)
_LETTERS: Final = 0x20000
_LAST: Final = 0x40000


@numba.njit(cache=True, inline="always")
def mixed(x: np.uint64) -> np.uint64:
    """SplitMix64's last step: every bit of the result hangs on every bit of `x`."""
    x = (x ^ (x >> _30)) * _A
    x = (x ^ (x >> _27)) * _B
    return x ^ (x >> _31)


@numba.njit(cache=True)
def fold(data: np.ndarray, begin: int, end: int, table: np.ndarray, many: np.ndarray, codes: np.ndarray, places: np.ndarray) -> int:
    """Fold UTF-8 into `codes` and return how many they are; -1 when a character joins with the one before.

    `places`, unless it is empty, gets for each the number of the character that it came from.
    """
    at, size, place = begin, 0, 0
    while at < end:
        lead = data[at]
        if lead < 0x80:
            code = np.int64(lead)
            at += 1
        elif lead < 0xE0:
            code = ((np.int64(lead) & 0x1F) << 6) | (np.int64(data[at + 1]) & 0x3F)
            at += 2
        elif lead < 0xF0:
            code = ((np.int64(lead) & 0x0F) << 12) | ((np.int64(data[at + 1]) & 0x3F) << 6) | (np.int64(data[at + 2]) & 0x3F)
            at += 3
        else:
            code = ((np.int64(lead) & 0x07) << 18) | ((np.int64(data[at + 1]) & 0x3F) << 12)
            code |= ((np.int64(data[at + 2]) & 0x3F) << 6) | (np.int64(data[at + 3]) & 0x3F)
            at += 4
        if code < PLANE:
            entry = np.int64(table[code])
        elif _LETTERS <= code < _LAST:
            entry = code
        else:
            entry = np.int64(0)
        if entry == 0:
            place += 1
            continue
        if entry < MANY:
            if places.size:
                places[size] = place
            codes[size] = entry
            size += 1
        elif entry == JOINS:
            return -1
        else:
            start = entry - MANY
            for one in range(many[start]):
                if places.size:
                    places[size] = place
                codes[size] = many[start + 1 + one]
                size += 1
        place += 1
    return size


@numba.njit(cache=True)
def grams(codes: np.ndarray, size: int, width: int, out: np.ndarray) -> int:
    """Hash the grams of `width` characters; a shorter text is one gram, an empty one has none."""
    width = min(width, size)
    if width == 0:
        return 0
    leaving = _ONE
    for _ in range(width):
        leaving *= BASE
    rolling = np.uint64(0)
    for at in range(width):
        rolling = rolling * BASE + np.uint64(codes[at])
    out[0] = mixed(rolling)
    for at in range(width, size):
        rolling = rolling * BASE + np.uint64(codes[at]) - leaving * np.uint64(codes[at - width])
        out[at - width + 1] = mixed(rolling)
    return size - width + 1


@numba.njit(cache=True)
def sketch(hashes: np.ndarray, count: int, out: np.ndarray) -> None:
    """Fill the buckets: round by round, each gram in one; at last each bucket takes the smallest of all."""
    out[:] = _EMPTY
    empty = BUCKETS
    turn = np.uint64(0)
    for one in range(count):
        drawn = hashes[one]
        bucket = np.int64(((drawn >> _32) * np.uint64(BUCKETS)) >> _32)
        value = drawn & np.uint64(0xFFFFFFFF)
        if value < out[bucket]:
            if out[bucket] == _EMPTY:
                empty -= 1
            out[bucket] = value
    while empty > 0 and turn < np.uint64(BUCKETS):
        turn += _ONE
        for one in range(count):
            drawn = mixed(hashes[one] + turn * ODD)
            bucket = np.int64(((drawn >> _32) * np.uint64(BUCKETS)) >> _32)
            value = (turn << _32) | (drawn & np.uint64(0xFFFFFFFF))
            if value < out[bucket]:
                if out[bucket] == _EMPTY:
                    empty -= 1
                out[bucket] = value
    for bucket in range(BUCKETS):
        if out[bucket] == _EMPTY:
            turn = np.uint64(BUCKETS + 1 + bucket)
            for one in range(count):
                value = (turn << _32) | (mixed(hashes[one] + turn * ODD) & np.uint64(0xFFFFFFFF))
                out[bucket] = min(out[bucket], value)


@numba.njit(cache=True)
def keys(
    data: np.ndarray, offsets: np.ndarray, table: np.ndarray, many: np.ndarray, sizes: np.ndarray, same: np.ndarray, bands: np.ndarray
) -> None:
    """Fill for each text: the number of its folded characters (-1: it must be composed first), two hashes of them all,
    and its bands.
    """
    longest = np.int64(0)
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    codes = np.empty(longest + 1, np.uint32)
    hashes = np.empty(longest + 1, np.uint64)
    buckets = np.empty(BUCKETS, np.uint64)
    nowhere = np.empty(0, np.int64)
    for row in range(len(offsets) - 1):
        size = fold(data, offsets[row], offsets[row + 1], table, many, codes, nowhere)
        sizes[row] = size
        if size < 0:
            continue
        count = grams(codes, size, GRAM, hashes)
        rolling, weighed = np.uint64(size), np.uint64(0)
        for at in range(size):
            rolling = rolling * BASE + np.uint64(codes[at])
        for at in range(count):
            weighed += hashes[at] * (np.uint64(at) * np.uint64(2) + _ONE)
        same[row, 0] = mixed(rolling)
        same[row, 1] = mixed(weighed)
        if count == 0:
            continue
        sketch(hashes, count, buckets)
        for band in range(BANDS):
            hashed = np.uint64(band + 1)
            for one in range(ROWS):
                hashed = mixed(hashed * BASE + buckets[band * ROWS + one])
            bands[row, band] = hashed
