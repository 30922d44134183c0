"""LogicKor as published: JSONL `id category questions[] references[]`."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Logickor:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        turns = tuple(row["questions"])
        if not turns:
            raise ValueError("no questions")
        references = tuple(one or "" for one in row.get("references") or ())
        yield Item(
            id=f"logickor-{row['id']}" if "id" in row else place,
            group=row.get("category", ""),
            question=turns[0],
            turns=turns,
            references=references,
            golds=references[:1],
        )
