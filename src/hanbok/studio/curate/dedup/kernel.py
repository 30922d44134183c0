"""Keys of texts, compiled by numba. `hanbok.studio.curate.dedup.plain` makes the same with numpy.

A text becomes its folded characters. Their 5-grams are a set, of which a sketch of 126 numbers is taken: the share of
numbers that two sketches agree in estimates the share of 5-grams that the texts have in common. The method is fast
similarity sketching (Dahlgaard, Knudsen, Thorup, FOCS 2017): every gram falls into one bucket a round, the smallest
stays, and rounds go on until no bucket is empty; so a long text costs one step a gram, not 126. A band is 6 numbers
hashed to one.
"""

from typing import Final

import numba
import numpy as np

from hanbok.studio.curate.dedup.folding import JOINS, MANY, PLANE

GRAM: Final = 5
BANDS: Final = 21
ROWS: Final = 6
BUCKETS: Final = BANDS * ROWS
BASE: Final = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that no digit of the rolling hash is lost."""
ODD: Final = np.uint64(0xD6E8FEB86659FD93)
_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_B: Final = np.uint64(0x94D049BB133111EB)
_EMPTY: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_LOW: Final = np.uint64(0xFFFFFFFF)
_ONE, _32 = np.uint64(1), np.uint64(32)
_27, _30, _31 = np.uint64(27), np.uint64(30), np.uint64(31)
_LETTERS: Final = 0x20000
_LAST: Final = 0x40000
_TWO, _THREE, _FOUR = 0x80, 0xE0, 0xF0
"""From here on a leading byte of UTF-8 is that of so many bytes."""
_TAIL: Final = np.int64(0x3F)


@numba.njit(cache=True, inline="always")
def mixed(x: np.uint64) -> np.uint64:
    """SplitMix64's last step: every bit of the result hangs on every bit of `x`."""
    x = (x ^ (x >> _30)) * _A
    x = (x ^ (x >> _27)) * _B
    return x ^ (x >> _31)


@numba.njit(cache=True, inline="always")
def decoded(data: np.ndarray, at: int) -> tuple[np.int64, int]:
    """Return the character of valid UTF-8 at a byte, and the place of the next."""
    lead = np.int64(data[at])
    if lead < _TWO:
        return lead, at + 1
    if lead < _THREE:
        return ((lead & 0x1F) << 6) | (data[at + 1] & _TAIL), at + 2
    if lead < _FOUR:
        return ((lead & 0x0F) << 12) | ((data[at + 1] & _TAIL) << 6) | (data[at + 2] & _TAIL), at + 3
    high = ((lead & 0x07) << 18) | ((data[at + 1] & _TAIL) << 12)
    return high | ((data[at + 2] & _TAIL) << 6) | (data[at + 3] & _TAIL), at + 4


@numba.njit(cache=True)
def fold(
    data: np.ndarray,
    begin: int,
    end: int,
    table: np.ndarray,
    many: np.ndarray,
    codes: np.ndarray,
    places: np.ndarray,
) -> int:
    """Fold UTF-8 into `codes` and return how many they are; -1 when a character joins with the one before.

    `places`, unless it is empty, gets for each the number of the character that it came from.
    """
    at, size, place = begin, 0, -1
    while at < end:
        code, at = decoded(data, at)
        place += 1
        entry = np.int64(0)
        if code < PLANE:
            entry = np.int64(table[code])
        elif _LETTERS <= code < _LAST:
            entry = code
        if entry == 0:
            continue
        if entry == JOINS:
            return -1
        start = entry - MANY
        for one in range(1 if start < 0 else np.int64(many[start])):
            codes[size] = entry if start < 0 else many[start + 1 + one]
            if places.size:
                places[size] = place
            size += 1
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


@numba.njit(cache=True, inline="always")
def put(out: np.ndarray, turn: np.uint64, drawn: np.uint64) -> int:
    """Let a gram fall into its bucket; return 1 if that was empty."""
    bucket = np.int64(((drawn >> _32) * np.uint64(BUCKETS)) >> _32)
    value = (turn << _32) | (drawn & _LOW)
    held = out[bucket]
    if value < held:
        out[bucket] = value
    return 1 if held == _EMPTY else 0


@numba.njit(cache=True)
def sketch(hashes: np.ndarray, count: int, out: np.ndarray) -> None:
    """Fill the buckets: round by round, each gram in one; at last each that is empty takes the smallest of all."""
    out[:] = _EMPTY
    empty, turn = BUCKETS, np.uint64(0)
    for one in range(count):
        empty -= put(out, turn, hashes[one])
    while empty > 0 and turn < np.uint64(BUCKETS):
        turn += _ONE
        for one in range(count):
            empty -= put(out, turn, mixed(hashes[one] + turn * ODD))
    for bucket in range(BUCKETS):
        if out[bucket] == _EMPTY:
            turn = np.uint64(BUCKETS + 1 + bucket)
            for one in range(count):
                value = (turn << _32) | (mixed(hashes[one] + turn * ODD) & _LOW)
                out[bucket] = min(out[bucket], value)


@numba.njit(cache=True)
def keys(
    data: np.ndarray,
    offsets: np.ndarray,
    table: np.ndarray,
    many: np.ndarray,
    sizes: np.ndarray,
    same: np.ndarray,
    bands: np.ndarray,
    sketches: np.ndarray,
) -> None:
    """Fill for each text: the number of its folded characters (-1: it must be composed first), two hashes of them all,
    its bands, and the last byte of each number of its sketch.
    """
    longest = np.max(np.diff(offsets)) if len(offsets) > 1 else 0
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
        sketches[row] = buckets & np.uint64(0xFF)
        for band in range(BANDS):
            hashed = np.uint64(band + 1)
            for one in range(ROWS):
                hashed = mixed(hashed * BASE + buckets[band * ROWS + one])
            bands[row, band] = hashed


@numba.njit(cache=True)
def probe(
    data: np.ndarray,
    offsets: np.ndarray,
    table: np.ndarray,
    many: np.ndarray,
    width: int,
    wanted: np.ndarray,
    sizes: np.ndarray,
    out: np.ndarray,
) -> int:
    """Fill `out` with the grams whose first bits are `wanted`: hash, number of the text, begin and end as characters.
    Return how many there are; what is beyond the room of `out` is only counted.
    """
    longest = np.max(np.diff(offsets)) if len(offsets) > 1 else 0
    codes = np.empty(longest + 1, np.uint32)
    places = np.empty(longest + 1, np.int64)
    hashes = np.empty(longest + 1, np.uint64)
    shift = np.uint64(64 - np.int64(np.round(np.log2(len(wanted)))))
    found = 0
    for row in range(len(offsets) - 1):
        size = fold(data, offsets[row], offsets[row + 1], table, many, codes, places)
        sizes[row] = size
        if size < width:
            continue
        for at in range(grams(codes, size, width, hashes)):
            if wanted[np.int64(hashes[at] >> shift)]:
                if found < len(out):
                    out[found, 0] = hashes[at]
                    out[found, 1] = np.uint64(row)
                    out[found, 2] = np.uint64(places[at])
                    out[found, 3] = np.uint64(places[at + width - 1] + 1)
                found += 1
    return found
