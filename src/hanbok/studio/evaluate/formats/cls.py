"""`id task lang text labels[]`, with `context`: a text and its classes."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Cls:
    """Options: `field`, another field than `labels` for the class; `refuse`, the classes that a model should decline
    (the fact `refuse` of the safety tasks).
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._field = str(options.get("field", "labels"))
        self._refuse = set(options.get("refuse", ()))

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        found = row[self._field]
        labels = tuple(map(str, found if isinstance(found, list) else [found]))
        if not labels:
            raise ValueError(f"{self._field} is empty")
        yield Item(
            id=str(row.get("id", place)),
            language=row.get("lang", "ko"),
            group=labels[0],
            question=row["text"],
            context=row.get("context") or "",
            golds=labels,
            facts={"refuse": bool(self._refuse & set(labels))},
        )
