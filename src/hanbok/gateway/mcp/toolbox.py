"""The tools of all MCP servers, as a catalogue that the steps can ask: who may use which, and where it is."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal, Text
from hanbok.gateway.catalogue import Catalogue, Offer, Target
from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.facts import unknown_facts
from hanbok.gateway.mcp.errors import ToolNotAllowed, ToolServerFailed, ToolServerUnknown
from hanbok.gateway.mcp.line import Line
from hanbok.gateway.mcp.server import ToolServer
from hanbok.gateway.mcp.wire import Answer, mirrored, mirrors, without_mirrors
from hanbok.gateway.texts import Texts
from hanbok.guard.injection import screen

_FRESH: Final = 60.0
"""Seconds for which a server's list of tools is believed."""
_PATIENCE: Final = 5.0
"""Seconds between two looks for a tool that was not in the list."""
_PAGES: Final = 100
_NO_LIST: Final = Text(ko="도구 목록이 아닙니다", en="it is no list of tools")
_log = logging.getLogger("hanbok.mcp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool as its server describes it; `definition` is what clients are shown, as JSON."""

    name: str
    definition: Mapping[str, Any]
    mirrors: tuple[tuple[tuple[str, ...], str], ...] = ()


@dataclass(slots=True)
class _Shelf:
    """The tools of one server, as last seen."""

    tools: dict[str, Tool] = field(default_factory=dict[str, Tool])
    seen: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Page(msgspec.Struct):
    tools: tuple[dict[str, Any], ...]
    nextCursor: str | None = None  # noqa: N815 - the protocol's spelling


class Toolbox(Catalogue):
    """Names are `server/tool`. Offers have one target: the server."""

    def __init__(self, servers: Mapping[str, ToolServer], lines: Mapping[str, Line]) -> None:
        super().__init__({})
        self._servers = dict(servers)
        self._lines = dict(lines)
        self._shelves = {name: _Shelf() for name in servers}

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
        server, _, tool = name.partition("/")
        return server in self._shelves and tool in self._shelves[server].tools

    def split(self, name: str) -> tuple[ToolServer, str]:
        """Return the server and the tool's own name. Raises ToolServerUnknown."""
        server, _, tool = name.partition("/")
        return self.server(server), tool

    def server(self, name: str) -> ToolServer:
        """Return the server of this name. Raises ToolServerUnknown."""
        try:
            return self._servers[name]
        except KeyError:
            raise ToolServerUnknown(server=name[:50]) from None

    async def visible(self, server: str, who: Principal) -> list[Tool]:
        """Return the tools of a server that the caller may use. Raises what `Line.ask` does, ToolServerUnknown."""
        config = self.server(server)
        shelf = await self._look(config, _FRESH)
        return [tool for tool in shelf.tools.values() if config.admits(tool.name, who)]

    async def visible_everywhere(self, who: Principal) -> dict[str, list[Tool]]:
        """Return the tools that the caller may use, by server; of a server that does not answer, none."""
        found = await asyncio.gather(*(self._visible_or_none(server, who) for server in self._servers))
        return dict(zip(self._servers, found, strict=True))

    async def _visible_or_none(self, server: str, who: Principal) -> list[Tool]:
        try:
            return await self.visible(server, who)
        except HanbokError as error:
            _log.warning("the MCP server %r shows no tools: %s", server, error)
            return []

    async def find(self, name: str, who: Principal) -> Tool:
        """Return a tool that the caller may use. Raises ToolNotAllowed, and as `visible`."""
        config, tool = self.split(name)
        if not config.admits(tool, who):
            raise ToolNotAllowed(tool=tool[:100])
        shelf = await self._look(config, _FRESH)
        if tool not in shelf.tools:
            shelf = await self._look(config, _PATIENCE)
        if tool not in shelf.tools:
            raise ToolNotAllowed(tool=tool[:100])
        return shelf.tools[tool]

    async def call(self, name: str, arguments: bytes, *, visitor: str) -> Answer:
        """Call a tool that `find` found. `arguments` is a JSON object as it may leave.

        Raises ToolNotAllowed when its server took it back meanwhile, and what `Line.ask` does.
        """
        config, tool = self.split(name)
        found = self._shelves[config.name].tools.get(tool)
        if found is None:
            raise ToolNotAllowed(tool=tool[:100])
        headers = mirrored(found.mirrors, msgspec.json.decode(arguments)) if found.mirrors else ()
        params = {"name": tool, "arguments": msgspec.Raw(arguments)}
        return await self._lines[config.name].ask("tools/call", params, visitor=visitor, headers=headers)

    def leave(self, visitor: str) -> None:
        """Forget what servers keep for this visitor."""
        for line in self._lines.values():
            line.leave(visitor)

    async def _look(self, server: ToolServer, fresh: float) -> _Shelf:
        shelf = self._shelves[server.name]
        async with shelf.lock:
            if monotonic() - shelf.seen > fresh:
                shelf.tools = await self._read(server)
                shelf.seen = monotonic()
        return shelf

    async def _read(self, server: ToolServer) -> dict[str, Tool]:
        tools: dict[str, Tool] = {}
        cursor: str | None = None
        for _ in range(_PAGES):
            params = {} if cursor is None else {"cursor": cursor}
            answer = await self._lines[server.name].ask("tools/list", params, visitor="")
            if not isinstance(answer.result, msgspec.Raw):
                code = answer.error.code if answer.error else 0
                raise ToolServerFailed(server=server.name, what=f"JSON-RPC {code}")
            try:
                page = msgspec.json.decode(answer.result, type=_Page)
            except msgspec.ValidationError as error:
                raise UpstreamGarbled(origin=server.name, why=_NO_LIST) from error
            for definition in page.tools:
                if tool := _tool(server, definition):
                    tools[tool.name] = tool
            if not (cursor := page.nextCursor):
                break
        return tools


def _tool(server: ToolServer, definition: Mapping[str, Any]) -> Tool | None:
    """Return a tool; None for one whose description hides instructions to a model, which nobody may then use."""
    name = definition.get("name")
    if not isinstance(name, str) or not name:
        return None
    if screen(Texts(msgspec.json.encode(definition)).text):
        _log.warning(
            "the tool %r of the MCP server %r is left out: its description instructs", name[:100], server.name
        )
        return None
    schema = definition.get("inputSchema")
    shown = {key: without_mirrors(one) for key, one in definition.items() if key != "_meta"}
    return Tool(name=name, definition=shown, mirrors=tuple(mirrors(schema)))
