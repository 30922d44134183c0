"""Trains the name tagger: `python tools/train_names/train.py DATA SYS_DIC OUT`; see docs/design/names.md.

DATA is the folder of shared data, SYS_DIC the compiled mecab-ko-dic, OUT the package `hanbok/guard/names`.
"""
# ruff: noqa: INP001, PLR2004 - a script's modules; shares and sizes are read best where they act

import argparse
import math
import random
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import corpus
import dictionary
import wordlist
from corpus import Sentence
from people import People

from hanbok.guard.names.model import SCALE
from hanbok.guard.names.tagger import WORD, Candidate, candidates, hopeless, joins, surroundings
from hanbok.guard.names.words import TITLES

SEED = 20261122
EPOCHS, AVERAGED = 6, 3
RATE, DECAY = 0.2, 0.005
FEWEST = 4
"""A feature that fewer examples show is not learnt."""
LEAST = 0.08
"""A weight that is smaller is not kept."""


class Example(NamedTuple):
    right: bool
    features: list[str]


def material(data: Path, words: dictionary.Dictionary, held_out: int) -> list[Sentence]:
    """Return all that is learnt from; `held_out` sentences of KLUE are left aside, for measuring while developing."""
    chance = random.Random(SEED)
    foreign = {
        word: count
        for word, count in sorted(words.foreign.items())
        if 2 <= len(word) <= 6 and word not in words.frequent and (count >= 2 or chance.random() < 0.15)
    }
    given = {name: count for name, count in sorted(words.given().items()) if count >= 3}
    people = People(chance, given, foreign)
    labelled = corpus.klue(data / "ner/klue_ner_train.jsonl")
    random.Random(7).shuffle(labelled)
    labelled = labelled[held_out:]
    sentences = labelled * 3
    for _ in range(3):
        sentences += [corpus.renamed(one, people) for one in labelled if one.names]
    sentences += corpus.templates(people, 6000, sorted(title for title in TITLES if len(title) > 1))
    sentences += corpus.plain(data, 1500, chance)
    sentences += corpus.wordy(_common(words, chance), 15000, chance)
    return sentences


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
    for sentence in sentences:
        text = sentence.text
        lexicon.hidden = sentence.hidden
        parts = sentence.parts()
        before, named, last = None, "", None
        for match in WORD.finditer(text):
            start, shape = match.start(), ""
            if before and (start - before.end() > 4 or "\n" in text[before.end() : start]):
                before, named = None, ""
            for one in candidates(match[0], lexicon):
                end, whole = parts.get(start, (0, 0))
                right = end == start + one.length
                if not right and (
                    hopeless(text, start, one, named, lexicon) or _unsure(sentence, match[0], one, korean)
                ):
                    continue
                if right:
                    shape = one.shape
                    if last and not last[1].rest and 0 < start - last[0] - last[1].length <= 1:
                        gap = text[last[0] + last[1].length : start]
                        yield Example(whole == last[2], joins(last[1], one, gap))
                    last = start, one, whole
                yield Example(right, [*one.features, *surroundings(text, start, one, before, named, lexicon)])
            before, named = match, shape


def _unsure(sentence: Sentence, word: str, one: Candidate, korean: set[str]) -> bool:
    return sentence.silver and word[: one.length] in korean and not one.kinds & 1


def learn(rows: Iterable[Example]) -> dict[str, float]:
    """Return weights by logistic regression with AdaGrad, averaged over the last passes."""
    ids: dict[str, int] = {}
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


def pack(weights: dict[str, float]) -> bytes:
    """Return the file: names of features, then a byte for each weight."""
    rounded = {name: max(-127, min(127, round(value * SCALE))) for name, value in weights.items()}
    kept = {
        name: value for name, value in sorted(rounded.items()) if value and not {"\x1f", "\0"} & set(name)
    }
    return zlib.compress(
        "\x1f".join(kept).encode() + b"\0" + bytes(value + 128 for value in kept.values()), 9
    )


def main() -> None:
    """Write `lexicon.bin` and `weights.bin`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("sys_dic", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held-out", type=int, default=0)
    chosen = parser.parse_args()
    words = dictionary.read(chosen.sys_dic)
    seen = wordlist.usage(chosen.data, random.Random(1))
    kinds = wordlist.word_list(words, seen)
    sentences = material(chosen.data, words, chosen.held_out)
    heads, tails = wordlist.affixes(words, seen, sentences)
    first = wordlist.MaskedLexicon(wordlist.pack(kinds, words, (heads, tails, [])))
    packed = wordlist.pack(kinds, words, (heads, tails, wordlist.outlines(sentences, first)))
    weights = learn(examples(sentences, wordlist.MaskedLexicon(packed), words.korean))
    (chosen.out / "lexicon.bin").write_bytes(packed)
    (chosen.out / "weights.bin").write_bytes(pack(weights))
    sys.stdout.write(f"{len(kinds)} words, {len(sentences)} sentences, {len(weights)} weights\n")


if __name__ == "__main__":
    main()
