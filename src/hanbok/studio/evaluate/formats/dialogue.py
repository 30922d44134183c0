"""Rows of a corpus of the workshop: `id messages` (JSON), whose last message is the expected answer."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Dialogue:
    """The last message of the person is the question, what comes before it the conversation."""

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        messages = json.loads(row["messages"]) if isinstance(row["messages"], str) else row["messages"]
        if len(messages) < 2 or messages[-1]["role"] != "assistant":  # noqa: PLR2004 - a question and its answer
            raise ValueError("the last message is not an assistant's")
        answer = str(messages[-1]["content"]).strip()
        yield Item(
            id=str(row.get("id", place)),
            group=str(row.get("source") or ""),
            question=str(messages[-2]["content"]),
            turns=tuple(str(one["content"]) for one in messages[:-1] if one["role"] == "user"),
            golds=(answer,),
            references=(answer,),
            messages=messages[:-1],
        )
