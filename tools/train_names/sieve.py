"""Learns the sieve: which words cannot be names, told from a few of their letters, so that most need no second look."""
# ruff: noqa: INP001, PLR2004 - a script's modules; shares and sizes are read best where they act

import math
import random
import zlib
from collections import Counter
from collections.abc import Iterable

from corpus import Sentence
from people import People

from hanbok.guard.names.run import WORD

EPOCHS, RATE, DECAY = 5, 0.3, 0.01
FEWEST, MOST = 2, 4
"""A slice that fewer words show is not learnt; a word counts at most so often."""
NAMED = 4.0
"""How much more it matters to keep a name than to drop a word."""
LEAST = 0.3
END = " "
"""Stands for the end of a word."""
DRAWN = 40_000
"""Names that are drawn beside those of the sentences."""
TAILS = (
    "",
    "",
    "",
    "",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에게",
    "과",
    "와",
    "님",
    "씨",
    "도",
    "입니다",
    "이라고",
)


def slices(word: str) -> tuple[tuple[str, str], ...]:
    """Return what the sieve sees of a word, by table."""
    return (
        ("head", word[:2]),
        ("middle", word[1:3]),
        ("tail", word[-2:]),
        ("first", word[0]),
        ("last", word[-1]),
    )


def count(
    sentences: Iterable[Sentence], plain: Counter[str], korean: set[str], people: People
) -> tuple[Counter[str], Counter[str]]:
    """Return how often words are seen as a part of a name and as none."""
    names, others = Counter[str](), Counter[str]()
    for number in range(DRAWN):
        for part in (people.stranger if number % 4 == 0 else people.korean)().split():
            names[part + people.chance.choice(TAILS)] += 1
    for sentence in sentences:
        parts = sentence.parts()
        for match in WORD.finditer(sentence.text):
            if match.start() in parts:
                names[match[0]] += 1
            elif not (sentence.silver and match[0][:3] in korean):
                others[match[0]] += 1
    for word, seen in plain.items():
        if word[:3] not in korean and word not in people.foreign_known:
            others[word] = max(others[word], seen)
    return names, others


def learn(names: Counter[str], others: Counter[str]) -> dict[tuple[str, str], float]:
    """Return weights by logistic regression with AdaGrad."""
    words = sorted(word for word in names.keys() | others.keys() if len(word) > 1)
    spread = Counter(one for word in words for one in slices(word))
    data = [
        (
            [one for one in slices(word) if spread[one] >= FEWEST],
            NAMED * min(names[word], MOST),
            min(others[word], MOST),
        )
        for word in words
    ]
    weights, squares = dict.fromkeys(spread, 0.0), dict.fromkeys(spread, 0.1)
    chance = random.Random(3)
    for _ in range(EPOCHS):
        chance.shuffle(data)
        for features, named, other in data:
            score = sum([weights[one] for one in features])
            likely = 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
            error = named * (1 - likely) - other * likely
            if abs(error) < 0.01:
                continue
            for one in features:
                squares[one] += error * error
                weights[one] += RATE * (error - DECAY * weights[one]) / math.sqrt(squares[one])
    return {one: weight for one, weight in weights.items() if abs(weight) >= LEAST}


def spell(tables: dict[str, dict[str, int]]) -> bytes:
    """Return the file that `hanbok.guard.names.sieve.read` reads, of weights by slice: see `slices`.

    What the first syllable weighs by itself is in its row, and so is what the last one does.
    """
    first, last, middle = tables["first"], tables["last"], tables["middle"]
    head = {one: {"": weight} for one, weight in first.items()}
    for (one, other), weight in tables["head"].items():
        head.setdefault(one, {"": 0})[other] = first.get(one, 0) + weight
    tail = {one: {"": weight} for one, weight in last.items()}
    for (other, one), weight in tables["tail"].items():
        tail.setdefault(one, {"": 0})[other] = last.get(one, 0) + weight
    inner: dict[str, dict[str, int]] = {}
    for pair, weight in middle.items():
        inner.setdefault(pair[0], {"": 0, END: 0})[pair[1:] or END] = weight
    text: list[str] = []
    weights = bytearray()
    for table in (head, inner, tail):
        for row in table.values():
            row[""] = row.pop("")  # what holds for all others stands last
            weights += bytes(weight + 128 for weight in row.values())
        text.append("\t".join(one + "".join(row) for one, row in table.items()))
    return zlib.compress("\n".join(text).encode() + b"\0" + weights, 9)
