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
from hanbok.gateway.mcp.sessions import Sessions
from hanbok.gateway.mcp.shelf import Reading
from hanbok.gateway.mcp.stdio import Program
from hanbok.gateway.mcp.toolbox import Toolbox
from hanbok.gateway.path import Path
from hanbok.gateway.shared_steps import with_brought
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
class Built:
    server: ToolServer
    line: Line
    door: Doorway


@dataclass(frozen=True, slots=True)
class ToolGate:
    """All that serves tools by one version of the settings."""

    toolbox: Toolbox
    keys: Keys
    path: Path
    lines: Mapping[str, Built]


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
        self.lines: Final = Lines(upstream, version, store)
        self._path: Path | None = None

    def of(self, rules: ToolRules) -> ToolGate:
        """Return a gate that is yet to be put in force. Raises TokenKeysUnfit, ToolExtraMissing, UpstreamUnreachable
        for an address that is none.
        """
        keys: Keys = self._keyring
        if rules.tokens is not None:
            keys = _tokens(self._keyring, rules.tokens)
        lines = self.lines.of(rules.servers)
        masks = {key: kind.mask for key, kind in rules.guard.kinds.items()}
        reading = Reading(guard=rules.guard, masks=masks, masked=rules.masked)
        toolbox = Toolbox(rules.servers, {name: built.line for name, built in lines.items()}, reading)
        steps = with_brought(self._steps(rules, toolbox, keys, masks), rules.brought)
        path = Path(with_vault(steps, rules.vault, rules.guard.kinds))
        return ToolGate(toolbox, keys, path, lines)

    def put_in_force(self, gate: ToolGate) -> None:
        """Let go of the lines that this gate does not want, when no call is on the path before."""
        self.lines.put_in_force(gate.lines, self._path)
        self._path = gate.path

    def _steps(self, rules: ToolRules, toolbox: Toolbox, keys: Keys, masks: Mapping[str, str]) -> list[Step]:
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


class Lines:
    """Lines by name of their server, kept over reloads while its settings stay the same."""

    def __init__(self, upstream: Upstream, version: str, store: Store) -> None:
        self._upstream: Final = upstream
        self._version: Final = version
        self._store: Final = store
        self._built: dict[str, Built] = {}
        self._retiring: dict[asyncio.Task[None], list[Line]] = {}

    @property
    def gates(self) -> set[Opening]:
        """The places that the servers in force are reached at."""
        return {gate for built in self._built.values() for gate in built.door.gates}

    def of(self, servers: Mapping[str, ToolServer]) -> dict[str, Built]:
        """Return a line to each: the one that is there, or a new one. Raises UpstreamUnreachable for an address that
        is none.
        """
        return {name: self._line(name, server) for name, server in servers.items()}

    def put_in_force(self, wanted: Mapping[str, Built], before: Path | None) -> None:
        """Let go of the lines that are no longer wanted, when no call is on the path before."""
        gone = [built.line for name, built in self._built.items() if wanted.get(name) is not built]
        self._built = dict(wanted)
        if gone:
            task = asyncio.create_task(_retire(gone, before))
            self._retiring[task] = gone
            task.add_done_callback(lambda done: self._retiring.pop(done, None))

    async def close(self) -> None:
        """Let go of every server."""
        retiring = dict(self._retiring)
        for task in retiring:
            task.cancel()
        await asyncio.gather(*retiring, return_exceptions=True)
        gone = [line for lines in retiring.values() for line in lines]  # their tasks may not even have begun
        await _retire([*gone, *(built.line for built in self._built.values())], None)
        self._built = {}

    def _line(self, name: str, server: ToolServer) -> Built:
        there = self._built.get(name)
        if there is not None and there.server == server:
            return there
        door = Doorway(self._upstream)
        if not server.url:
            return Built(server, Program(server, self._version), door)
        sessions = Sessions(self._store, server.url)
        return Built(server, Remote(server, door, self._version, sessions), door)


async def _retire(lines: list[Line], before: Path | None) -> None:
    if before is not None:
        await before.idle()
    for line in lines:
        await line.close()
