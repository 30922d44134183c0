"""The items of a conversation: what a response was asked with, and what the next one is asked with."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hanbok.gateway.head import InvalidRequest, splice
from hanbok.gateway.spelling.json_text import Json, Raw, encode

_NULL: Final = b"null"


class KeptResponse(msgspec.Struct, frozen=True):
    """A response as it is kept: all that it was asked with, and itself."""

    key: str
    """Id of the key that asked."""
    input: list[Raw]
    response: Raw


class _Output(msgspec.Struct):
    output: list[Raw] = []


class _Input(msgspec.Struct):
    input: str | list[Raw] = ""


def items_of(body: bytes) -> list[Raw]:
    """Return the items that a request brings. Raises InvalidRequest."""
    try:
        brought = msgspec.json.decode(body, type=_Input).input
    except msgspec.ValidationError as error:
        raise InvalidRequest(field="input") from error
    if isinstance(brought, list):
        return brought
    content = [{"type": "input_text", "text": brought}]
    return [Raw(encode({"type": "message", "role": "user", "content": content}))]


def after(kept: KeptResponse) -> list[Raw]:
    """Return the conversation up to and with this response."""
    return [*kept.input, *msgspec.json.decode(kept.response, type=_Output).output]


def with_items(body: bytes, items: Sequence[Raw]) -> bytes:
    """Return the request with the whole conversation in it, and nothing for a provider to keep."""
    whole = b"[" + b",".join(map(bytes, items)) + b"]"
    values = {"input": whole, "previous_response_id": _NULL, "background": b"false", "store": b"false"}
    return splice(body, values)


def shown(items: Sequence[Raw], response: str) -> list[Json]:
    """Return the items as a client lists them, each with an id and its texts in parts."""
    listed: list[Json] = []
    for number, raw in enumerate(items):
        item: dict[str, Any] = msgspec.json.decode(raw)
        item.setdefault("type", "message")
        item.setdefault("id", f"item_{response.removeprefix('resp_')}_{number}")
        if isinstance(item.get("content"), str):
            kind = "output_text" if item.get("role") == "assistant" else "input_text"
            item["content"] = [{"type": kind, "text": item["content"]}]
        listed.append(item)
    return listed
