"""Measures of a text's words, compiled: how much of it is said again, much as in Gopher (arXiv 2112.11446, table A1).

`top_n`: the share of that run of n words that takes the most of the text. `dup_n`: the share of runs of n words that
were there before. `over_n`: the share of words of more than n letters.
"""

from collections.abc import Mapping
from typing import Final

import numba
import numpy as np
import polars as pl

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_ODD: Final = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT: Final = np.uint64(29)


def wording(words: pl.Series, chars: pl.Series, limits: Mapping[str, float]) -> pl.Series:
    """Return a struct of the named shares for each list of words; `chars` are the lengths of the texts.

    Longer runs are counted only where runs of the shortest length take at least half of what they may: a text that
    says few words again says no long run again.
    """
    flat = words.explode(empty_as_null=False)
    hashes = flat.hash(seed=1).to_numpy()
    sizes = flat.str.len_chars().to_numpy().astype(np.int64)
    starts = np.concatenate([[0], words.list.len().to_numpy().astype(np.int64).cumsum()])
    whole = np.maximum(chars.to_numpy().astype(np.float64), 1.0)
    every = np.ones(words.len(), np.bool_)
    wanted: dict[str, np.ndarray] = {}
    shares: dict[str, np.ndarray] = {}
    for kind, count, name in sorted((*_meant(name), name) for name in limits):
        if kind == "over":
            shares[name] = _long(sizes, starts, count) / whole
            continue
        shares[name] = _shares(hashes, sizes, starts, count, kind == "top", wanted.get(kind, every)) / whole
        if kind not in wanted:
            wanted[kind] = shares[name] * 2 > min(
                limit for one, limit in limits.items() if one.startswith(kind)
            )
    return pl.DataFrame(shares, schema=dict.fromkeys(shares, pl.Float64)).to_struct("wording")


def _meant(name: str) -> tuple[str, int]:
    """Return what `dup_5` asks for. Raises ValueError."""
    kind, _, count = name.partition("_")
    if kind not in {"top", "dup", "over"} or not count.isdigit() or not int(count):
        raise ValueError(name)
    return kind, int(count)


@numba.njit(cache=True)
def _long(sizes, starts, most):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    found = np.zeros(len(starts) - 1)
    for text in range(len(starts) - 1):
        for word in range(starts[text], starts[text + 1]):
            if sizes[word] > most:
                found[text] += sizes[word]
    return found


@numba.njit(cache=True)
def _shares(hashes, sizes, starts, n, top, among):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    """Return for each text the characters of its repeated runs of n words."""
    texts = len(starts) - 1
    found = np.zeros(texts)
    most = 0
    for text in range(texts):
        most = max(most, starts[text + 1] - starts[text])
    room = 16
    while room < 2 * most:
        room *= 2
    keys, counts, marks = np.empty(room, np.uint64), np.empty(room, np.int64), np.zeros(room, np.int64)
    for text in range(texts):
        begin, end = starts[text], starts[text + 1]
        if end - begin <= n or not among[text]:
            continue
        size = 16
        while size < 2 * (end - begin):
            size *= 2
        if top:
            found[text] = _heaviest(hashes, sizes, begin, end, n, keys, counts, marks, text + 1, size - 1)
        else:
            found[text] = _said_before(hashes, sizes, begin, end, n, keys, marks, text + 1, size - 1)
    return found


@numba.njit(cache=True)
def _slot(hashes, at, n, keys, marks, mark, mask):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return where the run of n words at `at` is in the table, or would be, and its key."""
    key = np.uint64(n)
    for word in range(at, at + n):
        key = (key ^ hashes[word]) * _MIX
        key ^= key >> _SHIFT
    slot = np.int64((key * _ODD) >> np.uint64(20)) & mask
    while marks[slot] == mark and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot, key


@numba.njit(cache=True)
def _length(sizes, at, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    length = 0
    for word in range(at, at + n):
        length += sizes[word]
    return length


@numba.njit(cache=True)
def _heaviest(hashes, sizes, begin, end, n, keys, counts, marks, mark, mask):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913, PLR0917 - a kernel's arrays
    chars = 0
    for at in range(begin, end - n + 1):
        slot, key = _slot(hashes, at, n, keys, marks, mark, mask)
        if marks[slot] != mark:
            marks[slot], keys[slot], counts[slot] = mark, key, 1
            continue
        counts[slot] += 1
        chars = max(chars, counts[slot] * _length(sizes, at, n))
    return chars


@numba.njit(cache=True)
def _said_before(hashes, sizes, begin, end, n, keys, marks, mark, mask):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913, PLR0917 - as above
    chars, at = 0, begin
    while at <= end - n:
        slot, key = _slot(hashes, at, n, keys, marks, mark, mask)
        if marks[slot] == mark:
            chars += _length(sizes, at, n)
            at += n
        else:
            marks[slot], keys[slot] = mark, key
            at += 1
    return chars
