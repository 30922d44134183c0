"""The sieve that most words fall through: whether a word may begin with a name, told from a few of its letters."""

from importlib.resources import files
from typing import Final, NamedTuple
from zlib import decompress

_ENOUGH: Final = -20
"""Words that weigh no more fall through."""
_ZERO: Final = 128
"""The byte that stands for the weight 0."""
_LEAST: Final = _ENOUGH + 3 * _ZERO
Row = tuple[str, bytes]
"""Syllables that may stand beside another one, and a weight for each; last, the weight of all others. A table of rows
takes a tenth of the memory of one of pairs.
"""
_NONE: Final[Row] = ("", bytes([_ZERO]))


class Sieve(NamedTuple):
    """What neighbours weigh: the first two syllables, by the first; the second and third, by the second, where a blank
    stands for the end of the word; the last two, by the last.
    """

    head: dict[str, Row]
    middle: dict[str, Row]
    tail: dict[str, Row]


def passes(word: str, sieve: Sieve) -> bool:
    """Tell whether a word of two syllables or more may begin with a name."""
    head, middle, tail = sieve
    # What is not found is at -1, where the weight of all others stands; nothing, after the end, is at 0.
    others, weights = head.get(word[0], _NONE)
    score = weights[others.find(word[1])]
    others, weights = middle.get(word[1], _NONE)
    score += weights[others.find(word[2:3])]
    others, weights = tail.get(word[-1], _NONE)
    return score + weights[others.find(word[-2])] > _LEAST


def load() -> Sieve:
    """Return the sieve of this package."""
    return read((files("hanbok.guard.names") / "sieve.bin").read_bytes())


def read(packed: bytes) -> Sieve:
    """Return the sieve of a file, as `spell` writes it."""
    text, _, weights = decompress(packed).partition(b"\0")
    at = 0
    tables: list[dict[str, Row]] = []
    for part in text.decode().split("\n"):
        table: dict[str, Row] = {}
        for row in part.split("\t"):
            table[row[0]] = row[1:], weights[at : at + len(row)]
            at += len(row)
        tables.append(table)
    return Sieve(*tables)
