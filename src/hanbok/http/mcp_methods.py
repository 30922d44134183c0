"""What each method of the protocol does."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.gateway.call import Call, Operation
from hanbok.gateway.calling import fresh_id
from hanbok.gateway.head import refuse_doubles
from hanbok.gateway.mcp.gate import ToolGate
from hanbok.gateway.mcp.toolbox import Tool
from hanbok.gateway.mcp.wire import (
    HANDSHAKE,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    SERVER_META,
    SUPPORTED,
    Asked,
)
from hanbok.gateway.steps.ask_leave import APPROVAL
from hanbok.http.inbound import Inbound
from hanbok.http.statuses import status_of
from hanbok.policy.key import Key

_JOINT: Final = "__"
"""Between a server's name, which holds no underscore, and a tool's."""
_REFUSED, _LIMITED, _BEHIND = -32010, -32011, -32012
"""Of the codes that the protocol leaves to implementations: not allowed, no more for now, the server behind failed."""
_CODES: Final = {
    400: INVALID_PARAMS,
    402: _LIMITED,
    403: _REFUSED,
    404: INVALID_PARAMS,
    429: _LIMITED,
    502: _BEHIND,
    503: _BEHIND,
    504: _BEHIND,
}
_TTL: Final = 60_000
_APPROVAL_META: Final = "hanbok/approval"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, and of which server; an empty one stands for all."""

    version: str
    """Of hanbok."""
    gate: ToolGate
    key: Key
    inbound: Inbound
    server: str
    language: Language


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of the protocol itself."""

    code: int
    message: str
    data: Mapping[str, object] | None = None

    def told(self) -> bytes:
        """Return it as the member of a JSON-RPC answer."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        return msgspec.json.encode({"error": error if self.data is None else error | {"data": self.data}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A JSON object with the member `result` or `error`; `error` is the latter's code, else 0."""

    body: bytes
    error: int = 0
    headers: tuple[tuple[str, str], ...] = ()


async def answer(client: Client, asked: Asked, *, modern: bool) -> Told:
    """Return the answer to a request; errors are answers too."""
    params = asked.params or {}
    try:
        match asked.method:
            case "initialize" if not modern:
                told = _result(_initialized(client, params))
            case "ping" if not modern:
                told = _result({})
            case "server/discover" if modern:
                told = _result(_about(client), cached=True)
            case "tools/list":
                told = _result({"tools": await _tools(client)}, cached=modern)
            case "tools/call":
                told = await _call(client, params, modern=modern)
            case _:
                told = _fault(METHOD_NOT_FOUND, f"hanbok serves no {asked.method[:100]}")
    except HanbokError as error:
        return _failed(error, client.language, {})
    return told


def _fault(code: int, message: str) -> Told:
    return Told(body=Fault(code, message).told(), error=code)


def _result(result: dict[str, object], *, cached: bool = False) -> Told:
    if cached:  # what a key may use is no other key's business
        result |= {"resultType": "complete", "ttlMs": _TTL, "cacheScope": "private"}
    return Told(body=msgspec.json.encode({"result": result}))


def _failed(error: HanbokError, language: Language, data: Mapping[str, object]) -> Told:
    told = {"code": error.code, "hint": error.advise(language), **data}
    told |= {name: error.facts[name] for name in ("approval", "retry_after") if error.facts.get(name)}
    fault = Fault(_CODES.get(int(status_of(error)), INTERNAL_ERROR), error.say(language), told)
    return Told(body=fault.told(), error=fault.code)


def _me(client: Client) -> dict[str, str]:
    return {"name": "hanbok", "version": client.version}


def _about(client: Client) -> dict[str, object]:
    return {
        "capabilities": {"tools": {}},
        "supportedVersions": SUPPORTED,
        "_meta": {SERVER_META: _me(client)},
    }


def _initialized(client: Client, params: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    wanted = _text(params, "protocolVersion")
    version = wanted if wanted in HANDSHAKE else HANDSHAKE[-1]
    return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": _me(client)}


async def _tools(client: Client) -> list[Mapping[str, Any]]:
    who, toolbox = client.key.principal, client.gate.toolbox
    if client.server:
        return [tool.definition for tool in await toolbox.visible(client.server, who)]
    shown: list[Mapping[str, Any]] = []
    for server, tools in (await toolbox.visible_everywhere(who)).items():
        shown += [_joint(server, tool) for tool in tools]
    return shown


def _joint(server: str, tool: Tool) -> Mapping[str, Any]:
    return {**tool.definition, "name": f"{server}{_JOINT}{tool.name}"}


async def _call(client: Client, params: Mapping[str, msgspec.Raw], *, modern: bool) -> Told:
    arguments = bytes(params.get("arguments", b"{}"))
    if not arguments.startswith((b"{", b"null")):
        return _fault(INVALID_PARAMS, "params.arguments must be an object")
    try:
        refuse_doubles(arguments)  # what a person allowed must be what any server reads
    except (ValueError, RecursionError):
        return _fault(INVALID_PARAMS, "params.arguments cannot be read as JSON in UTF-8")
    call = _made(client, params)
    try:
        reply = await client.gate.path.run(call)
        body = reply.body
        error = msgspec.json.decode(body, type=_Replied).error
        if error is None and modern:
            body = _completed(body)
        return Told(body=body, error=error.code if error else 0, headers=(("x-hanbok-call", call.id),))
    except HanbokError as refused:
        return _failed(refused, client.language, {"call": call.id})
    finally:
        call.finish()


class _Error(msgspec.Struct):
    code: int


class _Replied(msgspec.Struct):
    error: _Error | None = None


def _completed(body: bytes) -> bytes:
    """Say that a result is whole, where its server is of a time in which none said so."""
    result = msgspec.json.decode(body, type=dict[str, dict[str, Any]])["result"]
    return msgspec.json.encode({"result": {"resultType": "complete"} | result})


def _made(client: Client, params: Mapping[str, msgspec.Raw]) -> Call:
    """Return the call: what leaves hanbok of it are the arguments alone, not `_meta` and not the headers."""
    name, body = _text(params, "name"), bytes(params.get("arguments", b"{}"))
    server, tool = (client.server, name) if client.server else name.partition(_JOINT)[::2]
    headers = dict(client.inbound.headers)
    if approval := _text(_members(params.get("_meta")), _APPROVAL_META):
        headers[APPROVAL] = approval
    return Call(
        id=fresh_id(),
        route="/mcp",
        operation=Operation.TOOL,
        body=b"{}" if body == b"null" else body,
        headers=headers,
        origin=client.inbound.peer,
        digest=hashlib.sha256(body).hexdigest(),
        model=f"{server}/{tool}",
        stream=False,
    )


def _members(raw: msgspec.Raw | None) -> Mapping[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(raw or b"{}", type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return {}


def _text(params: Mapping[str, msgspec.Raw], name: str) -> str:
    try:
        return msgspec.json.decode(params.get(name, msgspec.Raw(b'""')), type=str)
    except msgspec.ValidationError:
        return ""
