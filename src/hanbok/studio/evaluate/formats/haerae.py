"""HAE-RAE Bench as published: `query` with its choices in it, `options` (a list, or its text), `answer` such as (A)."""

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_LETTER = re.compile(r"\(?([A-E])\)?$")
_LISTED = re.compile(r"\n*(?:###\s*)?선택지\s*[::]?.*$|\n\(A\).*$", re.DOTALL)
_LAST = re.compile(r"\n*(?:###\s*)?정답\s*[::]?\s*$")


class Haerae:
    """The choices that the query repeats at its end are cut off: the prompt lists them."""

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        listed = row["options"]
        choices = tuple(map(str, ast.literal_eval(listed) if isinstance(listed, str) else listed))
        letter = _LETTER.match(str(row["answer"]).strip())
        answer = "ABCDE".index(letter[1]) if letter else choices.index(row["answer"])
        if answer >= len(choices):
            raise ValueError(f"answer {row['answer']}")
        yield Item(
            id=place,
            group=str(row.get("category") or ""),
            question=_LISTED.sub("", _LAST.sub("", row["query"])).strip(),
            choices=choices,
            answer=answer,
            golds=(choices[answer],),
        )
