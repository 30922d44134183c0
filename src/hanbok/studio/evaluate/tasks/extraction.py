"""Entities: the model lists what it finds in a text as JSON; kind and words must both be right."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import bootstrap

_LIST = re.compile(r"\[.*\]", re.DOTALL)
_DRAWS = 400


class Extraction:
    """`f1` over all entities of all rows; two models are compared on that of each row."""

    words = "extract"
    chooses = False
    main = "f1"
    paired = "row_f1"

    def __init__(self, spec: TaskSpec, root: Path) -> None:  # noqa: ARG002 - the contract's
        named = zip(spec.names or spec.labels, spec.labels, strict=True)
        self._labels = dict(named)

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        said = await desk.write(item)
        return replace(blank, turns=[said.text])

    def mark(self, item: Item, answer: Answer) -> Answer:
        wanted = Counter(item.golds)
        read = self._read(answer.turns[-1] if answer.turns else "")
        found = Counter(read or ())
        right, of, gold = sum((found & wanted).values()), sum(found.values()), sum(wanted.values())
        marks = {"right": float(right), "found": float(of), "gold": float(gold)}
        marks["row_f1"] = 2 * right / (of + gold) if of + gold else 1.0
        if read is None:
            marks |= {"unread": 1.0, "row_f1": 0.0}
        return replace(answer, marks=marks)

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:  # noqa: ARG002 - the contract's
        return {"f1": bootstrap([one.marks for one in answers], _f1, _DRAWS)}

    def _read(self, text: str) -> list[str] | None:
        """Return what was found as LABEL:text, or None where no list can be read."""
        match = _LIST.search(text)
        try:
            listed = json.loads(match[0]) if match else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(listed, list):
            return None
        pairs = [(one.get("label"), one.get("text")) for one in listed if isinstance(one, dict)]
        return [f"{self._labels.get(str(label), label)}:{words}" for label, words in pairs]


def _f1(rows: Sequence[Mapping[str, float]]) -> float:
    both = sum(one["found"] + one["gold"] for one in rows)
    return 2 * sum(one["right"] for one in rows) / both if both else 0.0
