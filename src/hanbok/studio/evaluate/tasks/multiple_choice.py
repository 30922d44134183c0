"""Multiple choice: one of the choices is right."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.prompting import LETTERS
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import average


class MultipleChoice:
    """`acc`; of whole texts by likelihood also `acc_norm`, where a longer choice is not less likely for its length."""

    chooses = True
    main = "acc"
    paired = "acc"

    def __init__(self, spec: TaskSpec, root: Path) -> None:  # noqa: ARG002 - the contract's
        self.words = "bare" if spec.by == "text" else "choices"
        self._labels = spec.labels or LETTERS
        self._by_text = spec.by == "text"

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        if len(item.choices) < 2:  # noqa: PLR2004 - with one there is nothing to choose
            return replace(blank, refused="choices")
        labels = self._labels[: len(item.choices)]
        chosen = await desk.choose(item, labels, item.choices)
        turns = [chosen.text] if chosen.text else []
        return replace(blank, choice=chosen.choice, weights=list(chosen.weights), turns=turns)

    def mark(self, item: Item, answer: Answer) -> Answer:
        marks = {"acc": float(answer.choice is not None and answer.choice == item.answer)}
        if self._by_text and len(answer.weights) == len(item.choices):
            shares = [
                weight / max(1, len(text)) for weight, text in zip(answer.weights, item.choices, strict=True)
            ]
            marks["acc_norm"] = float(shares.index(max(shares)) == item.answer)
        if answer.choice is None:
            marks["unread"] = 1.0
        return replace(answer, marks=marks)

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:  # noqa: ARG002 - the contract's
        figures = {"acc": average([one.marks["acc"] for one in answers])}
        if all("acc_norm" in one.marks for one in answers):
            figures["acc_norm"] = average([one.marks["acc_norm"] for one in answers])
        return figures
