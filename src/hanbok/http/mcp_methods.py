"""What each method of the protocol does."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.gateway.call import Call, Operation
from hanbok.gateway.calling import fresh_id
from hanbok.gateway.head import refuse_doubles
from hanbok.gateway.mcp.server import Kind, unquoted
from hanbok.gateway.mcp.shelf import LISTINGS, Listed, Listing
from hanbok.gateway.mcp.toolbox import model_of
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

if TYPE_CHECKING:
    from hanbok.gateway.mcp.gate import ToolGate

_JOINT: Final = "__"
"""Between a server's name, which holds no underscore, and that of a tool or prompt."""
_JOINT_ADDRESS: Final = "+"
"""Between a server's name and a resource's address: together they are an address, as RFC 3986 spells schemes."""
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
_LISTS: Final = {listing.method: listing for listing in LISTINGS}
_USES: Final = {
    "tools/call": Operation.TOOL,
    "prompts/get": Operation.PROMPT,
    "resources/read": Operation.RESOURCE,
}
_SERVER: Final = re.compile("[a-z0-9-]{1,32}")
_TTL: Final = 60_000
_APPROVAL_META: Final = "hanbok/approval"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, and of which server; an empty one stands for all."""

    version: str
    """Of hanbok."""
    gate: "ToolGate"
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
            case method if method in _LISTS:
                told = await _list(client, _LISTS[method], modern=modern)
            case method if method in _USES:
                told = await _call(client, _USES[method], params, modern=modern)
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


def _capabilities(client: Client) -> dict[str, object]:
    toolbox = client.gate.toolbox
    more = [kind for kind in (Kind.PROMPT, Kind.RESOURCE) if toolbox.offers(kind, client.server)]
    return {kind.value: {} for kind in (Kind.TOOL, *more)}


def _about(client: Client) -> dict[str, object]:
    return {
        "capabilities": _capabilities(client),
        "supportedVersions": SUPPORTED,
        "_meta": {SERVER_META: _me(client)},
    }


def _initialized(client: Client, params: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    wanted = _text(params, "protocolVersion")
    version = wanted if wanted in HANDSHAKE else HANDSHAKE[-1]
    return {"protocolVersion": version, "capabilities": _capabilities(client), "serverInfo": _me(client)}


async def _list(client: Client, listing: Listing, *, modern: bool) -> Told:
    who, toolbox = client.key.principal, client.gate.toolbox
    shown: list[Mapping[str, Any]] = []
    if client.server:
        shown += [one.definition for one in await toolbox.visible(listing, client.server, who)]
    else:
        for server, things in (await toolbox.visible_everywhere(listing, who)).items():
            shown += [_joint(listing, server, one) for one in things]
    return _result({listing.member: shown}, cached=modern)


def _joint(listing: Listing, server: str, one: Listed) -> Mapping[str, Any]:
    sign = _JOINT_ADDRESS if listing.kind is Kind.RESOURCE else _JOINT
    return {**one.definition, listing.name: f"{server}{sign}{one.name}"}


async def _call(
    client: Client, operation: Operation, params: Mapping[str, msgspec.Raw], *, modern: bool
) -> Told:
    try:
        server, name, body = _asked(client, operation, params)
        refuse_doubles(body)  # what a person allowed must be what any server reads
    except msgspec.ValidationError:
        return _fault(INVALID_PARAMS, "params are not as the method has them")
    except (ValueError, RecursionError):
        return _fault(INVALID_PARAMS, "params.arguments cannot be read as JSON in UTF-8")
    call = _made(client, operation, model_of(operation, server, name), body, params)
    try:
        reply = await client.gate.path.run(call)
        body = reply.body
        error = msgspec.json.decode(body, type=_Replied).error
        if error is None and (modern or not client.server):
            body = _fitted(body, operation, "" if client.server else server, modern=modern)
        return Told(body=body, error=error.code if error else 0, headers=(("x-hanbok-call", call.id),))
    except HanbokError as refused:
        return _failed(refused, client.language, {"call": call.id})
    finally:
        call.finish()


def _asked(client: Client, operation: Operation, params: Mapping[str, msgspec.Raw]) -> tuple[str, str, bytes]:
    """Return the server, the name and what leaves hanbok, a JSON object. Raises ValidationError."""
    resource = operation is Operation.RESOURCE
    named = msgspec.json.decode(params.get("uri" if resource else "name", b"null"), type=str)
    sign = _JOINT_ADDRESS if resource else _JOINT
    server, name = (client.server, named) if client.server else named.partition(sign)[::2]
    if resource:
        server = (
            server if _SERVER.fullmatch(server) else ""
        )  # an address may name a person, an error must not
        read = unquoted(name)
        return (
            server,
            name,
            msgspec.json.encode({"uri": name} if read == name else {"uri": name, "read": read}),
        )
    body = bytes(params.get("arguments", b"{}"))
    body = b"{}" if body == b"null" else body
    if operation is Operation.PROMPT:
        msgspec.json.decode(body, type=dict[str, str])
    elif not body.startswith(b"{"):
        raise msgspec.ValidationError
    return server, name, body


class _Error(msgspec.Struct):
    code: int


class _Replied(msgspec.Struct):
    error: _Error | None = None


def _fitted(body: bytes, operation: Operation, server: str, *, modern: bool) -> bytes:
    """Say that a result is whole, where its server is of a time in which none said so, and that it is nobody else's;
    give the addresses in it as this client knows them, if it asks all servers at one place.
    """
    result = msgspec.json.decode(body, type=dict[str, dict[str, Any]])["result"]
    if modern:
        result = {"resultType": "complete"} | result
        if operation is Operation.RESOURCE:
            result |= {"ttlMs": 0, "cacheScope": "private"}
    if server:
        for one in _addressed(result):
            one["uri"] = f"{server}{_JOINT_ADDRESS}{one['uri']}"
    return msgspec.json.encode({"result": result})


def _addressed(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what has a resource's address in a result: contents, links and what is embedded in messages."""
    messages = [one.get("content") for one in _objects(result.get("messages"))]
    for part in _objects([*_objects(result.get("content")), *messages]):
        one = part.get("resource") if part.get("type") == "resource" else part
        yield from (found for found in _objects([one]) if isinstance(found.get("uri"), str))
    yield from (one for one in _objects(result.get("contents")) if isinstance(one.get("uri"), str))


def _objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] - JSON


def _made(
    client: Client, operation: Operation, model: str, body: bytes, params: Mapping[str, msgspec.Raw]
) -> Call:
    """Return the call: what leaves hanbok of it is `body` alone, not `_meta` and not the headers."""
    headers = dict(client.inbound.headers)
    if approval := _text(_members(params.get("_meta")), _APPROVAL_META):
        headers[APPROVAL] = approval
    return Call(
        id=fresh_id(),
        route="/mcp",
        operation=operation,
        body=body,
        headers=headers,
        origin=client.inbound.peer,
        digest=hashlib.sha256(body).hexdigest(),
        model=model,
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
