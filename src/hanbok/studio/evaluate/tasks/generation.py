"""Generation with checkers: the model writes, rules mark. A row is right to the mean of its checkers' marks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from hanbok.studio.evaluate.checker import Checker
from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.errors import SuiteInvalid
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.plugs import CHECKERS, plug
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import average, mean


class Generation:
    """A metric for each checker, by its name; `score` is their mean. Options: `brief` asks for a word or two."""

    chooses = False
    main = "score"
    paired = "score"

    def __init__(self, spec: TaskSpec, root: Path) -> None:  # noqa: ARG002 - the contract's
        self.words = "short" if spec.options.get("brief") else "write"
        if not spec.checkers:
            raise SuiteInvalid(path=spec.name, why="checkers")
        self._checkers: dict[str, Checker] = {}
        for name, options in spec.checkers.items():
            try:
                self._checkers[name] = plug(CHECKERS, name)(options)
            except (ValueError, TypeError) as error:
                raise SuiteInvalid(path=spec.name, why=f"checkers.{name}: {error}") from None

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        said = await desk.write(item)
        return replace(blank, turns=[said.text])

    def mark(self, item: Item, answer: Answer) -> Answer:
        text = answer.turns[-1].strip() if answer.turns else ""
        marks = {name: one.check(text, item) if text else 0.0 for name, one in self._checkers.items()}
        marks["score"] = mean(list(marks.values()))
        if not text:
            marks["unread"] = 1.0
        return replace(answer, marks=marks)

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:  # noqa: ARG002 - the contract's
        names = ["score", *(self._checkers if len(self._checkers) > 1 else ())]
        return {name: average([one.marks[name] for one in answers]) for name in names}
