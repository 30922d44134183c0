"""Tools that a provider runs itself: a search of the web, pages it fetches, MCP servers that the request names.

What they send elsewhere and bring back passes no guard of ours, so a request that offers one counts as one that holds
what cannot be read.
"""

import re
from typing import Final

import msgspec

_OWN: Final = re.compile(
    r"(?:function|custom|local_shell|shell|apply_patch|computer[_-](?:use_)?preview|bash|text_editor|computer|memory)"
    r"(?:_[0-9]{8})?"
)
"""Types of tools that whoever asks runs, in the words of OpenAI and Anthropic."""
_DECLARED: Final = frozenset({"functionDeclarations", "function_declarations"})
"""How Gemini has them."""
_SERVERS: Final = "mcp_servers"
_SEARCH: Final = "web_search_options"
_MARKS: Final = (b'"tools"', b'"mcp_servers"', b'"web_search_options"', b"\\")
_PRINTABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_NULL: Final = msgspec.Raw(b"null")
_NOTHING: Final = (b"null", b"[]")


class _Asked(msgspec.Struct):
    tools: msgspec.Raw = _NULL
    mcp_servers: msgspec.Raw = _NULL
    web_search_options: msgspec.Raw = _NULL


class _Enclosed(msgspec.Struct):
    body: _Asked


_ASKED: Final = msgspec.json.Decoder(_Asked)
_ENCLOSED: Final = msgspec.json.Decoder(_Enclosed)
_TOOLS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_TOOL: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TYPE: Final = msgspec.json.Decoder(str)


def provider_tools(body: bytes, *, enclosed: bool = False) -> tuple[str, ...]:
    """Return the types of such tools that a request offers, as `tool: web_search`; `enclosed`: it is the member `body`
    of this one.
    """
    if not any(mark in body for mark in _MARKS):
        return ()
    try:
        asked = _ENCLOSED.decode(body).body if enclosed else _ASKED.decode(body)
    except msgspec.ValidationError:  # no object: nothing is offered there
        return ()
    found = [_SERVERS] if bytes(asked.mcp_servers) not in _NOTHING else []
    if bytes(asked.web_search_options) not in _NOTHING:
        found.append(_SEARCH)
    try:
        tools = _TOOLS.decode(asked.tools)
    except msgspec.ValidationError:
        tools = []
    for tool in tools:
        found += _types_of(tool)
    return tuple([f"tool: {one if _PRINTABLE.fullmatch(one) else '?'}" for one in found])


def _types_of(tool: msgspec.Raw) -> list[str]:
    """Return what a provider would run of one member of `tools`: nothing of a tool that the client runs."""
    try:
        said = _TOOL.decode(tool)
        kind = _TYPE.decode(said["type"]) if "type" in said else ""
    except msgspec.ValidationError:
        return ["?"]
    if kind:
        return [] if _OWN.fullmatch(kind) else [kind]
    if "name" in said or "function" in said:
        return []
    return [name for name in said if name not in _DECLARED]
