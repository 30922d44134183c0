"""The trained tagger: weights, and the walk over a text."""

import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Final, NamedTuple
from zlib import decompress

from hanbok.guard.names.lexicon import PERSONAL, Lexicon, load
from hanbok.guard.names.notation import Apart
from hanbok.guard.names.run import Places
from hanbok.guard.names.sieve import Sieve, passes
from hanbok.guard.names.sieve import load as load_sieve
from hanbok.guard.names.stems import (
    SHAPES,
    Stem,
    Table,
    WordTables,
    candidates,
    full_name,
    like_name,
    no_noun,
    weigh,
)
from hanbok.guard.names.surroundings import (
    FORMER,
    AroundTables,
    JoinTables,
    Spot,
    after,
    alone,
    before,
    hopeless,
    join,
    look_around,
    spot,
)
from hanbok.guard.names.words import COMMON_SURNAMES

SCALE: Final = 20
"""Weights are stored as whole twentieths of a logit."""
_FLOOR: Final = -2.5 * SCALE
_FLOOR_UNLISTED: Final = -1.4 * SCALE
"""A stem that weighs no more by itself is dropped; one that no list knows as a name must weigh more."""
_THRESHOLD: Final = -0.2 * SCALE
_FOREIGN_THRESHOLD: Final = -1.1 * SCALE
"""What a name must weigh at least; Korean names more, because more words look like them."""
_REMEMBERED: Final = 19_000
"""Words known to be no names, kept so that they need no second look. A set of more takes four times the memory."""
_LONGEST_REMEMBERED: Final = 12
_MOST_PARTS: Final = 6
"""No name has more words."""
_INITIAL: Final = re.compile(r" [A-Z]\.? ?|[·・]")


Shortlist = list[tuple[int, Stem]]
"""What a word could be, and what the word itself weighs."""
Live = dict[str, Shortlist]
Weighed = dict[tuple[str, int], tuple[int, Stem]]
"""What a word weighs whose first so many syllables are a full name, and that name."""


class Weights(NamedTuple):
    """All tables: of words and surroundings by shape, and of neighbours."""

    words: dict[str, WordTables]
    around: dict[str, AroundTables]
    joins: JoinTables


class Name(NamedTuple):
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

    def __init__(self, lexicon: Lexicon, sieve: Sieve, weights: Weights) -> None:
        self.lexicon, self._sieve, self._weights = lexicon, sieve, weights
        self._plain = set(self.lexicon.common)
        self._singles = {
            one: shortlist
            for one in (*COMMON_SURNAMES, *lexicon.singles)
            if (shortlist := self.shortlist(one))
        }

    @classmethod
    def load(cls) -> "Tagger":
        """Return the tagger of this package."""
        return cls(
            load(), load_sieve(), read_weights((files("hanbok.guard.names") / "weights.bin").read_bytes())
        )

    def find(self, text: str, words: Sequence[str], wanted: Iterable[int], live: Live) -> Iterator[Name]:
        """Yield the names among the `wanted` words of the text, which `live` tells more of, from left to right."""
        name: list[_Part] = []
        for part in self._parts(text, words, wanted, live):
            if name and len(name) < _MOST_PARTS and self._one_name(text, name[-1], part):
                name.append(part)
                continue
            yield from _whole(name)
            name = [part]
        yield from _whole(name)

    def judge(self, text: str, words: Sequence[str], weighed: Weighed, apart: Apart) -> float:
        """Return how certain it is that syllables apart are a full name; 0: they are none.

        `weighed` keeps what words weigh that come again in this text.
        """
        first, last = words[apart.first], words[apart.last]
        size = len(apart.name)
        rest = last[size - len(first) if apart.last == apart.first + 1 else 1 :]
        word, end = apart.name + rest, apart.end + len(rest)
        known = weighed.get((word, size))
        if known is None:
            reading, one = full_name(word, size, self.lexicon)
            known = weighed[word, size] = weigh(reading, one, self._weights.words[one.shape]), one
        score, one = known
        previous, gap = before(text, apart.start, words, apart.first)
        following = after(text, end, words, apart.last)
        where = Spot(text, apart.start, end, word, previous, gap, following, "")
        score += look_around(where, one, self._weights.around[one.shape], self.lexicon)
        return _certainty(score) if score > _THRESHOLD else 0.0

    def live(self, words: Iterable[str]) -> Live:
        """Return what these words could be, without those that are no names."""
        plain, singles, sieve, lexicon = self._plain, self._singles, self._sieve, self.lexicon
        live: Live = {}
        for word in words:
            shortlist: Shortlist | None = None
            if len(word) == 1:
                shortlist = singles.get(word)
            elif passes(word, sieve):
                shortlist = self.shortlist(word)
            if shortlist:
                live[word] = shortlist
            elif not (len(word) > _LONGEST_REMEMBERED or like_name(word, lexicon) or no_noun(word, lexicon)):
                # Names of people do not stay in memory, nor does what looks like one.
                plain.add(word)
        if len(plain) > _REMEMBERED:
            plain.clear()
            plain.update(lexicon.common)
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
            listed = (reading.given if one.shape == "K" else one.kinds) & PERSONAL
            if score > (_FLOOR if listed else _FLOOR_UNLISTED):
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
            if len(word) == 1:
                ahead = index + 2 if index + 1 < final and words[index + 1] == FORMER else index + 1
                if alone(word, words[ahead] if ahead <= final else "", named, lexicon) or _among_singles(
                    words, index
                ):
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
        highest = -math.inf
        for score, one in shortlist:
            if hopeless(where, one, lexicon):
                continue
            total = score + look_around(where, one, tables[one.shape], lexicon)
            if total > highest and total > (_FOREIGN_THRESHOLD if one.shape == "F" else _THRESHOLD):
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


def _among_singles(words: Sequence[str], index: int) -> bool:
    """Tell whether a word of one syllable stands amid others: a name of several has a longer part near by."""
    near = words[index - 2 : index + 4] if index > 1 else ()
    return index > 1 and len("".join(near)) == len(near)


def _whole(parts: list[_Part]) -> Iterator[Name]:
    if not parts:
        return
    first, last = parts[0], parts[-1]
    single = first.stem.length == 1 and all(part.stem.length == 1 for part in parts)
    if single and (len(parts) > 1 or first.stem.shape == "F"):
        return
    score = first.score if len(parts) == 1 else max(part.score for part in parts)
    yield Name(first.at, last.end, first.stem.shape, _certainty(score))


def _certainty(score: int) -> float:
    return 1 / (1 + math.exp(-score / SCALE))


def arrange(table: Callable[[str], Table]) -> Weights:
    """Ask for every table by its name and put them together."""

    def named(fields: Iterable[str], group: str) -> list[Table]:
        return [table(f"{group}.{field}") for field in fields]

    around = {group: AroundTables(*named(AroundTables._fields, f"around.{group}")) for group in "SKF"}
    return Weights(
        {shape: WordTables(*named(WordTables._fields, f"word.{shape}")) for shape in SHAPES},
        {shape: around[shape if shape in around else "K"] for shape in SHAPES},
        JoinTables(*named(JoinTables._fields, "join")),
    )


def read_weights(packed: bytes) -> Weights:
    """Return the tables of a file, as `tools/train_names` spells them: all keys, which of them each table has, and a
    byte for each weight.

    Each text and each number is made once and shared: the tables stay loaded for as long as a server runs.
    """
    head, _, rest = decompress(packed).partition(b"\0")
    texts, sizes = (part.split("\x1f") for part in head.decode().split("\x1e"))
    named = [one.split("=") for one in sizes]
    total = sum(int(size) for _, size in named)
    keys = array("I", rest[: total * array("I").itemsize])
    weights = [value - 128 for value in range(256)]
    values = rest[total * keys.itemsize :]
    tables: dict[str, dict[int | str, int]] = {}
    at = 0
    for name, size in named:
        end = at + int(size)
        own = keys[at:end] if name.endswith("_") else map(texts.__getitem__, keys[at:end])
        tables[name] = dict(zip(own, map(weights.__getitem__, values[at:end]), strict=True))
        at = end
    return arrange(lambda name: tables.get(name, {}).get)
