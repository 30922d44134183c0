"""`id lang source text entities[{start,end,label,text}]`: named entities by place."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Ner:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        text = row["text"]
        for one in row["entities"]:
            if text[one["start"] : one["end"]] != one["text"]:
                raise ValueError(f"entity at {one['start']} is not the text there")
        yield Item(
            id=str(row.get("id", place)),
            language=row.get("lang", "ko"),
            group=str(row.get("source", "")),
            question=text,
            golds=tuple(f"{one['label']}:{one['text']}" for one in row["entities"]),
        )
