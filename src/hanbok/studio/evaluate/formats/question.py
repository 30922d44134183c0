"""`qid lang source question answers[] relevant[]`: a question and the passages that answer it."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Question:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        relevant = list(row["relevant"])
        if not relevant:
            raise ValueError("relevant is empty")
        yield Item(
            id=str(row.get("qid", place)),
            language=row.get("lang", "ko"),
            group=row.get("source", ""),
            question=row["question"],
            golds=tuple(row.get("answers", ())),
            facts={"relevant": relevant},
        )
