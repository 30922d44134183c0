"""`id task lang question choices[] answer`, with `context`, `category`, and KoBBQ's `biased_answer ambiguous`."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Mcq:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        if not isinstance(row["choices"], list):
            raise TypeError("choices: a list")
        choices = tuple(str(one) for one in row["choices"])
        try:
            answer = int(row["answer"])
        except (TypeError, ValueError):
            raise ValueError(f"answer {row['answer']!r}: a number from 0 to {len(choices) - 1}") from None
        if not 0 <= answer < len(choices):
            raise ValueError(f"answer {answer} of {len(choices)} choices")
        facts = (
            {"biased": row["biased_answer"], "ambiguous": row["ambiguous"]} if "biased_answer" in row else {}
        )
        yield Item(
            id=str(row.get("id", place)),
            language=row.get("lang", "ko"),
            group=str(row.get("category") or row.get("task") or ""),
            question=row["question"],
            context=row.get("context") or "",
            choices=choices,
            answer=answer,
            golds=(choices[answer],),
            facts=facts,
        )
