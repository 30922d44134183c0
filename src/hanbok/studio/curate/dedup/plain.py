"""Keys of texts with numpy alone: the same as `hanbok.studio.curate.dedup.kernel` makes, which explains them."""

from typing import Final

import numpy as np

from hanbok.studio.curate.dedup.folding import JOINS, MANY, PLANE

GRAM: Final = 5
BANDS: Final = 21
ROWS: Final = 6
BUCKETS: Final = BANDS * ROWS
_U = np.uint64
BASE: Final = _U(0x9E3779B97F4A7C15)
ODD: Final = _U(0xD6E8FEB86659FD93)
_A: Final = _U(0xBF58476D1CE4E5B9)
_B: Final = _U(0x94D049BB133111EB)
_EMPTY: Final = _U(0xFFFFFFFFFFFFFFFF)
_LOW: Final = _U(0xFFFFFFFF)
_LETTERS: Final = 0x20000
_LAST: Final = 0x40000
_MARK, _TAIL = 0xC0, 0x80  # of a byte of UTF-8 that does not begin a character
_CHUNK: Final = 2_000_000  # bytes of text at a time


def mixed(x: np.ndarray) -> np.ndarray:
    """SplitMix64's last step."""
    x = (x ^ (x >> _U(30))) * _A
    x = (x ^ (x >> _U(27))) * _B
    out: np.ndarray = x ^ (x >> _U(31))
    return out


def fold(
    data: np.ndarray, offsets: np.ndarray, table: np.ndarray, many: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the folded characters of all texts in a row, the place of each in its text, and each text's number of them
    (-1 where a character joins with the one before; it has none here then).
    """
    points = np.frombuffer(data[offsets[0] : offsets[-1]].tobytes().decode().encode("utf-32-le"), np.uint32)
    leads = np.concatenate([[0], np.cumsum((data[offsets[0] : offsets[-1]] & _MARK) != _TAIL)])
    starts = leads[offsets - offsets[0]]
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(starts))
    entries = np.where(
        points < PLANE,
        table[np.minimum(points, PLANE - 1)],
        np.where((points >= _LETTERS) & (points < _LAST), points, 0),
    ).astype(np.uint32)
    joined = np.zeros(len(offsets) - 1, bool)
    joined[owner[entries == JOINS]] = True
    held = np.flatnonzero((entries != 0) & ~joined[owner])
    codes, owner = entries[held], owner[held]
    places = held - starts[owner]
    several = codes >= MANY
    if several.any():
        counts = np.ones(len(codes), np.int64)
        counts[several] = many[codes[several] - MANY]
        first = np.repeat(np.cumsum(counts) - counts, counts)
        within = np.arange(counts.sum()) - first
        owner, places = np.repeat(owner, counts), np.repeat(places, counts)
        codes, several = np.repeat(codes, counts), np.repeat(several, counts)
        codes[several] = many[codes[several] - MANY + 1 + within[several]]
    sizes = np.bincount(owner, minlength=len(offsets) - 1).astype(np.int64)
    sizes[joined] = -1
    return codes, places, sizes


def grams(codes: np.ndarray, sizes: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the hashes of all texts' grams in a row, and each text's number of them."""
    sizes = np.maximum(sizes, 0)
    counts = np.where(sizes >= width, sizes - width + 1, np.minimum(sizes, 1))
    starts = np.cumsum(sizes) - sizes
    begins = np.cumsum(counts) - counts
    wide = codes.astype(np.uint64)
    rolled = np.zeros(max(len(wide) - width + 1, 0), np.uint64)
    for at in range(width):
        rolled = rolled * BASE + wide[at : at + len(rolled)]
    hashes = np.empty(int(counts.sum()), np.uint64)
    long = np.flatnonzero(sizes >= width)
    if long.size:
        lengths = counts[long]
        steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        hashes[np.repeat(begins[long], lengths) + steps] = rolled[np.repeat(starts[long], lengths) + steps]
    for row in np.flatnonzero((sizes > 0) & (sizes < width)):
        value = np.zeros(1, np.uint64)
        for at in range(sizes[row]):
            value = value * BASE + wide[starts[row] + at]
        hashes[begins[row]] = value[0]
    return mixed(hashes), counts


def sketch(hashes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the buckets of each text, one row for each."""
    rows = len(counts)
    out = np.full(rows * BUCKETS, _EMPTY)
    owner = np.repeat(np.arange(rows), counts)
    drawn, turn = hashes, 0
    while len(owner):
        buckets = ((drawn >> _U(32)) * _U(BUCKETS) >> _U(32)).astype(np.int64)
        np.minimum.at(out, owner * BUCKETS + buckets, (_U(turn) << _U(32)) | (drawn & _LOW))
        if turn == BUCKETS:
            break
        open_ = (out.reshape(rows, BUCKETS) == _EMPTY).any(axis=1)
        left = open_[owner]
        owner, hashes = owner[left], hashes[left]
        turn += 1
        drawn = mixed(hashes + _turned(turn))
    for row, bucket in np.argwhere(out.reshape(rows, BUCKETS) == _EMPTY):
        own = hashes[owner == row]
        if own.size:
            turn = BUCKETS + 1 + int(bucket)
            out[row * BUCKETS + bucket] = ((_U(turn) << _U(32)) | (mixed(own + _turned(turn)) & _LOW)).min()
    return out.reshape(rows, BUCKETS)


def _turned(turn: int) -> np.uint64:
    return _U(turn * int(ODD) & 0xFFFFFFFFFFFFFFFF)


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
    """Fill what the compiled kernel fills, some texts at a time."""
    begin, rows = 0, len(offsets) - 1
    while begin < rows:
        end = int(np.searchsorted(offsets, offsets[begin] + _CHUNK))
        end = min(max(end, begin + 1), rows)
        some = slice(begin, end)
        _keys(
            data, offsets[begin : end + 1], table, many, sizes[some], same[some], bands[some], sketches[some]
        )
        begin = end


def _keys(
    data: np.ndarray,
    offsets: np.ndarray,
    table: np.ndarray,
    many: np.ndarray,
    sizes: np.ndarray,
    same: np.ndarray,
    bands: np.ndarray,
    sketches: np.ndarray,
) -> None:
    codes, _, found = fold(data, offsets, table, many)
    sizes[:] = found
    hashes, counts = grams(codes, found, GRAM)
    lengths = np.maximum(found, 0)
    same[:, 0] = mixed(lengths.astype(np.uint64) * _powers(lengths)[lengths] + _rolled(codes, lengths))
    at = np.arange(len(hashes)) - np.repeat(np.cumsum(counts) - counts, counts)
    same[:, 1] = mixed(_sums(hashes * (at.astype(np.uint64) * _U(2) + _U(1)), counts))
    buckets = sketch(hashes, counts)
    sketches[counts > 0] = (buckets[counts > 0] & _U(0xFF)).astype(np.uint8)
    for band in range(BANDS):
        hashed = np.full(len(counts), band + 1, np.uint64)
        for one in range(ROWS):
            hashed = mixed(hashed * BASE + buckets[:, band * ROWS + one])
        bands[counts > 0, band] = hashed[counts > 0]


def _powers(lengths: np.ndarray) -> np.ndarray:
    factors = np.full(int(lengths.max(initial=0)) + 1, BASE)
    factors[0] = 1
    return np.cumprod(factors)


def _rolled(codes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return each text's rolling hash."""
    at = np.arange(len(codes)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return _sums(codes * _powers(lengths)[np.repeat(lengths, lengths) - 1 - at], lengths)


def _sums(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the sum of each text's values; a text without any has 0."""
    total = np.zeros(len(counts), np.uint64)
    some = counts > 0
    if some.any():
        total[some] = np.add.reduceat(values, (np.cumsum(counts) - counts)[some])
    return total


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
    """Fill what the compiled kernel fills."""
    codes, places, lengths = fold(data, offsets, table, many)
    sizes[:] = lengths
    hashes, counts = grams(codes, lengths, width)
    row = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(np.maximum(lengths, 0)) - np.maximum(lengths, 0)
    at = first[row] + np.arange(len(hashes)) - np.repeat(np.cumsum(counts) - counts, counts)
    shift = _U(64 - (len(wanted).bit_length() - 1))
    held = np.flatnonzero(wanted[(hashes >> shift).astype(np.int64)] & (lengths[row] >= width))
    room = held[: len(out)]
    columns = hashes[room], row[room], places[at[room]], places[at[room] + width - 1] + 1
    for column, values in enumerate(columns):
        out[: len(room), column] = values
    return len(held)
