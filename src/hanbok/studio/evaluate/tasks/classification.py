"""Classification: one of the classes of the task. A row with several right ones is right with any."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.errors import SuiteInvalid
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import average, bootstrap

_DRAWS = 400


class Classification:
    """`accuracy` and `macro_f1`, the mean of F1 over the classes that occur."""

    words = "classes"
    chooses = True
    main = "macro_f1"
    paired = "accuracy"

    def __init__(self, spec: TaskSpec, root: Path) -> None:  # noqa: ARG002 - the contract's
        if len(spec.labels) < 2 or len(set(spec.labels)) != len(spec.labels):  # noqa: PLR2004 - a choice
            raise SuiteInvalid(path=spec.name, why="labels: two at least, each once")
        if spec.names and len(spec.names) != len(spec.labels):
            raise SuiteInvalid(path=spec.name, why="names: one for each label")
        self._labels = spec.labels
        self._names = spec.names or spec.labels

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        chosen = await desk.choose(item, self._names, self._names)
        turns = [chosen.text] if chosen.text else []
        return replace(blank, choice=chosen.choice, weights=list(chosen.weights), turns=turns)

    def mark(self, item: Item, answer: Answer) -> Answer:
        given = self._labels[answer.choice] if answer.choice is not None else ""
        right = given in item.golds
        marks = {"accuracy": float(right)} | ({} if given else {"unread": 1.0})
        return replace(answer, marks=marks, labels=(given if right else item.golds[0], given))

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:  # noqa: ARG002 - the contract's
        pairs = [one.labels for one in answers if one.labels is not None]
        return {
            "macro_f1": bootstrap(pairs, macro_f1, _DRAWS),
            "accuracy": average([one.marks["accuracy"] for one in answers]),
        }


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean over the right classes, and over those given that are wrong."""
    seen = Counter(pairs)
    right: Counter[str] = Counter()
    gold: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for (true, said), count in seen.items():
        gold[true] += count
        given[said] += count
        if true == said:
            right[true] += count
    classes = (gold.keys() | given.keys()) - {""}
    if not classes:
        return 0.0
    # An exact sum: the order of a set is another one in each process.
    return math.fsum(2 * right[one] / (gold[one] + given[one]) for one in classes) / len(classes)
