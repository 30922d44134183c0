"""One row of an evaluation set, whatever file it came from."""

from typing import Any, TypeAlias

import msgspec

Chat: TypeAlias = list[dict[str, Any]]
"""OpenAI's `messages`."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Formats fill what their rows have; a task says what it needs."""

    id: str
    language: str = "ko"
    group: str = ""
    question: str = ""
    context: str = ""
    choices: tuple[str, ...] = ()
    answer: int | None = None
    """Place of the right choice, from 0."""
    golds: tuple[str, ...] = ()
    """Right answers in words, labels, or translations."""
    turns: tuple[str, ...] = ()
    """What a person says, turn by turn."""
    references: tuple[str, ...] = ()
    messages: Chat = []
    tools: list[dict[str, Any]] = []
    calls: tuple[tuple[str, str], ...] | None = None
    """Name and arguments of the calls that are right; empty: none may be made; None: not asked."""
    allowed: tuple[str, ...] = ()
    """Other arguments (JSON) that are right as well."""
    recorded: tuple[str, ...] = ()
    """What a model once answered, turn by turn."""
    verdicts: tuple[str, ...] = ()
    """What a judge once gave for it."""
    facts: dict[str, Any] = {}
    """What only one kind of task needs."""
