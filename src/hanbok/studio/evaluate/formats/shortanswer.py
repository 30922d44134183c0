"""`id lang question answers[{texts[],texts_en[],count}]`: a question that people answered in few words (BLEnD)."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Shortanswer:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        given = [(text, int(one["count"])) for one in row["answers"] for text in one["texts"] if text]
        if not given:
            raise ValueError("no answers")
        yield Item(
            id=str(row.get("id", place)),
            language=row.get("lang", "ko"),
            group=str(row.get("category") or ""),
            question=row["question"],
            golds=tuple(text for text, _ in given),
            facts={"counts": [count for _, count in given]},
        )
