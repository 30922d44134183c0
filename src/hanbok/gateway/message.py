"""The texts of a message or delta in OpenAI's shape, those in fields that we do not know too."""

from collections.abc import Iterator
from typing import Any, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

Slot: TypeAlias = tuple[str | int, ...]
"""Where a text stands in a message: `("content",)`, `("tool_calls", 0, "function", "arguments")`."""

_NOT_TEXT = frozenset(
    {
        *("role", "id", "type", "name", "index", "call_id", "tool_call_id", "format"),
        *("data", "signature", "thought_signature", "encrypted_content"),
    }
)
"""Members that are names, or base64 that a change would break. Every other string counts as text."""


class SlotText:
    """A text in its place."""

    __slots__ = ("_holder", "_key", "slot", "value")

    def __init__(self, slot: Slot, value: str, holder: dict[str, Any] | list[Any], key: str | int) -> None:
        self.slot = slot
        self.value = value
        self._holder: Any = holder
        self._key = key

    def put(self, new: str) -> None:
        """Set the text, in the message too."""
        self.value = new
        self._holder[self._key] = new


def texts_of(message: "dict[str, Json]") -> Iterator[SlotText]:
    """Yield the texts that are not empty. Members of a list are told apart by `index` where they have one."""
    for key, value in message.items():
        if isinstance(value, str):
            if value and key not in _NOT_TEXT:
                yield SlotText((key,), value, message, key)
        elif isinstance(value, dict | list) and key not in _NOT_TEXT:
            yield from _inside(value, (key,))


def _inside(holder: "dict[str, Json] | list[Json]", slot: Slot) -> Iterator[SlotText]:
    members = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in members:
        if key in _NOT_TEXT:
            continue
        at: str | int = key
        if isinstance(value, dict):
            index = value.get("index")
            at = index if isinstance(holder, list) and isinstance(index, int) else key
        if isinstance(value, str):
            if value:
                yield SlotText((*slot, at), value, holder, key)
        elif isinstance(value, dict | list):
            yield from _inside(value, (*slot, at))


def is_document(slot: Slot, *, structured: bool) -> bool:
    """Whether the text in this slot is a JSON document: arguments of a tool, or content of a `structured` answer."""
    return slot[-1] == "arguments" or (structured and slot[0] == "content")


def delta_with(slot: Slot, text: str) -> "dict[str, Json]":
    """Return a delta that adds `text` to one slot."""
    inner: Json = text
    for key in reversed(slot):
        if isinstance(key, str):
            inner = {key: inner}
        else:
            member: dict[str, Json] = {"index": key}
            inner = [member | inner] if isinstance(inner, dict) else [inner]
    return inner if isinstance(inner, dict) else {}
