"""Trains the name tagger: `python tools/train_names/train.py DATA SYS_DIC OUT`; see docs/design/names.md.

DATA is the folder of shared data, SYS_DIC the compiled mecab-ko-dic, OUT the package `hanbok/guard/names`.
"""
# ruff: noqa: INP001, PLR2004 - a script's modules; shares and sizes are read best where they act

import argparse
import math
import random
import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import corpus
import dictionary
import sieve
import wordlist
from corpus import Sentence
from people import People

from hanbok.guard.names.model import SCALE, arrange, read_weights
from hanbok.guard.names.run import WORD
from hanbok.guard.names.sieve import read as read_sieve
from hanbok.guard.names.stems import Stem, Table, candidates, weigh
from hanbok.guard.names.surroundings import hopeless, join, look_around, spot
from hanbok.guard.names.words import NOTHING, TITLES

SEED = 20261122
EPOCHS, AVERAGED = 7, 4
RATE, DECAY = 0.2, 0.008
FEWEST = 4
"""A feature that fewer examples show is not learnt."""
LEAST = 0.08
"""A weight that is smaller is not kept."""


Feature = tuple[str, int | str]
"""A table and the value that it is asked for."""


class Example(NamedTuple):
    right: bool
    features: list[Feature]


class Notes:
    """Stands for all tables of weights: writes down what they are asked."""

    def __init__(self) -> None:
        self.asked: list[Feature] = []
        self.tables = arrange(self._table)

    def _table(self, name: str) -> Table:
        def note(value: int | str, default: int) -> int:
            self.asked.append((name, value))
            return default

        return note

    def taken(self) -> list[Feature]:
        asked, self.asked = self.asked, []
        return asked


def crowd(words: dictionary.Dictionary, chance: random.Random) -> People:
    """Return the supply of names."""
    foreign = {
        word: count
        for word, count in sorted(words.foreign.items())
        if 2 <= len(word) <= 6 and word not in words.frequent and (count >= 2 or chance.random() < 0.15)
    }
    foreign |= {word: max(foreign.get(word, 0), 6) for word in wordlist.listed("known")}
    given = {name: count for name, count in sorted(words.given().items()) if count >= 3}
    return People(chance, given, foreign)


def material(data: Path, words: dictionary.Dictionary, people: People, held_out: int) -> list[Sentence]:
    """Return all that is learnt from; `held_out` sentences of KLUE are left aside, for measuring while developing."""
    chance = people.chance
    labelled = corpus.klue(data / "ner/klue_ner_train.jsonl")
    random.Random(7).shuffle(labelled)
    labelled = labelled[held_out:]
    sentences = labelled * 3
    for _ in range(3):
        sentences += [corpus.renamed(one, people) for one in labelled if one.names]
    sentences += corpus.templates(people, 12000, sorted(title for title in TITLES if len(title) > 1))
    sentences += corpus.plain(data, 1500, chance)
    sentences += corpus.wordy(_common(words, chance), 15000, chance)
    sentences += corpus.wordy([one for one in wordlist.loanwords() if len(one) > 1], 6000, chance)
    sentences += corpus.wordy([one for one in wordlist.listed("others") if len(one) > 1], 2000, chance)
    return sentences


def _well_known(words: dictionary.Dictionary) -> set[str]:
    """Return parts of foreign names that plain text is likely to mean when it shows them (`트럼프`)."""
    return {word for word, count in words.foreign.items() if len(word) == 3 and count >= 5}


def _common(words: dictionary.Dictionary, chance: random.Random) -> list[str]:
    """Return words that are no names."""
    drawn = set(words.frequent & words.nouns)
    for group, count in ((words.nouns, 30000), (words.places, 12000), (words.others, 15000)):
        drawn.update(chance.sample(sorted(group), count))
    return sorted(
        word
        for word in drawn
        if 2 <= len(word) <= 6 and word not in words.korean and word not in words.foreign
    )


def examples(
    sentences: Iterable[Sentence], lexicon: wordlist.MaskedLexicon, korean: set[str]
) -> Iterator[Example]:
    """Yield every candidate with what is true of it, and every pair of neighbours that may be one name."""
    notes = Notes()
    tables = notes.tables
    for sentence in sentences:
        text = sentence.text
        lexicon.hidden = sentence.hidden
        parts = sentence.parts()
        named, last = "", None
        found = list(WORD.finditer(text))
        words = [match[0] for match in found]
        for index, match in enumerate(found):
            start, word, shape = match.start(), match[0], ""
            where = spot(text, start, words, index, named)
            reading, found_here = candidates(word, lexicon)
            for one in found_here:
                end, whole = parts.get(start, (0, 0))
                right = end == start + one.length
                if not right and (hopeless(where, one, lexicon) or _unsure(sentence, word, one, korean)):
                    continue
                if right:
                    shape = one.shape
                    if last and last[1].suffix == NOTHING and 0 < start - last[0] - last[1].length <= 1:
                        join(last[1], one, text[last[0] + last[1].length : start], tables.joins)
                        yield Example(whole == last[2], notes.taken())
                    last = start, one, whole
                weigh(reading, one, tables.words[one.shape])
                look_around(where, one, tables.around[one.shape], lexicon)
                yield Example(right, notes.taken())
            named = shape


def _unsure(sentence: Sentence, word: str, one: Stem, korean: set[str]) -> bool:
    return sentence.silver and word[: one.length] in korean and not one.kinds & 1


def learn(rows: Iterable[Example]) -> dict[Feature, float]:
    """Return weights by logistic regression with AdaGrad, averaged over the last passes."""
    ids: dict[Feature, int] = {}
    data = [(right, [ids.setdefault(feature, len(ids)) for feature in features]) for right, features in rows]
    count = Counter(one for _, features in data for one in features)
    data = [(right, [one for one in features if count[one] >= FEWEST]) for right, features in data]
    weights, squares, total = [0.0] * len(ids), [0.01] * len(ids), [0.0] * len(ids)
    chance = random.Random(SEED)
    for number in range(EPOCHS):
        chance.shuffle(data)
        for right, features in data:
            score = sum([weights[one] for one in features])
            error = right - 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
            if abs(error) < 0.003:
                continue
            for one in features:
                squares[one] += error * error
                weights[one] += RATE * (error - DECAY * weights[one]) / math.sqrt(squares[one])
        if number >= EPOCHS - AVERAGED:
            total = [a + b / AVERAGED for a, b in zip(total, weights, strict=True)]
    return {feature: total[one] for feature, one in ids.items() if abs(total[one]) >= LEAST}


def rounded(weights: dict[Feature, float]) -> dict[str, dict[str, int]]:
    """Return the weights as they are kept, by table."""
    tables: dict[str, dict[str, int]] = {}
    for (table, value), weight in sorted(weights.items(), key=lambda one: (one[0][0], str(one[0][1]))):
        kept = max(-127, min(127, round(weight * SCALE)))
        if kept and not {"\0", "\x1e", "\x1f"} & set(str(value)):
            tables.setdefault(table, {})[str(value)] = kept
    return tables


def spell(tables: dict[str, dict[str, int]]) -> bytes:
    """Return the file that `read_weights` reads: every key once, in front; of each table its name and size, then which
    keys, then a byte for each weight.
    """
    texts = sorted({key for name, table in tables.items() if not name.endswith("_") for key in table})
    place = {key: number for number, key in enumerate(texts)}
    sizes = "\x1f".join(f"{name}={len(table)}" for name, table in tables.items())
    keys = array(
        "I",
        (int(key) if name.endswith("_") else place[key] for name, table in tables.items() for key in table),
    )
    values = bytes(value + 128 for table in tables.values() for value in table.values())
    head = "\x1f".join(texts) + "\x1e" + sizes
    return zlib.compress(head.encode() + b"\0" + keys.tobytes() + values, 9)


def main() -> None:
    """Write `lexicon.bin`, `sieve.bin` and `weights.bin`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("sys_dic", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held-out", type=int, default=0)
    chosen = parser.parse_args()
    words = dictionary.read(chosen.sys_dic)
    seen = wordlist.usage(chosen.data, random.Random(1))
    kinds = wordlist.word_list(words, seen)
    people = crowd(words, random.Random(SEED))
    sentences = material(chosen.data, words, people, chosen.held_out)
    counts = sieve.count(sentences, seen.words, words.korean | _well_known(words), people)
    sieved = sieve.spell(rounded(dict(sieve.learn(*counts))))
    lexicon = wordlist.MaskedLexicon(wordlist.pack(kinds, words))
    weights = spell(rounded(learn(examples(sentences, lexicon, words.korean))))
    lexicon.hidden = frozenset()
    common = wordlist.everyday(seen, lexicon, read_sieve(sieved), read_weights(weights))
    (chosen.out / "lexicon.bin").write_bytes(wordlist.pack(kinds, words, common))
    (chosen.out / "sieve.bin").write_bytes(sieved)
    (chosen.out / "weights.bin").write_bytes(weights)
    sys.stdout.write(f"{len(kinds)} words, {len(sentences)} sentences, {len(weights)} bytes of weights\n")


if __name__ == "__main__":
    main()
