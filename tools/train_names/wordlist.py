"""Builds `lexicon.bin`: what words can be, and which words need no look at all."""
# ruff: noqa: INP001, PLR2004 - a script's modules; shares and sizes are read best where they act

import random
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from corpus import plain
from dictionary import Dictionary
from people import MODERN, PARTS

from hanbok.guard.names import lexicon as bits
from hanbok.guard.names.lexicon import Lexicon
from hanbok.guard.names.model import Tagger, Weights
from hanbok.guard.names.run import WORD
from hanbok.guard.names.sieve import Sieve
from hanbok.guard.names.words import PARTICLES

_LONGEST = 5
_ENOUGH = 3
"""Foreign names that a syllable must occur in."""
COMMON = 12_000
"""Words that the tagger starts out knowing to be no names."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How often stems, beginnings and ends of words are seen in plain text."""

    stems: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)


def usage(data: Path, chance: random.Random) -> Usage:
    """Count over the plain texts of the shared data."""
    out = Usage()
    for sentence in plain(data, 6000, chance):
        for word in WORD.findall(sentence.text):
            if len(word) > 1:
                out.words[word] += 1
            for cut in range(1, min(_LONGEST, len(word)) + 1):
                if cut == len(word) or word[cut:] in PARTICLES:
                    out.stems[word[:cut]] += 1
    return out


def word_list(words: Dictionary, seen: Usage) -> dict[str, int]:
    """Return the kinds of every word that the tagger may ask for."""
    kinds: Counter[str] = Counter()
    _mark(kinds, bits.NOUN, (one for one in words.nouns if 2 <= len(one) <= _LONGEST))
    _mark(kinds, bits.NOUN | bits.FREQUENT, (one for one in words.frequent if 2 <= len(one) <= _LONGEST))
    _mark(kinds, bits.PLACE, (one for one in words.places if 2 <= len(one) < _LONGEST))
    _mark(kinds, bits.ORGANISATION, (one for one in words.others if 2 <= len(one) < _LONGEST))
    for word, count in words.foreign.items():
        if 2 <= len(word) <= _LONGEST or (len(word) == 1 and count >= 8 and seen.stems[word] < 60):
            kinds[word] |= bits.FOREIGN if count >= 3 else bits.FOREIGN_RARE
    for word, count in words.given().items():
        if count >= 3:
            kinds[word] |= bits.GIVEN if count >= 10 else bits.GIVEN_RARE
    _mark(kinds, bits.GIVEN, MODERN)
    for word in loanwords():
        kinds[word] = bits.NOUN | bits.FREQUENT
    _mark(kinds, bits.FOREIGN, (one for one in PARTS if len(one) > 1 or seen.stems[one] < 5))
    _mark_usage(kinds, words, seen)
    _mark(kinds, bits.FOREIGN, (one for one in listed("known") if len(one) <= _LONGEST))
    for word in listed("others"):
        kinds[word] = bits.NOUN | bits.FREQUENT | bits.ORGANISATION
    return dict(kinds)


def listed(name: str) -> list[str]:
    """Return the words of one of the lists beside this script."""
    return (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8").split()


def loanwords() -> list[str]:
    """Return loan words and brands of everyday use."""
    return (Path(__file__).parent / "loanwords.txt").read_text(encoding="utf-8").split()


def _mark(kinds: Counter[str], kind: int, words: Iterable[str]) -> None:
    for word in words:
        kinds[word] |= kind


def _mark_usage(kinds: dict[str, int], words: Dictionary, seen: Usage) -> None:
    """Mark what is in everyday use, and forget that such a word was once part of a rare name."""
    given = words.given()
    for word, count in seen.stems.items():
        named = word in words.korean or (len(word) == 3 and word[1:] in given and word not in words.nouns)
        named |= len(word) > 2 and words.foreign[word] >= 5 and word not in words.frequent
        if count >= 4 and len(word) > 1 and not named:
            kinds[word] = kinds.get(word, 0) | bits.NOUN | bits.FREQUENT
    for word, kind in kinds.items():
        if len(word) > 1 and kind & bits.FREQUENT:
            used = seen.stems[word]
            lost = bits.FOREIGN_RARE
            if words.foreign[word] < 5 or used >= 40 > words.foreign[word]:
                lost |= bits.FOREIGN
            if word not in MODERN:
                lost |= bits.GIVEN_RARE
                if used >= 10 > given.get(word, 0):
                    lost |= bits.GIVEN
            kinds[word] = kind & ~lost


def pack(kinds: dict[str, int], words: Dictionary, common: Iterable[str] = ()) -> bytes:
    """Return the file: syllables of names, words in everyday use, then the table."""
    given = {name for name, count in words.given().items() if count >= 3} | set(MODERN)
    syllables = Counter(one for name in words.foreign for one in set(name))
    syllables.update({one: _ENOUGH for name in (*PARTS, *listed("known")) for one in name})
    head = (
        "".join(sorted({name[0] for name in given})),
        "".join(sorted({name[-1] for name in given} - {"님", "씨"})),
        "".join(sorted(one for one, count in syllables.items() if count >= _ENOUGH)),
        " ".join(common),
    )
    return zlib.compress("\n".join(head).encode() + b"\0" + bits.table(kinds).tobytes(), 9)


class MaskedLexicon(Lexicon):
    """A word list that can be told not to know some words."""

    hidden: frozenset[str] = frozenset()

    def kinds(self, word: str) -> int:
        return 0 if word in self.hidden else super().kinds(word)


def everyday(seen: Usage, lexicon: Lexicon, sieve: Sieve, weights: Weights) -> list[str]:
    """Return the words that are seen most, without those that the tagger would look at."""
    tagger = Tagger(lexicon, sieve, weights)
    return [
        word for word, count in seen.words.most_common() if count > 1 and word not in tagger.live([word])
    ][:COMMON]
