"""Trains the name tagger: `python tools/train_names/train.py DATA SYS_DIC`; see docs/design/names.md."""

import argparse
import json
import math
import random
import re
import sys
import zlib
from array import array
from collections import Counter, defaultdict
from pathlib import Path
from zlib import crc32

sys.path.insert(0, str(Path(__file__).parent))
import corpus
import dictionary
from people import MODERN, People

from hanbok.guard.names import lexicon as bits
from hanbok.guard.names.lexicon import Lexicon
from hanbok.guard.names.tagger import WORD, candidates, joins, surroundings
from hanbok.guard.names.words import PARTICLES, TITLES

SEED = 20261122


def word_list(words: dictionary.Dictionary, data: Path, chance: random.Random) -> dict[str, int]:
    kinds: defaultdict[str, int] = defaultdict(int)
    for word in words.nouns:
        if 2 <= len(word) <= 3 or len(word) == 4 and word in words.frequent:
            kinds[word] |= bits.NOUN
    for word in words.frequent:
        if 2 <= len(word) <= 5:
            kinds[word] |= bits.NOUN | bits.FREQUENT
    for group, bit in ((words.places, bits.PLACE), (words.others, bits.ORGANISATION)):
        for word in group:
            if 2 <= len(word) <= 4:
                kinds[word] |= bit
    for word, count in words.foreign.items():
        if 2 <= len(word) <= 5 or len(word) == 1 and count >= 8:
            kinds[word] |= bits.FOREIGN if count >= 3 else bits.FOREIGN_RARE
    for word, count in words.given().items():
        if count >= 3:
            kinds[word] |= bits.GIVEN if count >= 10 else bits.GIVEN_RARE
    for word in MODERN:
        kinds[word] |= bits.GIVEN
    seen: Counter[str] = Counter()
    for sentence in corpus.plain(data, 6000, chance):
        for word in WORD.findall(sentence.text):
            for cut in range(2, min(5, len(word)) + 1):
                if cut == len(word) or word[cut:] in PARTICLES:
                    seen[word[:cut]] += 1
    known_people = words.korean
    for word, count in seen.items():
        if count >= 4 and word not in known_people:
            kinds[word] |= bits.NOUN | bits.FREQUENT
    return kinds


def pack(kinds: dict[str, int], words: dictionary.Dictionary) -> bytes:
    given = {name for name, count in words.given().items() if count >= 3} | set(MODERN)
    syllables = Counter(one for name in words.foreign for one in set(name))
    head = (
        "".join(sorted({name[0] for name in given})),
        "".join(sorted({name[-1] for name in given})),
        "".join(sorted(one for one, count in syllables.items() if count >= 3)),
    )
    pairs = sorted({crc32(word.encode()): kind for word, kind in kinds.items()}.items())
    keys = array("I", [key for key, _ in pairs]).tobytes()
    return zlib.compress("\n".join(head).encode() + b"\0" + keys + bytes(kind for _, kind in pairs), 9)


class Masked:
    """A word list that does not know some words."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon, self.hidden, self.memo = lexicon, frozenset(), {}
        self.first, self.last, self.foreign = lexicon.first, lexicon.last, lexicon.foreign

    def kinds(self, word: str) -> int:
        if word in self.hidden:
            return 0
        if word not in self.memo:
            self.memo[word] = self.lexicon.kinds(word)
        return self.memo[word]


def examples(sentences, lexicon: Masked, korean: set[str]):
    for sentence in sentences:
        text = sentence.text
        lexicon.hidden = sentence.hidden
        gold = {}
        for start, end in sentence.names:
            for word in re.finditer("[가-힣]+", text[start:end]):
                gold[start + word.start()] = start + word.end()
        before, named = None, ""
        last = None
        inside = {start + w.start(): start for start, end in sentence.names for w in re.finditer("[가-힣]+", text[start:end])}
        for match in WORD.finditer(text):
            shape = ""
            if before and "\n" in text[before.end():match.start()]:
                before, named = None, ""
            for one in candidates(match[0], lexicon):
                start = match.start()
                right = gold.get(start) == start + one.length
                if right:
                    shape = one.shape
                    if last and not last[1].rest and 0 < start - last[0] - last[1].length <= 1:
                        yield inside[start] == inside[last[0]], joins(last[1], one, text[last[0] + last[1].length : start]), ()
                    last = start, one
                if sentence.silver and match[0][:one.length] in korean and not lexicon.kinds(match[0][:one.length]) & 1:
                    continue
                yield right, one.features, surroundings(text, start, one, before, named, lexicon)
            before, named = match, shape


def train(rows, epochs=5, rate=0.25, l2=1e-6):
    names = {}
    data = []
    count = Counter()
    for right, a, b in rows:
        ids = []
        for f in (*a, *b):
            i = names.setdefault(f, len(names))
            ids.append(i); count[i] += 1
        data.append((right, ids))
    keep = [count[i] >= 3 for i in range(len(names))]
    data = [(r, [i for i in ids if keep[i]]) for r, ids in data]
    w = [0.0] * len(names); g = [1e-2] * len(names)
    chance = random.Random(SEED)
    for epoch in range(epochs):
        chance.shuffle(data)
        loss = 0.0
        for right, ids in data:
            s = 0.0
            for i in ids: s += w[i]
            p = 1 / (1 + math.exp(-max(-30, min(30, s))))
            d = (1.0 if right else 0.0) - p
            loss -= math.log(max(1e-9, p if right else 1 - p))
            if abs(d) < 0.003: continue
            for i in ids:
                g[i] += d * d
                w[i] += rate * d / math.sqrt(g[i])
        print(epoch, len(data), loss / len(data), file=sys.stderr)
    return {f: w[i] for f, i in names.items() if keep[i] and abs(w[i]) > 0.08}


def pack_weights(weights: dict[str, float], scale: int = 20) -> bytes:
    rounded = {name: max(-127, min(127, round(value * scale))) for name, value in weights.items()}
    kept = {name: value for name, value in sorted(rounded.items()) if value and "\x1f" not in name and "\0" not in name}
    return zlib.compress("\x1f".join(kept).encode() + b"\0" + bytes(value + 128 for value in kept.values()), 9)
