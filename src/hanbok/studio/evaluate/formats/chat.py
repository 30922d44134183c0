"""`id lang category turns[] references[]`: what a person says, turn by turn."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Chat:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        turns = tuple(row["turns"])
        if not turns:
            raise ValueError("no turns")
        references = tuple(one or "" for one in row.get("references") or ())
        yield Item(
            id=str(row.get("id", place)),
            language=row.get("lang", "ko"),
            group=row.get("category", ""),
            question=turns[0],
            turns=turns,
            references=references,
            golds=references[:1],
        )
