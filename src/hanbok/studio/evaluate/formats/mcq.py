"""`id task lang question choices[] answer`, with `context`, `category`, and KoBBQ's `biased_answer ambiguous`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Mcq:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        choices = _choices(row["choices"])
        answer = _answer(row["answer"], choices)
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


def _choices(found: object) -> tuple[str, ...]:
    """Return the choices: a list, or one written as JSON, as a table has it."""
    if isinstance(found, str):
        found = json.loads(found) if found.lstrip().startswith("[") else None
    if not isinstance(found, list):
        raise TypeError("choices: a list")
    return tuple(str(one) for one in found)


def _answer(found: Any, choices: tuple[str, ...]) -> int:  # noqa: ANN401 - whatever a file holds
    """Return the place of the right one, which is told by its number, its letter, or its own words."""
    try:
        return int(found)
    except (TypeError, ValueError):
        told = str(found).strip()
    if choices.count(told) == 1:
        return choices.index(told)
    if len(told) == 1 and 0 <= ord(told.upper()) - ord("A") < len(choices):
        return ord(told.upper()) - ord("A")
    raise ValueError(
        f"answer {found!r}: a number from 0 to {len(choices) - 1}, a letter, or one of the choices"
    )
