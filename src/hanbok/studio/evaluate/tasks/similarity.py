"""Likeness of two sentences: the model gives a number, which should go with people's."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import bootstrap

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_HIGHEST = 5.0
_DRAWS = 400


class Similarity:
    """`spearman` and `pearson`; two models are compared by how near each number is to people's (`nearness`)."""

    words = "similar"
    chooses = False
    main = "spearman"
    paired = "nearness"

    def __init__(self, spec: TaskSpec, root: Path) -> None: ...

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        said = await desk.write(item)
        return replace(blank, turns=[said.text])

    def mark(self, item: Item, answer: Answer) -> Answer:
        found = _NUMBER.search(answer.turns[-1]) if answer.turns else None
        gold = float(item.golds[0])
        given = min(float(found[0]), _HIGHEST) if found else _HIGHEST / 2
        marks = {"gold": gold, "given": given, "nearness": 1 - abs(gold - given) / _HIGHEST if found else 0.0}
        return replace(answer, marks=marks | ({} if found else {"unread": 1.0}))

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:  # noqa: ARG002 - the contract's
        pairs = [(one.marks["gold"], one.marks["given"]) for one in answers]
        return {
            "spearman": bootstrap(pairs, spearman, _DRAWS),
            "pearson": bootstrap(pairs, pearson, _DRAWS),
        }


def pearson(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the correlation; 0 where one side does not vary."""
    n = len(pairs)
    middle = [math.fsum(pair[side] for pair in pairs) / n for side in (0, 1)]
    moved = [(one - middle[0], two - middle[1]) for one, two in pairs]
    squares = [math.fsum(pair[side] ** 2 for pair in moved) for side in (0, 1)]
    if not squares[0] or not squares[1]:
        return 0.0
    return math.fsum(one * two for one, two in moved) / math.sqrt(squares[0] * squares[1])


def spearman(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the correlation of ranks; equal values share theirs."""
    ranks = [_ranks([pair[side] for pair in pairs]) for side in (0, 1)]
    return pearson(list(zip(*ranks, strict=True)))


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + end - 1) / 2
        start = end
    return ranks
