"""CLIcK as published: JSON `id paragraph question choices answer`, the answer being the choice's text."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Click:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        choices = tuple(str(one).strip() for one in row["choices"])
        identifier = str(row.get("id") or place)
        yield Item(
            id=identifier,
            group=identifier.rpartition("_")[0],
            question=row["question"].strip(),
            context=(row.get("paragraph") or "").strip(),
            choices=choices,
            answer=choices.index(str(row["answer"]).strip()),
            golds=(str(row["answer"]).strip(),),
        )
