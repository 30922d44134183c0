"""In which order rows are learned, and how they are laid side by side."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch

from hanbok.studio.tune.examples import Example
from hanbok.studio.tune.plan import TunePlan

_POOL: Final = 8
"""Batches that are sorted by length together: rows of like length waste little padding, and chance still mixes them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`ids` are padded on the right, where a causal model never looks back from. `rows` are the places, in the
    flattened hidden states, that predict `targets`; `owner` says which row of the batch each belongs to.
    """

    ids: torch.Tensor
    rows: torch.Tensor
    targets: torch.Tensor
    owner: torch.Tensor
    tokens: int


class Order:
    """Which rows each step learns: a pure function of the seed, so that a run can go on at any step."""

    def __init__(self, lengths: Sequence[int], plan: TunePlan) -> None:
        self._lengths, self._plan = lengths, plan
        self.per_epoch = math.ceil(len(lengths) / plan.batch)
        self.steps = plan.steps or max(1, round(self.per_epoch * plan.epochs))
        self._epoch = -1
        self._batches: list[list[int]] = []

    def of(self, step: int) -> list[int]:
        """Return the rows of a step, the longest first."""
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._shuffled(epoch)
        return self._batches[place]

    def tokens(self) -> int:
        """Return how many tokens all steps take together, padding not counted."""
        return sum(self._lengths[row] for step in range(self.steps) for row in self.of(step))

    def _shuffled(self, epoch: int) -> list[list[int]]:
        chance = random.Random(f"{self._plan.seed}/{epoch}")
        rows = list(range(len(self._lengths)))
        chance.shuffle(rows)
        size, batches = self._plan.batch, []
        for at in range(0, len(rows), size * _POOL):
            pool = sorted(rows[at : at + size * _POOL], key=lambda row: -self._lengths[row])
            batches += [pool[place : place + size] for place in range(0, len(pool), size)]
        chance.shuffle(batches)
        return batches


def in_parts(lengths: Sequence[int], most: int) -> list[slice]:
    """Cut rows, sorted by falling length, so that no part holds more than `most` tokens with its padding."""
    parts, start = [], 0
    for at in range(1, len(lengths) + 1):
        if at == len(lengths) or (at + 1 - start) * lengths[start] > most:
            parts.append(slice(start, at))
            start = at
    return parts


def lay(examples: Sequence[Example], pad: int) -> Batch:
    """Lay rows side by side."""
    width = max(len(one.ids) for one in examples)
    ids = torch.full((len(examples), width), pad, dtype=torch.long)
    rows: list[int] = []
    targets: list[int] = []
    owner: list[int] = []
    for at, one in enumerate(examples):
        ids[at, : len(one.ids)] = torch.tensor(one.ids)
        rows += [at * width + place - 1 for place in one.learn]
        targets += [one.ids[place] for place in one.learn]
        owner += [at] * len(one.learn)
    return Batch(
        ids=ids,
        rows=torch.tensor(rows, dtype=torch.long),
        targets=torch.tensor(targets, dtype=torch.long),
        owner=torch.tensor(owner, dtype=torch.long),
        tokens=sum(len(one.ids) for one in examples),
    )
