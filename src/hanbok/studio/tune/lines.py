"""Lines of JSON as rows: the forms that OpenAI's fine-tuning takes, and plain documents. Nothing heavy is imported."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hanbok.core.values import Text
from hanbok.studio.tune.errors import RowUnreadable


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each line's number and its row, in the columns of `hanbok.studio.rows`. Raises RowUnreadable."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, as_row(line, number)


def as_row(line: bytes, number: int) -> dict[str, str]:
    """Return one line's row. Raises RowUnreadable, which names the line and quotes nothing of it."""
    try:
        told: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RowUnreadable(
            row=number, why=Text(ko="JSON 객체가 아닙니다", en="not a JSON object")
        ) from error
    if isinstance(told.get("messages"), list):
        return {"messages": _written(_checked(told["messages"], number))}
    if isinstance(told.get("text"), str):
        return {"text": told["text"]}
    asked = told.get("input")
    if isinstance(asked, dict) and isinstance(asked.get("messages"), list):
        return {
            "messages": _written(_checked(asked["messages"], number)),
            "chosen": _written(_checked(told.get("preferred_output"), number)),
            "rejected": _written(_checked(told.get("non_preferred_output"), number)),
        }
    why = Text(
        ko="messages, text, input 가운데 하나가 있어야 합니다", en="it needs one of messages, text and input"
    )
    raise RowUnreadable(row=number, why=why)


def _checked(messages: object, number: int) -> list[dict[str, Any]]:
    if (
        not isinstance(messages, list)
        or not messages
        or any(
            not isinstance(one, dict) or not isinstance(one.get("role"), str) or not one.get("content")
            for one in messages
        )
    ):
        why = Text(ko="메시지에는 role과 content가 있어야 합니다", en="a message needs role and content")
        raise RowUnreadable(row=number, why=why)
    return messages


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
