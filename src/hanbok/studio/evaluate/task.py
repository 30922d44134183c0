"""The contract of a kind of task: how a row is asked, marked, and all rows summed up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric


class Task(Protocol):
    """`words` and `ending` name what it is asked with in `wording.toml`; `main` the metric that stands for it;
    `paired` the mark of a row by which two models are compared.
    """

    words: str
    chooses: bool
    main: str
    paired: str

    def __init__(self, spec: TaskSpec, root: Path) -> None:
        """Raise SuiteInvalid for options that cannot be meant. `root` is the folder of the data."""
        ...

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        """Return the blank with what the model said. Raises EndpointGone, EndpointRefuses, RowRefused."""
        ...

    def mark(self, item: Item, answer: Answer) -> Answer:
        """Return the answer with its marks; the same answer always gets the same ones."""
        ...

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:
        """Return the figures over all rows."""
        ...
