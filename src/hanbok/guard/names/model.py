"""The trained tagger: weights, and the walk over a text."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, NamedTuple
from zlib import decompress

from hanbok.guard.names.lexicon import Lexicon, load
from hanbok.guard.names.run import WORD, Places
from hanbok.guard.names.stems import (
    SHAPES,
    SieveTables,
    Stem,
    Table,
    WordTables,
    candidates,
    full_name,
    passes,
    weigh,
)
from hanbok.guard.names.surroundings import (
    AroundTables,
    JoinTables,
    Spot,
    alone,
    hopeless,
    join,
    look_around,
    spot,
)
from hanbok.guard.names.words import SURNAMES

SCALE: Final = 20
"""Weights are stored as whole twentieths of a logit."""
_FLOOR: Final = -1.4 * SCALE
_THRESHOLD: Final = -0.6 * SCALE
_REMEMBERED: Final = 30_000
"""Words known to be no names, kept so that they need no second look."""
_LONGEST_REMEMBERED: Final = 12
_INITIAL: Final = re.compile(r" [A-Z]\.? ?|[·・]")


Shortlist = list[tuple[int, Stem]]
"""What a word could be, and what the word itself weighs."""
Live = dict[str, Shortlist]


class Weights(NamedTuple):
    """All tables: of words and surroundings by shape, and of neighbours."""

    sieve: SieveTables
    words: dict[str, WordTables]
    around: dict[str, AroundTables]
    joins: JoinTables


@dataclass(frozen=True, slots=True)
class Name:
    """A name found in a text; `shape` as in `stems.SHAPES`."""

    start: int
    end: int
    shape: str
    certainty: float


class _Part(NamedTuple):
    at: int
    stem: Stem
    score: int
    whole: bool
    """Whether nothing follows the stem in its word."""

    @property
    def end(self) -> int:
        return self.at + self.stem.length


class Tagger:
    """Finds names; remembers which words need no second look. Safe to share between threads."""

    def __init__(self, lexicon: Lexicon, weights: Weights) -> None:
        self.lexicon, self._weights = lexicon, weights
        self._plain = set(self.lexicon.common)
        self._singles = {
            one: shortlist for one in (*SURNAMES, *lexicon.singles) if (shortlist := self.shortlist(one))
        }

    @classmethod
    def load(cls) -> "Tagger":
        """Return the tagger of this package."""
        return cls(load(), read_weights((files("hanbok.guard.names") / "weights.bin").read_bytes()))

    def find(self, text: str, words: Sequence[str], wanted: Iterable[int], live: Live) -> Iterator[Name]:
        """Yield the names among the `wanted` words of the text, which `live` tells more of, from left to right."""
        name: list[_Part] = []
        for part in self._parts(text, words, wanted, live):
            if name and self._one_name(text, name[-1], part):
                name.append(part)
                continue
            yield from _whole(name)
            name = [part]
        yield from _whole(name)

    def judge(self, before: str, name: str, after: str) -> float:
        """Return how certain it is that `name`, which begins a word, is a full name; 0: it is none."""
        text = before + name + after
        words, index = WORD.findall(text), len(WORD.findall(before))
        reading, one = full_name(words[index], len(name), self.lexicon)
        score = weigh(reading, one, self._weights.words[one.shape])
        where = spot(text, len(before), words, index, "")
        score += look_around(where, one, self._weights.around[one.shape], self.lexicon)
        return _certainty(score) if score > _THRESHOLD else 0.0

    def live(self, words: Iterable[str]) -> Live:
        """Return what these words could be, without those that are no names."""
        plain, singles, sieve = self._plain, self._singles, self._weights.sieve
        live: Live = {}
        for word in words:
            shortlist: Shortlist | None = None
            if len(word) == 1:
                shortlist = singles.get(word)
            elif passes(word, sieve):
                shortlist = self.shortlist(word)
            if shortlist:
                # A word that may be a name is remembered within one text only: names of people do not stay in memory.
                live[word] = shortlist
            elif len(word) <= _LONGEST_REMEMBERED:
                plain.add(word)
        if len(plain) > _REMEMBERED:
            plain.clear()
            plain.update(self.lexicon.common)
        return live

    def unknown(self, words: set[str]) -> set[str]:
        """Return the words that are not known to be no names."""
        return words.difference(self._plain)

    def shortlist(self, word: str) -> Shortlist:
        """Return what this word could be, wherever it stands."""
        tables = self._weights.words
        reading, found = candidates(word, self.lexicon)
        shortlist: Shortlist = []
        for one in found:
            score = weigh(reading, one, tables[one.shape])
            if score > _FLOOR:
                shortlist.append((score, one))
        return shortlist

    def _parts(self, text: str, words: Sequence[str], wanted: Iterable[int], live: Live) -> Iterator[_Part]:
        lexicon, final = self.lexicon, len(words) - 1
        places = Places(text, words)
        last, named = -1, ""
        for index in wanted:
            word = words[index]
            shortlist = live.get(word)
            if not shortlist:
                continue
            if index != last + 1:
                named = ""
            if len(word) == 1 and alone(word, words[index + 1] if index < final else "", named, lexicon):
                continue
            where = spot(text, places.start(index), words, index, named)
            part = self._best(where, shortlist)
            named = ""
            if part:
                last, named = index, part.stem.shape
                yield part

    def _best(self, where: Spot, shortlist: Shortlist) -> _Part | None:
        tables, lexicon = self._weights.around, self.lexicon
        best = None
        highest = _THRESHOLD
        for score, one in shortlist:
            if hopeless(where, one, lexicon):
                continue
            total = score + look_around(where, one, tables[one.shape], lexicon)
            if total > highest:
                highest = total
                best = _Part(where.start, one, total, one.length == len(where.word))
        return best

    def _one_name(self, text: str, left: _Part, right: _Part) -> bool:
        if not left.whole:
            return False
        gap = text[left.end : right.at]
        if len(gap) <= 1:
            return join(left.stem, right.stem, gap, self._weights.joins) > 0
        return _INITIAL.fullmatch(gap) is not None


def _whole(parts: list[_Part]) -> Iterator[Name]:
    if not parts or all(part.stem.length == 1 and part.stem.shape == "F" for part in parts):
        return
    if len(parts) > 1 and all(part.stem.length == 1 for part in parts):
        return
    score = max(part.score for part in parts)
    yield Name(parts[0].at, parts[-1].end, parts[0].stem.shape, _certainty(score))


def _certainty(score: int) -> float:
    return 1 / (1 + math.exp(-score / SCALE))


def arrange(table: Callable[[str], Table]) -> Weights:
    """Ask for every table by its name and put them together."""

    def named(fields: Iterable[str], group: str) -> list[Table]:
        return [table(f"{group}.{field}") for field in fields]

    around = {group: AroundTables(*named(AroundTables._fields, f"around.{group}")) for group in "SKF"}
    return Weights(
        SieveTables(*named(SieveTables._fields, "sieve")),
        {shape: WordTables(*named(WordTables._fields, f"word.{shape}")) for shape in SHAPES},
        {shape: around[shape if shape in around else "K"] for shape in SHAPES},
        JoinTables(*named(JoinTables._fields, "join")),
    )


def read_weights(packed: bytes) -> Weights:
    """Return the tables of a file: tables apart by RS, a name and its keys by US, then a byte for each weight."""
    text, _, values = decompress(packed).partition(b"\0")
    tables: dict[str, dict[int | str, int]] = {}
    pool: dict[str, str] = {}  # the same syllables are keys of several tables
    at = 0
    for line in text.decode().split("\x1e"):
        name, *keys = line.split("\x1f")
        numbers = (value - 128 for value in values[at : at + len(keys)])
        own = map(int, keys) if name.endswith("_") else (pool.setdefault(key, key) for key in keys)
        tables[name] = dict(zip(own, numbers, strict=True))
        at += len(keys)
    return arrange(lambda name: tables.get(name, {}).get)
