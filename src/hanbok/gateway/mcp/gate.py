"""The way of a tool's call through hanbok: the same steps as a model's, with four of its own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from hanbok.core.clock import now
from hanbok.evidence.log import Log
from hanbok.gateway.mcp.errors import ToolExtraMissing
from hanbok.gateway.mcp.line import Line
from hanbok.gateway.mcp.remote import Remote
from hanbok.gateway.mcp.rules import ToolRules
from hanbok.gateway.mcp.server import ToolServer
from hanbok.gateway.mcp.stdio import Program
from hanbok.gateway.mcp.toolbox import Toolbox
from hanbok.gateway.path import Path
from hanbok.gateway.step import Step
from hanbok.gateway.steps.admit_tool import AdmitTool
from hanbok.gateway.steps.ask_leave import AskLeave
from hanbok.gateway.steps.authenticate import Authenticate
from hanbok.gateway.steps.call_tool import CallTool
from hanbok.gateway.steps.decide import Decide
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.protect_tool import ProtectTool
from hanbok.gateway.steps.record import Record
from hanbok.gateway.steps.witness import Witness
from hanbok.gateway.transport.egress import Doorway
from hanbok.gateway.upstream import Gate as Opening
from hanbok.gateway.upstream import Upstream
from hanbok.gateway.vaults import with_vault
from hanbok.policy.gate import Gate
from hanbok.policy.keyring import KeyRing, Keys
from hanbok.policy.token_rules import TokenRules
from hanbok.policy.tool_leave import ToolLeave
from hanbok.store.database import Store

if TYPE_CHECKING:
    from hanbok.policy.access_tokens import AccessTokens


@dataclass(frozen=True, slots=True)
class ToolGate:
    """All that serves tools by one version of the settings."""

    toolbox: Toolbox
    keys: Keys
    path: Path


class ToolGates:
    """Makes the gate of each version of the settings; lines to servers and what was counted outlive it."""

    def __init__(
        self,
        upstream: Upstream,
        version: str,
        measure: Step,
        log: Log,
        store: Store,
        keyring: KeyRing,
        gate: Gate,
    ) -> None:
        """Take what is the server's for life."""
        self._measure = measure
        self._log = log
        self._store = store
        self._keyring = keyring
        self._gate = gate
        self.lines: Final = Lines(upstream, version)
        self._path: Path | None = None

    def of(self, rules: ToolRules) -> ToolGate:
        """Return the gate that is in force from now on. Raises TokenKeysUnfit, ToolExtraMissing,
        UpstreamUnreachable.
        """
        keys: Keys = self._keyring
        if rules.tokens is not None:
            keys = _tokens(self._keyring, rules.tokens)
        toolbox = self.lines.toolbox(rules.servers, self._path)
        self._path = Path(with_vault(self._steps(rules, toolbox, keys), rules.vault, rules.guard.kinds))
        return ToolGate(toolbox, keys, self._path)

    def _steps(self, rules: ToolRules, toolbox: Toolbox, keys: Keys) -> list[Step]:
        masks = {key: kind.mask for key, kind in rules.guard.kinds.items()}
        return [
            self._measure,
            Authenticate(keys, now),
            Witness(self._log, rules.judge, toolbox),
            AdmitTool(toolbox, self._gate),
            Inspect(rules.guard, rules.guard.kinds),
            Decide(rules.judge),
            AskLeave(toolbox, ToolLeave(self._store), masks),
            Record(self._log, rules.judge),
            ProtectTool(rules.guard, toolbox, masks, rules.masked, rules.hider_of),
            CallTool(toolbox),
        ]


def _tokens(keyring: KeyRing, rules: TokenRules) -> Keys:
    try:
        tokens = import_module("hanbok.policy.access_tokens").AccessTokens
    except ModuleNotFoundError as error:
        raise ToolExtraMissing(package=error.name) from error
    return cast("type[AccessTokens]", tokens)(keyring, rules)


@dataclass(frozen=True, slots=True)
class _Built:
    server: ToolServer
    line: Line
    door: Doorway


class Lines:
    """Lines by name of their server, kept over reloads while its settings stay the same."""

    def __init__(self, upstream: Upstream, version: str) -> None:
        self._upstream: Final = upstream
        self._version: Final = version
        self._built: dict[str, _Built] = {}
        self._retiring = set[asyncio.Task[None]]()

    @property
    def gates(self) -> set[Opening]:
        """The places that the servers in force are reached at."""
        return {gate for built in self._built.values() for gate in built.door.gates}

    def toolbox(self, servers: Mapping[str, ToolServer], before: Path | None) -> Toolbox:
        """Return the tools of these servers, which are in force from now on. Lines to others are let go when no call
        is on the path before. Raises UpstreamUnreachable for an address that is none.
        """
        wanted = {name: self._line(name, server) for name, server in servers.items()}
        gone = [built.line for name, built in self._built.items() if wanted.get(name) is not built]
        self._built = wanted
        if gone:
            task = asyncio.create_task(_retire(gone, before))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
        return Toolbox(servers, {name: built.line for name, built in wanted.items()})

    async def close(self) -> None:
        """Let go of every server."""
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await _retire([built.line for built in self._built.values()], None)
        self._built = {}

    def _line(self, name: str, server: ToolServer) -> _Built:
        there = self._built.get(name)
        if there is not None and there.server == server:
            return there
        door = Doorway(self._upstream)
        line = Remote(server, door, self._version) if server.url else Program(server, self._version)
        return _Built(server, line, door)


async def _retire(lines: list[Line], before: Path | None) -> None:
    if before is not None:
        await before.idle()
    for line in lines:
        await line.close()
