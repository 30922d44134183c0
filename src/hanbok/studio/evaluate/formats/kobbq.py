"""KoBBQ as published: TSV `sample_id context question choices biased_answer answer`, choices as a list's text."""

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Kobbq:
    """The id tells the category, and `amb` or `dis`: whether the context decides the question."""

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:  # noqa: ARG002 - rows have ids
        listed = row["choices"]
        choices = tuple(map(str, ast.literal_eval(listed) if isinstance(listed, str) else listed))
        identifier = str(row["sample_id"])
        parts = identifier.split("-")
        if parts[-2] not in {"amb", "dis"}:
            raise ValueError(f"sample_id {identifier!r}")
        yield Item(
            id=identifier,
            group=parts[0],
            question=row["question"],
            context=row["context"],
            choices=choices,
            answer=choices.index(str(row["answer"])),
            golds=(str(row["answer"]),),
            facts={"biased": choices.index(str(row["biased_answer"])), "ambiguous": parts[-2] == "amb"},
        )
