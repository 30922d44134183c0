"""What all MCP servers offer, as a catalogue that the steps can ask: who may use what, and where it is."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal
from hanbok.gateway.call import Operation
from hanbok.gateway.catalogue import Catalogue, Offer, Target
from hanbok.gateway.facts import unknown_facts
from hanbok.gateway.mcp.errors import (
    PromptNotAllowed,
    ResourceNotAllowed,
    ToolNotAllowed,
    ToolServerUnknown,
)
from hanbok.gateway.mcp.line import Line
from hanbok.gateway.mcp.server import Kind, ToolServer, leaving
from hanbok.gateway.mcp.shelf import (
    LISTINGS,
    PROMPTS,
    RESOURCES,
    TEMPLATES,
    TOOLS,
    Listed,
    Listing,
    Reading,
    Shelf,
)
from hanbok.gateway.mcp.wire import Answer, mirrored

_FRESH: Final = 60.0
"""Seconds for which a server's list is believed."""
_PATIENCE: Final = 5.0
"""Seconds between two looks for what was not in the list."""
_PROMPT: Final = "prompts/"
_READ: Final = "resources/read"
"""An address may name a person: no record names the resource, all bear the digest of what was asked."""
_log = logging.getLogger("hanbok.mcp")


class _Address(msgspec.Struct):
    uri: str
    read: str | None = None
    """As people read it, where it is spelled otherwise."""


def model_of(operation: Operation, server: str, name: str) -> str:
    """Return what stands in records for a thing of a server."""
    match operation:
        case Operation.PROMPT:
            return f"{server}/{_PROMPT}{name}"
        case Operation.RESOURCE:
            return f"{server}/{_READ}"
        case _:
            return f"{server}/{name}"


class Toolbox(Catalogue):
    """Names are those of `model_of`. Offers have one target: the server."""

    def __init__(
        self, servers: Mapping[str, ToolServer], lines: Mapping[str, Line], reading: Reading
    ) -> None:
        super().__init__({})
        self._servers = dict(servers)
        self._lines = dict(lines)
        self._shelves = {
            (name, listing): Shelf(server, lines[name], listing, reading)
            for name, server in servers.items()
            for listing in LISTINGS
        }

    def offer(self, name: str) -> Offer:
        """Raise ToolServerUnknown."""
        server, tool = self.split(name)
        target = Target(
            endpoint=server.destination.endpoint,
            destination=server.destination,
            model=tool,
            facts=unknown_facts(name),
        )
        return Offer(name=name, targets=(target,))

    def __contains__(self, name: str) -> bool:
        server, _, rest = name.partition("/")
        if server not in self._servers:
            return False
        prompts, tools = self._shelves[server, PROMPTS].things, self._shelves[server, TOOLS].things
        return rest == _READ or rest in tools or rest.removeprefix(_PROMPT) in prompts

    def split(self, name: str) -> tuple[ToolServer, str]:
        """Return the server, and what it is of it. Raises ToolServerUnknown."""
        server, _, rest = name.partition("/")
        return self.server(server), rest

    def server(self, name: str) -> ToolServer:
        """Return the server of this name. Raises ToolServerUnknown."""
        try:
            return self._servers[name]
        except KeyError:
            raise ToolServerUnknown(server=name[:50]) from None

    def offers(self, kind: Kind, server: str) -> bool:
        """Whether a server, or any if none is named, has something of a kind that anybody may use."""
        servers = [self.server(server)] if server else self._servers.values()
        return any(one.offers(kind) for one in servers)

    async def visible(self, listing: Listing, server: str, who: Principal) -> list[Listed]:
        """Return what the caller may use of a server's list. Raises what `Line.ask` does, ToolServerUnknown."""
        config = self.server(server)
        if not config.offers(listing.kind):
            return []
        things = await self._shelves[server, listing].look(_FRESH)
        return [one for one in things.values() if config.admits(listing.kind, one.name, who)]

    async def visible_everywhere(self, listing: Listing, who: Principal) -> dict[str, list[Listed]]:
        """Return what the caller may use, by server; of a server that does not answer, none."""
        found = await asyncio.gather(
            *(self._visible_or_none(listing, server, who) for server in self._servers)
        )
        return dict(zip(self._servers, found, strict=True))

    async def _visible_or_none(self, listing: Listing, server: str, who: Principal) -> list[Listed]:
        try:
            return await self.visible(listing, server, who)
        except HanbokError as error:
            _log.warning("the MCP server %r shows no %s: %s", server, listing.member, error)
            return []

    def subject(self, operation: Operation, name: str, body: bytes) -> str:
        """Return what patterns are about: the name of a tool or prompt, or the address of a resource."""
        match operation:
            case Operation.PROMPT:
                return self.split(name)[1].removeprefix(_PROMPT)
            case Operation.RESOURCE:
                return _address(body)
            case _:
                return self.split(name)[1]

    async def admit(self, operation: Operation, name: str, body: bytes, who: Principal) -> None:
        """Return if the caller may use it. Raises ToolNotAllowed, PromptNotAllowed, ResourceNotAllowed, and as
        `visible`.
        """
        config, subject = self.split(name)[0], self.subject(operation, name, body)
        match operation:
            case Operation.PROMPT:
                allowed = config.admits(Kind.PROMPT, subject, who)
                if not allowed or not await self._is_there(config.name, PROMPTS, subject):
                    raise PromptNotAllowed(prompt=subject[:100])
            case Operation.RESOURCE:
                allowed = config.admits(Kind.RESOURCE, subject, who)
                if not allowed or await self._instructs(config.name, subject):
                    raise ResourceNotAllowed
            case _:
                allowed = config.admits(Kind.TOOL, subject, who)
                if not allowed or not await self._is_there(config.name, TOOLS, subject):
                    raise ToolNotAllowed(tool=subject[:100])

    async def _instructs(self, server: str, address: str) -> bool:
        shelves = [self._shelves[server, listing] for listing in (RESOURCES, TEMPLATES)]
        for shelf in shelves:
            await shelf.look(_FRESH)
        return any(shelf.instructs(address) for shelf in shelves)

    async def _is_there(self, server: str, listing: Listing, name: str) -> bool:
        shelf = self._shelves[server, listing]
        return name in await shelf.look(_FRESH) or name in await shelf.look(_PATIENCE)

    async def call(self, operation: Operation, name: str, body: bytes, *, visitor: str) -> Answer:
        """Ask for what `admit` let in. `body` is a JSON object as it may leave.

        Raises ToolNotAllowed when its server took a tool back meanwhile, and what `Line.ask` does.
        """
        config, subject = self.split(name)[0], self.subject(operation, name, body)
        line = self._lines[config.name]
        if operation is Operation.RESOURCE:
            return await line.ask("resources/read", {"uri": subject}, visitor=visitor)
        params = {"name": subject, "arguments": msgspec.Raw(body)}
        if operation is Operation.PROMPT:
            return await line.ask("prompts/get", params, visitor=visitor)
        found = self._shelves[config.name, TOOLS].things.get(subject)
        if found is None:
            raise ToolNotAllowed(tool=subject[:100])
        headers = mirrored(found.mirrors, msgspec.json.decode(body)) if found.mirrors else ()
        return await line.ask("tools/call", params, visitor=visitor, headers=headers)

    async def leave(self, visitor: str) -> None:
        """Forget what servers keep for this visitor."""
        for line in self._lines.values():
            await line.leave(visitor)


def _address(body: bytes) -> str:
    """Return the address that leaves. Raises ResourceNotAllowed."""
    address = msgspec.json.decode(body, type=_Address)
    return address.uri if address.read is None else leaving(address.uri, address.read)
