"""What filters count, for all texts in one compiled pass over their bytes.

Which characters and phrases count, each filter says for itself (`Seeks`); how they must follow one another is said
here. Words are what stands between spaces and line ends; lines are those that are not blank, without the spaces at
their beginning.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numba
import numpy as np
import polars as pl

from hanbok.studio.curate.dedup.folding import PLANE
from hanbok.studio.curate.dedup.kernel import decoded
from hanbok.studio.curate.dedup.signatures import buffers

MEASURES: Final = (
    "chars", "words", "lines", "jamo", "markup", "hashes", "ellipses", "broken", "bare", "ended", "phrases",
    "bullets", "cut", "line_ends", "said", "again", "said_again",
)  # fmt: skip
"""`bare` words have no letter, `ended` ones end as Korean ones do; `phrases` of the sought ones occur; `said` are the
characters of all lines, `again` the lines that were there before, `said_again` their characters.
"""
CLASSES: Final = (
    "jamo", "markup", "hash", "ellipsis", "sign", "ending", "after_ending", "mark", "line_ending", "after_line_ending",
    "after_line", "sentence_ending", "stop", "bullet", "dash", "whole", "trailing", "lost", "lead", "follow", "wide",
)  # fmt: skip
"""Classes of characters, each by its bit."""
(
    _JAMO, _MARKUP, _HASH, _ELLIPSIS, _SIGN, _ENDING, _AFTER_ENDING, _MARK, _LINE_ENDING, _AFTER_LINE_ENDING,
    _AFTER_LINE, _SENTENCE_ENDING, _STOP, _BULLET, _DASH, _WHOLE, _TRAILING, _LOST, _LEAD, _FOLLOW, _WIDE,
) = (np.uint32(1 << at) for at in range(len(CLASSES)))  # fmt: skip
_HEAD: Final = np.uint32(24)
"""From this bit on: which of the phrases' first characters it is, from 1."""
_SPACE, _LINE, _DOT, _TAB = 0x20, 0x0A, 0x2E, 0x09
_DOTS: Final = 3
_WIDE_RUN: Final = 4
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeks:
    """What a filter wants told apart: classes of characters, as in a regular expression, and phrases of one to three
    characters.
    """

    classes: Mapping[str, str] = field(default_factory=dict)
    phrases: tuple[str, ...] = ()


def bits_of(classes: Mapping[int, str]) -> np.ndarray:
    """Return for each character of the first plane the bits of the classes that it is in."""
    bits = np.zeros(PLANE, np.uint32)
    every = "".join(map(chr, range(PLANE)))
    for bit, pattern in classes.items():
        bits[[found.start() for found in re.finditer(pattern, every)]] |= np.uint32(1 << bit)
    return bits


class Measuring:
    """Measures texts for filters that seek these."""

    def __init__(self, seeks: Iterable[Seeks]) -> None:
        self._seeks = tuple(seeks)

    @cached_property
    def _tables(self) -> tuple[np.ndarray, np.ndarray]:
        """The bits of each character of the first plane, and the phrases by their first: a bit, the two that follow."""
        bits = bits_of(
            {CLASSES.index(name): one.classes[name] for one in self._seeks for name in one.classes}
        )
        phrases = [phrase for one in self._seeks for phrase in one.phrases]
        heads = sorted({phrase[0] for phrase in phrases})
        bits[[ord(head) for head in heads]] |= (np.arange(len(heads), dtype=np.uint32) + 1) << _HEAD
        most = max((sum(one[0] == head for one in phrases) for head in heads), default=0)
        tails = np.zeros((len(heads) + 1, most, 3), np.int64)
        for row, head in enumerate(heads, start=1):
            for column, at in enumerate(at for at, one in enumerate(phrases) if one[0] == head):
                tails[row, column] = [1 << at, *(ord(one) for one in phrases[at][1:].ljust(2, "\0"))]
        return bits, tails

    def measured(self, texts: pl.Series) -> tuple[pl.DataFrame, "Words"]:
        """Return the measures of each text, and its words."""
        data, offsets = buffers(texts)
        found = np.zeros((len(texts), len(MEASURES)), np.int64)
        room = np.count_nonzero(data[offsets[0] : offsets[-1]] <= _SPACE) + len(texts)
        words = Words(
            hashes=np.empty(room, np.uint64),
            sizes=np.empty(room, np.int64),
            starts=np.zeros(len(texts) + 1, np.int64),
        )
        longest = int(np.diff(offsets).max(initial=0))
        _measure(data, offsets, longest, *self._tables, found, words.hashes, words.sizes, words.starts)
        return pl.DataFrame(dict(zip(MEASURES, found.T.copy(), strict=True))), words


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of texts: what stands for each, its characters, and where each text's words begin, at last the end."""

    hashes: np.ndarray
    sizes: np.ndarray
    starts: np.ndarray


@numba.njit(cache=True)
def _measure(  # noqa: PLR0913, PLR0917 - a kernel's arrays
    data: np.ndarray,
    offsets: np.ndarray,
    longest: int,
    bits: np.ndarray,
    tails: np.ndarray,
    found: np.ndarray,
    hashes: np.ndarray,
    sizes: np.ndarray,
    starts: np.ndarray,
) -> None:
    codes, flags = np.empty(longest + 1, np.uint32), np.empty(longest + 1, np.uint32)
    lines = np.empty((longest // 2 + 2, 2), np.uint64)
    for row in range(len(offsets) - 1):
        size, every = _decoded(data, offsets[row], offsets[row + 1], bits, codes, flags)
        found[row, 0] = size
        end, bare, ended = _words(codes, flags, size, hashes, sizes, starts[row])
        starts[row + 1] = end
        found[row, 1] = max(1, end - starts[row])
        found[row, 8], found[row, 9] = bare, ended
        found[row, 3], found[row, 4], found[row, 5] = _counted(flags, size)
        if every & _ELLIPSIS:
            found[row, 6] = _ellipses(codes, flags, size)
        if every & (_LOST | _LEAD | _WIDE):
            found[row, 7] = _broken(flags, size)
        found[row, 10] = _phrases(codes, flags, size, tails)
        _lines(codes, flags, size, lines, found[row])


@numba.njit(cache=True)
def _decoded(
    data: np.ndarray, begin: int, end: int, bits: np.ndarray, codes: np.ndarray, flags: np.ndarray
) -> tuple[int, np.uint32]:
    """Fill in the characters of a text and their bits; return how many there are, and all bits that any has."""
    at, size, every = begin, 0, np.uint32(0)
    while at < end:
        code, at = decoded(data, at)
        codes[size] = code
        one = bits[code] if code < PLANE else np.uint32(0)
        flags[size] = one
        every |= one
        size += 1
    return size, every


@numba.njit(cache=True)
def _counted(flags: np.ndarray, size: int) -> tuple[int, int, int]:
    """Count what counts by itself."""
    jamo = markup = hashes = 0
    for at in range(size):
        jamo += (flags[at] & _JAMO) != 0
        markup += (flags[at] & _MARKUP) != 0
        hashes += (flags[at] & _HASH) != 0
    return jamo, markup, hashes


@numba.njit(cache=True)
def _words(
    codes: np.ndarray, flags: np.ndarray, size: int, hashes: np.ndarray, sizes: np.ndarray, into: int
) -> tuple[int, int, int]:
    """Fill in the words; return where the next ones go, how many are bare, and how many end as Korean words do."""
    bare = ended = 0
    begin, hashed, every = 0, np.uint64(0), _SIGN
    for at in range(size + 1):
        code = codes[at] if at < size else np.uint32(_SPACE)
        if code not in (_SPACE, _LINE):
            hashed = (hashed ^ np.uint64(code)) * _MIX
            hashed ^= hashed >> _SHIFT
            every &= flags[at]
            continue
        if at > begin:
            hashes[into], sizes[into] = hashed, at - begin
            into += 1
            bare += every != 0
            last = at - 1
            while last > begin and flags[last] & _AFTER_ENDING:
                last -= 1
            ended += at < size and (flags[last] & _ENDING) != 0
        begin, hashed, every = at + 1, np.uint64(0), _SIGN
    return into, bare, ended


@numba.njit(cache=True)
def _ellipses(codes: np.ndarray, flags: np.ndarray, size: int) -> int:
    """Count … and runs of three dots."""
    found = dots = 0
    for at in range(size):
        dots = dots + 1 if codes[at] == _DOT else 0
        if dots == _DOTS:
            found, dots = found + 1, 0
        elif flags[at] & _ELLIPSIS and codes[at] != _DOT:
            found += 1
    return found


@numba.njit(cache=True)
def _broken(flags: np.ndarray, size: int) -> int:
    """Count what stands for lost characters: one by itself, a lead with two to follow, four of a wider range."""
    found = at = 0
    while at < size:
        if flags[at] & _LOST:
            found, at = found + 1, at + 1
        elif flags[at] & _LEAD and at + 2 < size and flags[at + 1] & flags[at + 2] & _FOLLOW:
            found, at = found + 1, at + 3
        elif flags[at] & _WIDE and at + 3 < size and flags[at + 1] & flags[at + 2] & flags[at + 3] & _WIDE:
            found, at = found + 1, at + _WIDE_RUN
        else:
            at += 1
    return found


@numba.njit(cache=True)
def _phrases(codes: np.ndarray, flags: np.ndarray, size: int, tails: np.ndarray) -> int:
    """Count those of the phrases that occur; a character that begins none but such as were seen is passed over."""
    seen = np.int64(0)
    begun = np.zeros(len(tails), np.int64)
    for one in range(tails.shape[1]):
        begun |= tails[:, one, 0]
    codes[size] = 0
    for at in range(size):
        head = flags[at] >> _HEAD
        if begun[head] & ~seen == 0:
            continue
        for one in range(tails.shape[1]):
            second, third = tails[head, one, 1], tails[head, one, 2]
            if second and codes[at + 1] != second:
                continue
            if third and (at + 2 >= size or codes[at + 2] != third):
                continue
            seen |= tails[head, one, 0]
    count = 0
    while seen:
        seen &= seen - 1
        count += 1
    return count


@numba.njit(cache=True)
def _lines(codes: np.ndarray, flags: np.ndarray, size: int, lines: np.ndarray, found: np.ndarray) -> None:
    """Measure the lines of a text."""
    while size and codes[size - 1] in (_SPACE, _LINE):
        size -= 1
    count, end = 0, -1
    while end < size:
        begin = end + 1
        while begin < size and codes[begin] in (_SPACE, _LINE):
            begin += 1
        end, hashed = begin, np.uint64(0)
        while end < size and codes[end] != _LINE:
            hashed = (hashed ^ np.uint64(codes[end])) * _MIX
            hashed ^= hashed >> _SHIFT
            end += 1
        lines[count, 0], lines[count, 1] = hashed, end - begin
        count += 1
        found[11] += _bullet(codes, flags, begin, end)
        found[12] += _cut(codes, flags, begin, end)
        found[13] += _line_ends(codes, flags, begin, end)
        found[14] += end - begin
    found[2] = count
    if count > 1:
        found[15], found[16] = _said_again(lines, count)


@numba.njit(cache=True)
def _bullet(codes: np.ndarray, flags: np.ndarray, begin: int, end: int) -> bool:
    """Tell whether a line begins with a bullet: a sign of its own, or a dash and a space."""
    while begin < end and codes[begin] in (_SPACE, _TAB):
        begin += 1
    if begin < end and flags[begin] & _BULLET:
        return True
    return begin + 1 < end and flags[begin] & _DASH != 0 and codes[begin + 1] == _SPACE


@numba.njit(cache=True)
def _cut(codes: np.ndarray, flags: np.ndarray, begin: int, end: int) -> bool:
    """Tell whether a line trails off after what is no final ending: … or three dots, and nothing else."""
    at = end
    while at > begin and flags[at - 1] & _TRAILING:
        at -= 1
    if at > begin and flags[at - 1] & _WHOLE:
        return False
    while at < end and codes[at] == _SPACE:
        at += 1
    if at < end and codes[at] != _DOT:
        return True
    return at + 2 < end and codes[at + 1] == _DOT and codes[at + 2] == _DOT


@numba.njit(cache=True)
def _line_ends(codes: np.ndarray, flags: np.ndarray, begin: int, end: int) -> bool:
    """Tell whether a line ends like a sentence, or was cut after one."""
    last = end - 1
    while last > begin and flags[last] & _AFTER_LINE:
        last -= 1
    if last >= begin and flags[last] & _MARK:
        return True
    while last > begin and flags[last] & _AFTER_LINE_ENDING:
        last -= 1
    if last >= begin and flags[last] & _LINE_ENDING:
        return True
    for at in range(begin + 2, end):
        if codes[at] == _SPACE and flags[at - 1] & _STOP and flags[at - 2] & _SENTENCE_ENDING:
            return True
    return False


@numba.njit(cache=True)
def _said_again(lines: np.ndarray, count: int) -> tuple[int, int]:
    """Return how many lines were there before, and their characters."""
    size = 4
    while size < 2 * count:
        size *= 2
    table = np.full(size, -1, np.int64)
    again = said = 0
    for one in range(count):
        slot = np.int64((lines[one, 0] * _MIX) >> _SHIFT) & (size - 1)
        while table[slot] >= 0 and (
            lines[table[slot], 0] != lines[one, 0] or lines[table[slot], 1] != lines[one, 1]
        ):
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = one
        else:
            again += 1
            said += int(lines[one, 1])
    return again, said
