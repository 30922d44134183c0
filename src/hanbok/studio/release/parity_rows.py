"""The rows that every form of a model answers: prompts of held-out dialogues."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hanbok.studio.artifacts import Artifact
from hanbok.studio.release.errors import ParityRowsMissing
from hanbok.studio.rows import rows_of


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt: all messages but an answer at the end."""

    id: str
    messages: list[dict[str, Any]]


class Told(NamedTuple):
    """One answer. `tokens` are those it was written in, where it was free."""

    text: str
    tokens: tuple[int, ...] = ()


def rows_to_compare(held_out: Artifact | Path, most: int) -> list[Row]:
    """Return up to `most` rows, evenly over all. Raises ParityRowsMissing."""
    path = held_out if isinstance(held_out, Path) else held_out.path
    try:
        every = [one for one in _read(held_out) if one.messages]
    except (msgspec.MsgspecError, OSError, KeyError, TypeError) as error:
        raise ParityRowsMissing(path=path, why=type(error).__name__) from error
    if not every:
        raise ParityRowsMissing(path=path, why="0")
    step = max(1.0, len(every) / most)
    return [every[int(index * step)] for index in range(min(most, len(every)))]


def _read(held_out: Artifact | Path) -> Iterator[Row]:
    if isinstance(held_out, Path):
        for number, line in enumerate(held_out.read_bytes().splitlines(), start=1):
            if line.strip():
                told = msgspec.json.decode(line)
                yield _row(str(told.get("id", number)), told["messages"])
        return
    for row in rows_of(held_out):
        messages = row.get("messages")
        if messages:
            yield _row(row["id"], msgspec.json.decode(messages))


def _row(name: str, messages: list[dict[str, Any]]) -> Row:
    while messages and messages[-1]["role"] == "assistant":
        messages = messages[:-1]
    return Row(id=name, messages=messages)
