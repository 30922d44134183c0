"""Who has the log and the money in custody: what only one process of a server may hold."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from hanbok.core.clock import now
from hanbok.core.duty import Duty
from hanbok.core.metrics import Registry, exposition
from hanbok.evidence.entry import Intent
from hanbok.evidence.errors import MachineTwice
from hanbok.evidence.journal import Journal
from hanbok.evidence.log import FiledLog
from hanbok.evidence.outbox import drain_outbox
from hanbok.evidence.upkeep import Upkeep
from hanbok.gateway.endpoint import Endpoint, EndpointConfig
from hanbok.gateway.upstream import Upstream
from hanbok.policy.books import Books
from hanbok.policy.gate import Gate, Here
from hanbok.policy.keyring import KeyRing
from hanbok.policy.limits import Limiter
from hanbok.policy.shared.extra import part
from hanbok.settings.limits import SharedLimitsSettings
from hanbok.settings.settings import Settings
from hanbok.store.database import Store

if TYPE_CHECKING:
    from hanbok.policy.shared.gate import SharedGate
    from hanbok.policy.shared.sharing import Sharing

_ACTS_EVERY: Final = 0.4
_SPEND_EVERY: Final = 2.0

Claims: TypeAlias = Callable[[], Awaitable[frozenset[str]]]
"""Tells which calls without an outcome are still under way, in other processes."""


class Custody(Protocol):
    @property
    def log(self) -> FiledLog: ...

    @property
    def calls(self) -> Gate:
        """What calls pass. There once `begin` returned."""
        ...

    @property
    def previews(self) -> Gate:
        """What previews pass: they are limited as calls are, and take none from them."""
        ...

    @property
    def registry(self) -> Registry:
        """What this process counts."""
        ...

    @property
    def leads(self) -> bool:
        """Whether this process speaks for the server: makes the first key, writes down what is put in force."""
        ...

    async def begin(self, store: Store, keyring: KeyRing) -> None:
        """Make ready for the first call. Raises HanbokError."""
        ...

    def duties(self) -> list[Duty]: ...

    def unready(self) -> list[str]:
        """Return what is not ready, for people."""
        ...

    async def metrics(self) -> bytes:
        """Return the counters of the whole server (Prometheus text)."""
        ...

    def housed(self, endpoint: Endpoint, config: EndpointConfig, upstream: Upstream) -> Endpoint:
        """Return what stands for an endpoint in this process: itself, or who asks the process that runs it."""
        ...

    async def returned(self, endpoint: Endpoint) -> None:
        """Return when no call of another process is at an endpoint that runs here."""
        ...

    def nudge(self) -> None:
        """Tell the process that tunes models to look for work."""
        ...

    async def close(self) -> None:
        """Write down what is not yet written."""
        ...


async def _nobody() -> frozenset[str]:
    return frozenset()


class Loans:
    """Which endpoints of this process calls of other processes are at."""

    def __init__(self) -> None:
        self._lent: list[Endpoint] = []
        self._back = asyncio.Event()

    def lend(self, endpoint: Endpoint) -> Callable[[], None]:
        """Note a call. What is returned is to be called once, when it is over."""
        self._lent.append(endpoint)
        return partial(self._give_back, endpoint)

    async def returned(self, endpoint: Endpoint) -> None:
        """Return when no call is there."""
        while endpoint in self._lent:
            self._back.clear()
            await self._back.wait()

    def _give_back(self, endpoint: Endpoint) -> None:
        self._lent.remove(endpoint)
        self._back.set()


class Own:
    """In this process's own hands."""

    leads = True

    def __init__(self, settings: Settings, claims: Claims = _nobody) -> None:
        """Lock and open the log. Raises LogLocked, LogBroken, LogUnavailable."""
        self.log = Journal.open(settings.evidence_directory, settings.evidence.options())
        self.registry = Registry()
        self.calls: Here | SharedGate
        self.previews: Here | SharedGate
        self.claimed: list[Intent]
        """Calls of an earlier process that others carry on. There once `begin` returned."""
        self.loans = Loans()
        self._evidence = settings.evidence
        self._shared = settings.limits.shared
        self._sharing: Sharing | None = None
        self._claims = claims
        self._store: Store | None = None
        self._books: Books
        self._upkeep: Upkeep

    async def begin(self, store: Store, keyring: KeyRing) -> None:
        """Check the log against the database, close what a crash cut off, rebuild this month's sums."""
        said = self._evidence
        self._upkeep = Upkeep(self.log, store, said.asked(), said.needed(), said.witness_seconds)
        await self._upkeep.check()
        await drain_outbox(store, self.log, self.log.size)
        self._books = await Books.open(store, self.log, keyring.limits_of, await self._claims())
        self.claimed = self._books.claimed
        if self._shared is None:
            self.calls = Here(Limiter(), self._books.ledger, now)
            self.previews = Here(Limiter(), self._books.ledger, now)
        else:
            self._sharing = _sharing(self._shared, self.log, store, keyring)
            await self._sharing.begin()
            self.calls, self.previews = self._sharing.calls, self._sharing.previews
        self._store = store
        self.log.attach()

    def duties(self) -> list[Duty]:
        return [
            Duty(_ACTS_EVERY, self._move_acts, on_change=True),
            Duty(_SPEND_EVERY, self._keep_spend),
            *self._upkeep.duties(),
        ]

    def unready(self) -> list[str]:
        twice = [f"evidence: {MachineTwice.code}"] if self._upkeep.twice else []
        return twice + (self._sharing.unready() if self._sharing is not None else [])

    async def metrics(self) -> bytes:
        return exposition(self.registry.families())

    def housed(self, endpoint: Endpoint, config: EndpointConfig, upstream: Upstream) -> Endpoint:  # noqa: ARG002
        return endpoint

    async def returned(self, endpoint: Endpoint) -> None:
        await self.loans.returned(endpoint)

    def nudge(self) -> None:
        """Nobody else tunes."""

    async def close(self) -> None:
        try:
            if self._store is not None:
                await self._move_acts()
                await self._keep_spend()
                await self._upkeep.close()
        finally:
            async with AsyncExitStack() as last:
                last.push_async_callback(asyncio.to_thread, self.log.close)
                last.push_async_callback(self.log.detach)
                if self._sharing is not None:
                    await self._sharing.close()

    async def _move_acts(self) -> None:
        """Move administrators' acts, which any process may have put into the database, to the log."""
        if self._store is not None and not self._upkeep.twice:
            await drain_outbox(self._store, self.log, self.log.size)

    async def _keep_spend(self) -> None:
        await asyncio.to_thread(self._books.flush)


def _sharing(said: SharedLimitsSettings, log: Journal, store: Store, keyring: KeyRing) -> "Sharing":
    sharing = cast("type[Sharing]", part("sharing").Sharing)
    return sharing(said.at(), log, store, keyring.limits_of, lenient=said.away == "allow")
