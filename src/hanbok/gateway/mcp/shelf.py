"""What an MCP server says that it has: tools, prompts, resources and templates of resources, believed for a while."""

import asyncio
import glob
import logging
import re
from asyncio import to_thread
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import msgspec

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.guarding import CRASHES, LONG, guard_failed
from hanbok.gateway.head import InvalidJson
from hanbok.gateway.mcp.errors import ToolServerFailed
from hanbok.gateway.mcp.line import Line
from hanbok.gateway.mcp.server import Kind, ToolServer, matches, unquoted
from hanbok.gateway.mcp.wire import METHOD_NOT_FOUND, mirrors, without_mirrors
from hanbok.gateway.steps.inspect import Finder
from hanbok.gateway.texts import Texts
from hanbok.guard.injection import screen
from hanbok.guard.pseudonym import mask

_PAGES: Final = 100
_NO_LIST: Final = Text(ko="목록이 아닙니다", en="it is no list")
_VARIABLE: Final = re.compile(r"\{[^{}]*\}")
"""RFC 6570, 2.2."""
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
class Reading:
    """How closely lists of resources are read, which are live data: as what the server gives back."""

    guard: Finder
    masks: Mapping[str, str]
    masked: frozenset[str]
    """Kinds that nobody may be shown."""

    def shown(
        self, definition: Mapping[str, Any], name: str, refused: frozenset[str]
    ) -> dict[str, Any] | None:
        """Return a definition as it may be shown; None: it holds what is refused, or its very address would change.
        Raises GuardFailed, InvalidJson.
        """
        bare = {"read": unquoted(definition[name]), "of": definition}
        texts = Texts(msgspec.json.encode(bare))
        try:
            found = self.guard.find(texts.text)
        except CRASHES as crash:
            raise guard_failed(crash) from None
        if any(one.kind in refused for one in found):
            return None
        shut = [one for one in found if one.kind in self.masked]
        if not shut:
            return dict(definition)
        told = msgspec.json.decode(texts.replace(mask(texts.text, shut, self.masks)))
        same = told["read"] == bare["read"] and told["of"].get(name) == definition[name]
        return told["of"] if same else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One thing as its server describes it; `definition` is what clients are shown, as JSON."""

    name: str
    definition: Mapping[str, Any]
    mirrors: tuple[tuple[tuple[str, ...], str], ...] = ()


class Shelf:
    """One list of one server, as last seen."""

    def __init__(self, server: ToolServer, line: Line, listing: Listing, reading: Reading) -> None:
        self.things: dict[str, Listed] = {}
        self._instructing: list[str] = []
        """Patterns of the names whose descriptions instruct."""
        self._server = server.name
        self._refused = server.refuse
        self._reading = reading
        self._line = line
        self._listing = listing
        self._seen = float("-inf")
        self._lock = asyncio.Lock()

    async def look(self, fresh: float) -> dict[str, Listed]:
        """Return what is there, seen at most so many seconds ago. Raises what `Line.ask` does, ToolServerFailed."""
        async with self._lock:
            if monotonic() - self._seen > fresh:
                self.things, self._instructing = await self._read()
                self._seen = monotonic()
        return self.things

    def instructs(self, address: str) -> bool:
        """Whether what is at this address was left out, as last seen, because its description instructs."""
        return matches(self._instructing, unquoted(address))

    async def _read(self) -> tuple[dict[str, Listed], list[str]]:
        listing, things = self._listing, dict[str, Listed]()
        instructing: list[str] = []
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
            if len(answer.result) < LONG:
                self._put(shown, things, instructing)
            else:
                await to_thread(self._put, shown, things, instructing)
            if not cursor:
                break
        return things, instructing

    def _page(self, result: msgspec.Raw) -> tuple[tuple[dict[str, Any], ...], str | None]:
        try:
            page = msgspec.json.decode(result, type=dict[str, msgspec.Raw])
            shown = msgspec.json.decode(page.get(self._listing.member, b""), type=tuple[dict[str, Any], ...])
            return shown, msgspec.json.decode(page.get("nextCursor", b"null"), type=str | None)
        except msgspec.DecodeError as error:
            raise UpstreamGarbled(origin=self._server, why=_NO_LIST) from error

    def _put(
        self, shown: Iterable[Mapping[str, Any]], things: dict[str, Listed], instructing: list[str]
    ) -> None:
        """Add things; one whose description hides instructions to a model is left out, and nobody may then use it."""
        for definition in shown:
            name = definition.get(self._listing.name)
            if not isinstance(name, str) or not name:
                continue
            try:
                if self._instructs(name, definition):
                    instructing.append(_pattern(name))
                elif one := self._thing(name, definition):
                    things[name] = one
            except InvalidJson as error:
                raise UpstreamGarbled(origin=self._server, why=error.message) from None

    def _instructs(self, name: str, definition: Mapping[str, Any]) -> bool:
        found = bool(screen(Texts(msgspec.json.encode(definition)).text))
        if found:
            _log.warning(
                "%r in %r of the MCP server %r is left out: its description instructs",
                name[:100],
                self._listing.member,
                self._server,
            )
        return found

    def _thing(self, name: str, definition: Mapping[str, Any]) -> Listed | None:
        shown = {key: without_mirrors(one) for key, one in definition.items() if key != "_meta"}
        if self._listing.kind is Kind.RESOURCE:
            read = self._reading.shown(shown, self._listing.name, self._refused)
            if read is None:
                _log.warning(
                    "one of %r of the MCP server %r is not shown: for what it holds",
                    self._listing.member,
                    self._server,
                )
                return None
            shown = read
        return Listed(name=name, definition=shown, mirrors=tuple(mirrors(definition.get("inputSchema"))))


def _pattern(name: str) -> str:
    """Return what fits a name, or every address that a template makes."""
    return "*".join(map(glob.escape, _VARIABLE.split(unquoted(name))))
