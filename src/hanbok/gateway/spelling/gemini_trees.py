"""JSON trees of Gemini's API: members written like_this, and its own dialect of schemas."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from hanbok.gateway.spelling.json_text import encode

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | int | float | bool | None"
_SNAKE: Final = re.compile(rb'"[a-z]+_[a-z_]+"\s*:')
_DECODE: Final[Callable[[bytes], Tree]] = msgspec.json.Decoder().decode
_FREE: Final = frozenset(
    {"args", "response", "parameters", "properties", "parametersJsonSchema", "responseJsonSchema"}
)
"""What stands in these is the client's own, down to its names."""


def in_camel_case(body: bytes) -> bytes:
    """Return a request whose members are written likeThis: Google's servers take both."""
    return encode(_camel(_DECODE(body))) if _SNAKE.search(body) else body


def _camel(value: Tree) -> Tree:
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    spelled: dict[str, Tree] = {}
    for name, inner in value.items():
        first, *rest = name.split("_")
        camel = first + "".join(one.capitalize() for one in rest)
        spelled[camel] = inner if camel in _FREE else _camel(inner)
    return spelled


def json_schema(schema: Tree) -> Tree:
    """Turn Gemini's dialect of OpenAPI 3.0 into JSON Schema: types in small letters, `nullable` as a type."""
    if not isinstance(schema, dict):
        return schema
    spelled: dict[str, Tree] = {}
    for name, value in schema.items():
        if name == "type" and isinstance(value, str):
            spelled[name] = [value.lower(), "null"] if schema.get("nullable") else value.lower()
        elif name == "properties" and isinstance(value, dict):
            spelled[name] = {key: json_schema(one) for key, one in value.items()}
        elif name in {"items", "additionalProperties"}:
            spelled[name] = json_schema(value)
        elif name in {"anyOf", "prefixItems"} and isinstance(value, list):
            spelled[name] = [json_schema(one) for one in value]
        elif name not in {"nullable", "propertyOrdering"}:
            spelled[name] = value
    return spelled
