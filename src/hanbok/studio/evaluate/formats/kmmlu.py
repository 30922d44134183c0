"""KMMLU as published: CSV `question,answer,A,B,C,D,Category,Human Accuracy`, `answer` from 1."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_LETTERS = "ABCD"


class Kmmlu:
    """KMMLU-Hard and -Redux have the same columns; an `answer` may be the letter."""

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        choices = tuple(str(row[letter]) for letter in _LETTERS)
        given = str(row["answer"]).strip()
        answer = _LETTERS.index(given) if given in _LETTERS else int(float(given)) - 1
        if not 0 <= answer < len(choices):
            raise ValueError(f"answer {given}")
        yield Item(
            id=place,
            group=str(row.get("Category") or ""),
            question=str(row["question"]).strip(),
            choices=choices,
            answer=answer,
            golds=(choices[answer],),
        )
