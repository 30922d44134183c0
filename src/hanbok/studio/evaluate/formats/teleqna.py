"""TeleQnA as published: a JSON object of `question N` with `question, option 1.., answer, explanation, category`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_RIGHT = re.compile(r"option (\d+)\s*:")


class Teleqna:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        numbered = sorted(
            (int(name.split()[1]), text) for name, text in row.items() if name.startswith("option ")
        )
        choices = tuple(str(text) for _, text in numbered)
        right = _RIGHT.match(row["answer"])
        if right is None:
            raise ValueError("answer names no option")
        answer = [number for number, _ in numbered].index(int(right[1]))
        yield Item(
            id=str(row.get("_name", place)).replace(" ", "-"),
            language="en",
            group=row.get("category", ""),
            question=row["question"],
            choices=choices,
            answer=answer,
            golds=(choices[answer],),
        )
