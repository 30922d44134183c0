"""What an MCP server says that it has: tools, prompts, resources and templates of resources, believed for a while."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import msgspec

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.mcp.errors import ToolServerFailed
from hanbok.gateway.mcp.line import Line
from hanbok.gateway.mcp.server import Kind
from hanbok.gateway.mcp.wire import METHOD_NOT_FOUND, mirrors, without_mirrors
from hanbok.gateway.texts import Texts
from hanbok.guard.injection import screen

_PAGES: Final = 100
_NO_LIST: Final = Text(ko="목록이 아닙니다", en="it is no list")
_log = logging.getLogger("hanbok.mcp")


@dataclass(frozen=True, slots=True)
class Listing:
    """One of the lists that a server gives."""

    kind: Kind
    member: str
    """Member of the result that holds it."""
    name: str
    """Member of each thing that names it."""
    method: str


TOOLS: Final = Listing(Kind.TOOL, "tools", "name", "tools/list")
PROMPTS: Final = Listing(Kind.PROMPT, "prompts", "name", "prompts/list")
RESOURCES: Final = Listing(Kind.RESOURCE, "resources", "uri", "resources/list")
TEMPLATES: Final = Listing(Kind.RESOURCE, "resourceTemplates", "uriTemplate", "resources/templates/list")
LISTINGS: Final = (TOOLS, PROMPTS, RESOURCES, TEMPLATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One thing as its server describes it; `definition` is what clients are shown, as JSON."""

    name: str
    definition: Mapping[str, Any]
    mirrors: tuple[tuple[tuple[str, ...], str], ...] = ()


class Shelf:
    """One list of one server, as last seen."""

    def __init__(self, server: str, line: Line, listing: Listing) -> None:
        self.things: dict[str, Listed] = {}
        self._server = server
        self._line = line
        self._listing = listing
        self._seen = float("-inf")
        self._lock = asyncio.Lock()

    async def look(self, fresh: float) -> dict[str, Listed]:
        """Return what is there, seen at most so many seconds ago. Raises what `Line.ask` does, ToolServerFailed."""
        async with self._lock:
            if monotonic() - self._seen > fresh:
                self.things = await self._read()
                self._seen = monotonic()
        return self.things

    async def _read(self) -> dict[str, Listed]:
        listing, things = self._listing, dict[str, Listed]()
        cursor: str | None = None
        for _ in range(_PAGES):
            params = {} if cursor is None else {"cursor": cursor}
            answer = await self._line.ask(listing.method, params, visitor="")
            if not isinstance(answer.result, msgspec.Raw):
                code = answer.error.code if answer.error else 0
                if code == METHOD_NOT_FOUND and listing is not TOOLS:
                    break  # it has none
                raise ToolServerFailed(server=self._server, what=f"JSON-RPC {code}")
            shown, cursor = self._page(answer.result)
            for definition in shown:
                if one := self._thing(definition):
                    things[one.name] = one
            if not cursor:
                break
        return things

    def _page(self, result: msgspec.Raw) -> tuple[tuple[dict[str, Any], ...], str | None]:
        try:
            page = msgspec.json.decode(result, type=dict[str, msgspec.Raw])
            shown = msgspec.json.decode(page.get(self._listing.member, b""), type=tuple[dict[str, Any], ...])
            return shown, msgspec.json.decode(page.get("nextCursor", b"null"), type=str | None)
        except msgspec.DecodeError as error:
            raise UpstreamGarbled(origin=self._server, why=_NO_LIST) from error

    def _thing(self, definition: Mapping[str, Any]) -> Listed | None:
        """Return a thing; None for one whose description hides instructions to a model, which nobody may then use."""
        name = definition.get(self._listing.name)
        if not isinstance(name, str) or not name:
            return None
        if screen(Texts(msgspec.json.encode(definition)).text):
            _log.warning(
                "%r in %r of the MCP server %r is left out: its description instructs",
                name[:100],
                self._listing.member,
                self._server,
            )
            return None
        shown = {key: without_mirrors(one) for key, one in definition.items() if key != "_meta"}
        return Listed(name=name, definition=shown, mirrors=tuple(mirrors(definition.get("inputSchema"))))
