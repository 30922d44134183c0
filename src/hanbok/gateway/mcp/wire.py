"""What is said on the wire of the Model Context Protocol, in both of its generations.

Up to 2025-11-25 a client shakes hands (`initialize`) and a server may name a session. From 2026-07-28 on every request
stands alone: it carries version and capabilities in `_meta`, and headers that repeat what a proxy may route by.
"""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterator, Mapping
from re import compile as pattern
from typing import Any, Final, cast

import msgspec

HANDSHAKE: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN: Final = "2026-07-28"
SUPPORTED: Final = (*HANDSHAKE, MODERN)

VERSION_META: Final = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_META: Final = "io.modelcontextprotocol/clientCapabilities"
CLIENT_META: Final = "io.modelcontextprotocol/clientInfo"
SERVER_META: Final = "io.modelcontextprotocol/serverInfo"

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
HEADER_MISMATCH: Final = -32020
UNSUPPORTED_VERSION: Final = -32022

NAMING: Final = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""Methods, and which of their params the header `mcp-name` repeats."""

_SAFE = pattern(r"[\x20-\x7E]*")
_SENTINEL = pattern(r"=\?base64\?(.*)\?=")
_MIRROR: Final = "x-mcp-header"
_TOKEN = pattern(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DEPTH: Final = 16


class RpcError(msgspec.Struct):
    code: int = INTERNAL_ERROR
    message: str = ""


class Answer(msgspec.Struct):
    """A JSON-RPC message from a server; one that answers has a result or an error."""

    id: int | str | None = None
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: RpcError | None = None


class Asked(msgspec.Struct):
    """A JSON-RPC message from a client; without an id it is a notification."""

    jsonrpc: str
    method: str
    id: int | str | msgspec.UnsetType = msgspec.UNSET
    params: dict[str, msgspec.Raw] | None = None


def header_value(text: str) -> str:
    """Return a text as the protocol spells it in a header: base64 with a mark where it is not plain ASCII."""
    if _SAFE.fullmatch(text) and text == text.strip() and not _SENTINEL.fullmatch(text):
        return text
    return f"=?base64?{b64encode(text.encode()).decode()}?="


def header_text(value: str) -> str | None:
    """Return what `header_value` spelled; None: nothing that it spells."""
    found = _SENTINEL.fullmatch(value)
    if found is None:
        return value
    try:
        text = b64decode(found[1], validate=True).decode()
    except (Error, UnicodeDecodeError):
        return None
    return text if header_value(text) == value else None


def without_mirrors(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a tool's schema without its wish that clients repeat arguments in headers, where proxies log them."""
    if isinstance(schema, dict):
        tree = cast("dict[str, Any]", schema)
        return {name: without_mirrors(one) for name, one in tree.items() if name != _MIRROR}
    if isinstance(schema, list):
        return [without_mirrors(one) for one in schema]  # pyright: ignore[reportUnknownVariableType] - JSON
    return schema


def mirrors(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:  # noqa: ANN401 - JSON
    """Yield the place and header of each argument that a server wants repeated in a header."""
    properties: Any = schema.get("properties") if isinstance(schema, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON
    if not isinstance(properties, dict) or len(path) > _DEPTH:
        return
    for name, one in cast("dict[str, Any]", properties).items():
        header: Any = one.get(_MIRROR) if isinstance(one, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON
        if isinstance(header, str) and _TOKEN.fullmatch(header):
            yield (*path, name), f"mcp-param-{header.lower()}"
        yield from mirrors(one, (*path, name))


def mirrored(
    wanted: tuple[tuple[tuple[str, ...], str], ...], arguments: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
    """Return the headers that repeat these arguments; of one that is not there, none."""
    headers: list[tuple[str, str]] = []
    for path, header in wanted:
        value: Any = arguments
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON
        if isinstance(value, bool):
            headers.append((header, "true" if value else "false"))
        elif isinstance(value, str | int | float):
            headers.append((header, header_value(str(value))))
    return tuple(headers)
