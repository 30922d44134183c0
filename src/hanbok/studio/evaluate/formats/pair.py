"""`id task lang a b label`: two sentences, and how they stand to each other."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Pair:
    """The first sentence is the item's context, the second its question. Ids carry the language, as one id may stand
    in several.
    """

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        label = row["label"]
        yield Item(
            id=f"{row.get('id', place)}-{row['lang']}",
            language=row["lang"],
            group=str(row.get("task", "")),
            context=row["a"],
            question=row["b"],
            golds=(f"{label:g}" if isinstance(label, int | float) else str(label),),
        )
