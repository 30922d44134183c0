"""The composition root: the only module that names plug-ins and puts the parts together."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from hanbok.building import (
    catalogue_of,
    endpoint_kind,
    fronts_of,
    guard_of,
    judge_of,
    rules_of,
    settings_act,
    sharp_of,
    tool_rules_of,
)
from hanbok.core.clock import now, stamp, today
from hanbok.core.duty import Duty
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text, Zone
from hanbok.custody import Custody, Own
from hanbok.gateway.asking import Place
from hanbok.gateway.catalogue import Catalogue
from hanbok.gateway.endpoint import READY, Endpoint, Licensed, Staged
from hanbok.gateway.front import Front
from hanbok.gateway.llama.releases import Shelf
from hanbok.gateway.offstage import Offstage
from hanbok.gateway.path import Path, idle
from hanbok.gateway.running import Endpoints
from hanbok.gateway.steps.authenticate import bearer
from hanbok.gateway.till import Till
from hanbok.gateway.transport.egress import Egress
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.gateway.vaults import Vaults
from hanbok.guard.guard import Guard
from hanbok.paths import Parts, Paths
from hanbok.policy.administration import Administration
from hanbok.policy.cedar import CedarJudge
from hanbok.policy.changes import Changes
from hanbok.policy.governing import HELD, Governing, govern, take_up
from hanbok.policy.key import Key
from hanbok.policy.keyring import KeyRing
from hanbok.policy.organisations import Register
from hanbok.policy.records_left import RecordsLeft
from hanbok.policy.transfers import transfer_act
from hanbok.settings.reading import Loaded, load
from hanbok.settings.released import registry, with_releases
from hanbok.settings.settings import Settings
from hanbok.side_gates import SideGates
from hanbok.store.database import Store
from hanbok.studio.jobs.desk import Desk

if TYPE_CHECKING:
    from hanbok.gateway.mcp.gate import ToolGate
    from hanbok.gateway.passthrough.gate import PassageGate
    from hanbok.gateway.realtime.gate import RealtimeGate

_RECORDS_EVERY: Final = 0.4
"""Seconds: a key revoked by another process is dead within one second."""
_POLICY_EVERY: Final = 1.0
_DAY_LOOKED_AT_EVERY: Final = 1.0
"""Seconds after midnight in Korea at which what has lapsed stops a call, at the latest."""
_VAULT_TIDIED_EVERY: Final = 60.0
_RELEASES_EVERY: Final = 0.5
"""Seconds: a model that is promoted or rolled back is on offer, or is not, within one."""
_ALL_THE_SAME: Final = 5.0
"""Seconds after which a duty is done though the database has not changed."""
_log = logging.getLogger("hanbok.app")


@dataclass(frozen=True, slots=True)
class Runtime:
    """All that is made from one version of the settings. Swapped whole: a call keeps the one it began with."""

    settings: Settings
    day: date
    guard: Guard
    judge: CedarJudge
    catalogue: Catalogue
    places: Mapping[str, Place]
    path: Path
    preview: Path
    """Tells what `path` would do: asks no model, writes nothing down, charges nothing."""
    tools: "ToolGate | None"
    """None: no MCP server is in the settings."""
    realtime: "RealtimeGate | None"
    """None: no model takes sessions."""
    passages: "PassageGate | None"
    """None: no endpoint lets paths pass through."""
    fronts: Mapping[str, Front]
    """Those of other packages, by path."""


class App:
    """The running whole: what outlives a reload, and the runtime in force."""

    def __init__(self, loaded: Loaded, store: Store, custody: Custody) -> None:
        """Use `open`."""
        self.version = version("hanbok")
        self.first_key = ""
        """Secret of the first key, on the very first start only."""
        self.log = custody.log
        self._custody = custody
        self._loaded = loaded
        self._store = store
        self._register = Register(store)
        self.keyring = KeyRing(self._register)
        self.administration = Administration(store, self.keyring)
        self._egress = Egress()
        self._upstream = Http1(egress=self._egress)
        self._paths = Paths(custody, self.keyring, self._upstream)
        self._endpoints = Endpoints(self._upstream, self._egress, custody.housed)
        self._vaults = Vaults(store)
        self.offstage = Offstage(store, self._vaults)
        self._sides = SideGates(
            self._upstream, self.version, self._paths.measure, custody, store, self.keyring
        )
        self._changes = Changes(store)
        self._policy_changes = 0
        self._bases: dict[str, str] = {}
        self._governing: Governing
        self._offered: object = None
        self._priced = ""
        self._till = Till(store)
        self._records_left = RecordsLeft(custody.registry)
        self._tasks: list[asyncio.Task[None]] = []
        self._laid: tuple[Path, ...] = ()
        self._changing = asyncio.Lock()
        self.tuning = Desk(loaded.settings.state / "studio", custody.nudge)
        self.runtime: Runtime
        """What is in force. Set when `open` returns."""

    @classmethod
    async def open(cls, loaded: Loaded, custody: Custody | None = None) -> "App":
        """Open the records, put the settings in force, start the endpoints. Raises HanbokError.

        `custody`: who has the log and the money; none: this process itself.
        """
        custody = custody or Own(loaded.settings)
        try:
            store = await asyncio.to_thread(Store.open, loaded.settings.store_url)
        except BaseException:
            await custody.close()
            raise
        app = cls(loaded, store, custody)
        try:
            await app._start()
        except BaseException:
            await app._stop_duties()
            await custody.close()
            store.close()
            raise
        return app

    async def _start(self) -> None:
        leads = self._custody.leads
        if leads:
            first = await asyncio.to_thread(self._register.bootstrap)
            self.first_key = first.secret if first else ""
        await self._keep_records()
        # From here on: a key that is revoked while the rest begins is dead when the first request comes.
        self._keep(Duty(_RECORDS_EVERY, self._keep_records, on_change=True))
        await self._custody.begin(self._store, self.keyring)
        await self._put_in_force(self._loaded, adopt=leads)
        if leads:
            self.tuning.start()
        self._keep(
            Duty(_POLICY_EVERY, self._keep_policy, on_change=True),
            Duty(_DAY_LOOKED_AT_EVERY, self._keep_day),
            Duty(_RELEASES_EVERY, self._keep_releases),
            Duty(_RELEASES_EVERY, self._keep_prices, on_change=True),
            Duty(_VAULT_TIDIED_EVERY, self._vaults.tidy),
            *self._custody.duties(),
            *self.offstage.duties(),
            *(self._till.duties() if leads else ()),
        )

    async def reload(self, loaded: Loaded | None = None) -> None:
        """Read the settings file again, unless somebody did. New calls get the settings; calls under way keep theirs.
        Raises HanbokError, and then nothing has changed but the database, if the file names another one: the old one
        was closed when the records were moved.
        """
        if loaded is None:
            loaded = await asyncio.to_thread(load, self._loaded.source)
        if loaded.settings.store_url != self._loaded.settings.store_url:
            await asyncio.to_thread(self._store.switch, loaded.settings.store_url)
        async with self._changing:
            await self._put_in_force(loaded, adopt=self._custody.leads)

    async def close(self) -> None:
        """Stop the endpoints and write down what is not yet written."""
        async with AsyncExitStack() as last:  # whatever fails to stop: a plug-in's endpoint may
            last.callback(self._store.close)
            last.push_async_callback(self._custody.close)
            last.push_async_callback(self._vaults.close)
            last.push_async_callback(self._stop_duties)
            await asyncio.gather(self.tuning.close(), self.offstage.close())
            await self._paths.close()
            await self._stop_duties()
            for endpoint in self._endpoints.put_in_force({}):
                await endpoint.close()
            await self._sides.close()
            await self._upstream.close()
            await self._till.close()

    async def metrics(self) -> bytes:
        """Return all counters as Prometheus text; none holds contents."""
        return await self._custody.metrics()

    async def _stop_duties(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def authenticate(self, headers: Mapping[str, str]) -> Key:
        """Return the caller's key. Raises KeyMissing, KeyUnknown, KeyRevoked, KeyExpired."""
        return self.keyring.find(bearer(headers), now())

    def notices(self) -> tuple[str, ...]:
        """Return what must be told at a start: of the models that hanbok itself carries, of policy that waits for a
        second person, of records that run out.
        """
        places = self.runtime.places.values()
        licences = (place.endpoint.notice() for place in places if isinstance(place.endpoint, Licensed))
        language = self.runtime.settings.language
        return tuple(licences) + tuple(one.of(language) for one in self.warnings())

    def warnings(self) -> tuple[Text, ...]:
        """Return what somebody must look after, though calls are taken."""
        return ((HELD,) if self._governing.held else ()) + self._records_left.warnings

    def unready(self) -> list[str]:
        """Return what is not ready yet, for people; empty when calls are taken."""
        return self._custody.unready() + [
            f"{name}: {place.endpoint.stage}"
            for name, place in self.runtime.places.items()
            if isinstance(place.endpoint, Staged) and place.endpoint.stage != READY
        ]

    async def _put_in_force(self, loaded: Loaded, *, adopt: bool = True) -> None:
        """`adopt` notes the settings' policy as the one in force. Two servers with different settings and one database
        must not do so in turns for ever: only a start and a reload do.
        """
        offered, priced = _offers(loaded), await asyncio.to_thread(self._till.version)
        settings = await asyncio.to_thread(with_releases, loaded.settings)
        guard = await asyncio.to_thread(guard_of, settings, settings.state / "cache")
        sharp = await asyncio.to_thread(sharp_of, settings, guard, settings.state / "cache")
        day = today()
        changes = await asyncio.to_thread(self._changes.version)
        governing = await asyncio.to_thread(govern, self._changes, rules_of(loaded))
        prices = await asyncio.to_thread(self._till.prices)
        judge, catalogue = judge_of(loaded, day, governing), catalogue_of(settings, day, prices)
        wanted = self._endpoints.of(settings.configured, endpoint_kind(settings))
        places = {name: Place(one.endpoint, settings.timeouts(name)) for name, one in wanted.items()}
        vault = await self._vaults.of(settings.vault.config(settings.state))
        fronts = fronts_of(settings)
        laid = self._paths.of(Parts(settings, guard, sharp, judge, catalogue, places, vault))
        path, preview = laid.path, laid.preview
        tools = self._sides.tools(tool_rules_of(loaded, day, guard, judge, vault, laid.shared.everywhere))
        realtime = self._sides.realtime(settings, laid.shared, vault, guard.kinds)
        passages = self._sides.passages(settings, laid.shared, vault, guard.kinds, day)
        webhook = settings.alerts.to()
        async with self._endpoints.started(wanted):
            if adopt:
                changes += await asyncio.to_thread(take_up, self._changes, governing, actor="hanbok")
            if self._custody.leads:
                await self.log.append(settings_act(loaded, judge.version, governing.held, catalogue))
                await self._tell_transfers(settings, day)
        # From here on nothing fails: what is refused above has changed nothing.
        retired = self._endpoints.put_in_force(wanted)
        self._sides.put_in_force(tools)
        self._till.alert(webhook)
        gates = [gate for gate in (tools, realtime, passages) if gate is not None]
        before, self._laid = self._laid, (path, *(gate.path for gate in gates))
        self._vaults.put_in_force(vault, before)
        self.runtime = Runtime(
            settings, day, guard, judge, catalogue, places, path, preview, tools, realtime, passages, fronts
        )
        self._loaded, self._governing, self._policy_changes = loaded, governing, changes
        self._offered, self._priced = offered, priced
        self._records_left.note(settings.transfers.processors, day, within=settings.transfers.warn_days)
        if retired:
            self._tasks.append(asyncio.create_task(self._retire(before, retired)))
        await self._paths.settle()

    async def _keep_policy(self) -> None:
        """Take up policies that any process has put in force."""
        async with self._changing:
            if await asyncio.to_thread(self._changes.version) != self._policy_changes:
                await self._put_in_force(self._loaded, adopt=False)

    async def _keep_records(self) -> None:
        """Take up keys that any process has changed."""
        await asyncio.to_thread(self.keyring.refresh)

    async def _keep_day(self) -> None:
        """Law comes into force, and rates of exchange change, at midnight in Korea."""
        async with self._changing:
            if today() != self.runtime.day:
                await self._put_in_force(self._loaded, adopt=self._custody.leads)

    async def _keep_releases(self) -> None:
        """Offer the models that the registry of releases has in service."""
        async with self._changing:
            if _offers(self._loaded) != self._offered:
                await self._put_in_force(self._loaded, adopt=False)

    async def _keep_prices(self) -> None:
        """Offer models at the prices that were taken in last."""
        async with self._changing:
            if await asyncio.to_thread(self._till.version) != self._priced:
                await self._put_in_force(self._loaded, adopt=False)

    def _keep(self, *duties: Duty) -> None:
        for duty in duties:
            task = asyncio.create_task(self._repeat(duty))
            self._tasks.append(task)
            task.add_done_callback(partial(self._ended, duty))

    def _ended(self, duty: Duty, task: "asyncio.Task[None]") -> None:
        """Begin it again unless it was asked to end: no fault may stop what takes up keys that are revoked."""
        if task.cancelling():
            return
        self._tasks.remove(task)
        fault = None if task.cancelled() else task.exception()
        _log.critical("a duty of the server failed, and begins again", exc_info=fault)
        self._keep(duty)

    async def _repeat(self, duty: Duty) -> None:
        clock = asyncio.get_running_loop().time
        seen, until = None, 0.0
        while True:
            await asyncio.sleep(duty.every)
            changes = self._store.changes() if duty.on_change else None
            if changes is not None and changes == seen and clock() < until:
                continue
            try:
                await duty.do()
                seen, until = changes, clock() + _ALL_THE_SAME
            except HanbokError as error:
                # Tried again in a moment: what waits is kept, and what is in memory stays in force.
                _log.warning("%s", error)
                seen = None

    async def _tell_transfers(self, settings: Settings, day: date) -> None:
        """Put down on what ground data may go abroad, whenever that changes."""
        for name in settings.endpoints:
            there = settings.destination(name, day)
            basis = there.data_use.basis if there.zone is Zone.FOREIGN else ""
            if basis != self._bases.get(name, ""):
                await self.log.append(transfer_act(settings.placed(name), there, day, stamp()))
            self._bases[name] = basis

    async def _retire(self, before: Sequence[Path], endpoints: list[Endpoint]) -> None:
        """Stop endpoints that the settings no longer name, once the calls that may use them are over."""
        await idle(before)
        for endpoint in endpoints:
            await self._custody.returned(endpoint)
            await endpoint.close()
        self._endpoints.close_doors(self._sides.openings)


def _offers(loaded: Loaded) -> object:
    """Return what is another thing when the registry of releases offers other models."""
    return Shelf(registry(loaded.settings)).version
