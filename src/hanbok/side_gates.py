"""The gates beside that of models: tools, sessions and passages. Each is loaded when settings first ask for it."""

from collections.abc import Mapping
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, cast

from hanbok.custody import Custody
from hanbok.gateway.mcp.rules import ToolRules
from hanbok.gateway.shared_steps import SharedSteps
from hanbok.gateway.step import Step
from hanbok.gateway.upstream import Gate as Opening
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.guard.kinds import Kind
from hanbok.policy.keyring import KeyRing
from hanbok.settings.settings import Settings
from hanbok.store.database import Store

if TYPE_CHECKING:
    from hanbok.gateway.mcp.gate import ToolGate, ToolGates
    from hanbok.gateway.passthrough.gate import PassageGate
    from hanbok.gateway.passthrough.passages import Passage
    from hanbok.gateway.passthrough.passages import Place as Allowed
    from hanbok.gateway.realtime.gate import RealtimeGate, RealtimeRules
    from hanbok.vault.service import VaultService

_MIB = 1024 * 1024
_MICRO = 1_000_000


class SideGates:
    """Outlives the settings; what it makes is of one version of them."""

    def __init__(
        self,
        upstream: Http1,
        version: str,
        measure: Step,
        custody: Custody,
        store: Store,
        keyring: KeyRing,
    ) -> None:
        """Take what is the server's for life."""
        self._upstream = upstream
        self._custody = custody
        self._store = store
        self._made_of = (upstream, version, measure, custody.log, store, keyring)
        self._tools: ToolGates | None = None
        self._sessions: set[str] = set()

    @property
    def openings(self) -> set[Opening]:
        """The places that tools are reached at."""
        return self._tools.lines.gates if self._tools is not None else set()

    def tools(self, rules: ToolRules) -> "ToolGate | None":
        """Return the way of tools' calls; None: the settings name no MCP server."""
        if self._tools is None:
            if not rules.servers:
                return None
            gates = cast("type[ToolGates]", import_module("hanbok.gateway.mcp.gate").ToolGates)
            self._tools = gates(*self._made_of, self._custody.calls)
        return self._tools.of(rules)

    def realtime(
        self,
        settings: Settings,
        steps: SharedSteps,
        vault: "VaultService | None",
        kinds: Mapping[str, Kind],
    ) -> "RealtimeGate | None":
        """Return the way of sessions; None: the settings name no model for them."""
        said = settings.realtime
        if not (said.models or said.transcription):
            return None
        module = import_module("hanbok.gateway.realtime.gate")
        rules = cast("type[RealtimeRules]", module.RealtimeRules)(
            models=said.models,
            writing=said.transcription,
            sound_zones=frozenset(said.sound_zones),
            limit=int(said.message_mib * _MIB),
            idle=said.idle,
            longest=said.longest,
            sessions=said.sessions,
        )
        gate = cast("type[RealtimeGate]", module.RealtimeGate)
        return gate(rules, steps, vault, kinds, self._upstream, self._sessions, self._store)

    def passages(
        self,
        settings: Settings,
        steps: SharedSteps,
        vault: "VaultService | None",
        kinds: Mapping[str, Kind],
        day: date,
    ) -> "PassageGate | None":
        """Return the way of what is passed through; None: no endpoint allows any path."""
        if not any(one.passthrough for one in settings.endpoints.values()):
            return None
        passages = import_module("hanbok.gateway.passthrough.passages")
        place, passage = cast("type[Allowed]", passages.Place), cast("type[Passage]", passages.Passage)
        places = {
            name: place(
                settings.destination(name, day),
                tuple(
                    passage(
                        method=said.method,
                        path=tuple(said.path.removeprefix("/").split("/")),
                        price=None if said.price is None else int(said.price * _MICRO),
                        unread=frozenset(media.lower() for media in said.unread),
                    )
                    for said in one.passthrough
                ),
            )
            for name, one in settings.endpoints.items()
            if one.passthrough
        }
        gate = cast("type[PassageGate]", import_module("hanbok.gateway.passthrough.gate").PassageGate)
        return gate(places, steps, vault, kinds, self._upstream)

    def put_in_force(self, tools: "ToolGate | None") -> None:
        """Let go of what these do not want, when no call is on the path before."""
        if self._tools is not None and tools is not None:
            self._tools.put_in_force(tools)

    async def close(self) -> None:
        """Let go of every server of tools."""
        if self._tools is not None:
            await self._tools.lines.close()
