"""Measures of a text's words, compiled: how much of it is said again, much as in Gopher (arXiv 2112.11446, table A1).

`top_n`: the share of that run of n words that takes the most of the text. `dup_n`: the share of runs of n words that
were there before. `over_n`: the share of words of more than n letters.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import numba
import numpy as np
import polars as pl

from hanbok.studio.curate.measure import Words

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_ODD: Final = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT: Final = np.uint64(29)
Table: TypeAlias = "tuple[np.ndarray, np.ndarray, np.ndarray, int, int]"
"""Keys, how often each was seen, the text that each place was last filled for; this text, and the mask of places."""


def wording(words: Words, chars: np.ndarray, limits: Mapping[str, float]) -> pl.Series:
    """Return a struct of the named shares for each text's words; `chars` are the lengths of the texts.

    Longer runs are counted only where runs of the shortest length take at least half of what they may: a text that
    says few words again says no long run again.
    """
    whole = np.maximum(chars.astype(np.float64), 1.0)
    texts = len(whole)
    counts = np.empty(words.starts[-1], np.int64)
    room = _room(int(np.diff(words.starts).max(initial=0)))
    _count(words.hashes, words.starts, counts, room)
    held = words.hashes, words.sizes, words.starts, counts, room
    wanted: dict[str, np.ndarray] = {}
    shares: dict[str, np.ndarray] = {}
    for kind, count, name in sorted((*_meant(name), name) for name in limits):
        if kind == "over":
            shares[name] = _long(words.sizes, words.starts, count) / whole
            continue
        among = wanted.get(kind, np.ones(texts, np.bool_))
        shares[name] = _shares(*held, count, kind == "top", among) / whole
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
def _long(sizes: np.ndarray, starts: np.ndarray, most: int) -> np.ndarray:
    found = np.zeros(len(starts) - 1)
    for text in range(len(starts) - 1):
        for word in range(starts[text], starts[text + 1]):
            if sizes[word] > most:
                found[text] += sizes[word]
    return found


@numba.njit(cache=True)
def _room(count: int) -> int:
    """Return the size of a table for so many keys: a power of two."""
    size = 16
    while size < 2 * count:
        size *= 2
    return size


@numba.njit(cache=True)
def _count(hashes: np.ndarray, starts: np.ndarray, counts: np.ndarray, room: int) -> None:
    """Fill in how often each word stands in its text: a run with a word that stands there once is not said again."""
    keys, firsts, marks = np.empty(room, np.uint64), np.empty(room, np.int64), np.zeros(room, np.int64)
    for text in range(len(starts) - 1):
        begin, end = starts[text], starts[text + 1]
        mask = _room(end - begin) - 1
        for word in range(begin, end):
            slot, key = _slot(hashes, word, 1, keys, marks, text + 1, mask)
            if marks[slot] != text + 1:
                marks[slot], keys[slot], firsts[slot] = text + 1, key, word
                counts[word] = 0
            counts[firsts[slot]] += 1
            if firsts[slot] != word:
                counts[word] = -firsts[slot] - 1
        for word in range(begin, end):
            if counts[word] < 0:
                counts[word] = counts[-counts[word] - 1]


@numba.njit(cache=True)
def _shares(
    hashes: np.ndarray,
    sizes: np.ndarray,
    starts: np.ndarray,
    counts: np.ndarray,
    room: int,
    n: int,
    top: bool,  # noqa: FBT001 - kernels are called by position
    among: np.ndarray,
) -> np.ndarray:
    """Return for each text the characters of its repeated runs of n words."""
    found = np.zeros(len(starts) - 1)
    keys, times, marks = np.empty(room, np.uint64), np.empty(room, np.int64), np.zeros(room, np.int64)
    for text in range(len(found)):
        begin, end = starts[text], starts[text + 1]
        if end - begin <= n or not among[text]:
            continue
        table = keys, times, marks, text + 1, _room(end - begin) - 1
        if top and n == 1:
            for word in range(begin, end):
                if counts[word] > 1:
                    found[text] = max(found[text], counts[word] * sizes[word])
        elif top:
            found[text] = _heaviest(hashes, sizes, counts, begin, end, n, table)
        else:
            found[text] = _said_before(hashes, sizes, counts, begin, end, n, table)
    return found


@numba.njit(cache=True)
def _slot(
    hashes: np.ndarray, at: int, n: int, keys: np.ndarray, marks: np.ndarray, mark: int, mask: int
) -> tuple[np.int64, np.uint64]:
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
def _length(sizes: np.ndarray, at: int, n: int) -> int:
    length = 0
    for word in range(at, at + n):
        length += sizes[word]
    return length


@numba.njit(cache=True)
def _once(counts: np.ndarray, at: int, n: int) -> bool:
    """Tell whether a word of the run stands in the text only once."""
    for word in range(at, at + n):  # noqa: SIM110 - numba compiles no generator as fast
        if counts[word] == 1:
            return True
    return False


@numba.njit(cache=True)
def _heaviest(
    hashes: np.ndarray, sizes: np.ndarray, counts: np.ndarray, begin: int, end: int, n: int, table: Table
) -> int:
    keys, times, marks, mark, mask = table
    chars = 0
    for at in range(begin, end - n + 1):
        if _once(counts, at, n):
            continue
        slot, key = _slot(hashes, at, n, keys, marks, mark, mask)
        if marks[slot] != mark:
            marks[slot], keys[slot], times[slot] = mark, key, 1
            continue
        times[slot] += 1
        chars = max(chars, times[slot] * _length(sizes, at, n))
    return chars


@numba.njit(cache=True)
def _said_before(
    hashes: np.ndarray, sizes: np.ndarray, counts: np.ndarray, begin: int, end: int, n: int, table: Table
) -> int:
    keys, _, marks, mark, mask = table
    chars, at = 0, begin
    while at <= end - n:
        if _once(counts, at, n):
            at += 1
            continue
        slot, key = _slot(hashes, at, n, keys, marks, mark, mask)
        if marks[slot] == mark:
            chars += _length(sizes, at, n)
            at += n
        else:
            marks[slot], keys[slot] = mark, key
            at += 1
    return chars
