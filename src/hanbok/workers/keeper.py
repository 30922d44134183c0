"""The keeper: the one process that writes the log, counts the money and lets calls in, for all workers."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from socket import socket
from typing import Any, Final

import msgspec

from hanbok.app import App
from hanbok.core.clock import now
from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal, Text
from hanbok.custody import Own
from hanbok.evidence.crashed import crashed
from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.errors import LogUnavailable
from hanbok.evidence.log import Record
from hanbok.gateway.call import Operation
from hanbok.gateway.charging import tokens_of
from hanbok.gateway.endpoint import Staged
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.llama.dress import Dress
from hanbok.policy.gate import Gate, Here, Hold
from hanbok.policy.key import Key, KeyUnknown
from hanbok.policy.ledger import day_of
from hanbok.settings.settings import Settings
from hanbok.workers.crossing import told
from hanbok.workers.frames import (
    Append,
    Appended,
    Bye,
    Counts,
    Done,
    Enter,
    GiveBack,
    Hello,
    Leave,
    Lend,
    Lent,
    Nudge,
    Post,
    Scrape,
    Stages,
    Told,
    Up,
)
from hanbok.workers.tally import Tally
from hanbok.workers.wire import Wire

_PATIENCE: Final = 2.0
"""Seconds in which the workers of an earlier keeper say which calls they carry on."""
_STAGES_EVERY: Final = 0.2
_log = logging.getLogger("hanbok.keeper")


@dataclass(slots=True)
class _Open:
    """A call of a worker, from its admission to its outcome."""

    hold: Hold | None = None
    intent: Intent | None = None


class Keeper:
    """All workers, and the app that they share."""

    def __init__(self, settings: Settings, ends: list[socket]) -> None:
        """Open the log; `ends` lead to workers that are there already. Raises LogLocked, LogBroken, LogUnavailable."""
        self.own = Own(settings, self._claims)
        self.app: App
        self.tally = Tally()
        self.seats: set[Seat] = set()
        self.empty = asyncio.Event()
        """Set while no worker is connected."""
        self.empty.set()
        self.open = False
        """Whether the books are in order, so that calls may come in."""
        self._ends = ends
        self._stages: dict[str, str] = {}
        self._unready: list[str] = []

    def begin(self, app: App) -> None:
        """Take the workers' calls from now on."""
        self.app = app
        self.open = True
        for seat in self.seats:
            seat.begin()

    async def welcome(self, end: socket) -> None:
        """Speak to a worker over this end."""
        seat = Seat(self)
        # All of it before the first frame can come: what the worker sent earlier is taken at once.
        seat.wire = Wire[Up](Up, seat.take, seat.lost)
        self.seats.add(seat)
        self.empty.clear()
        seat.wire.send(Stages(self._stages, self._unready))
        await seat.wire.open(end)

    def part(self, seat: "Seat") -> None:
        self.seats.discard(seat)
        self.tally.forget(seat)
        if not self.seats:
            self.empty.set()

    async def tell_stages(self) -> None:
        """Tell the workers how far the endpoints are, and what is not ready, whenever that changes."""
        while True:
            places = self.app.runtime.places.items()
            stages = {name: one.endpoint.stage for name, one in places if isinstance(one.endpoint, Staged)}
            unready = self.own.unready()
            if (stages, unready) != (self._stages, self._unready):
                self._stages, self._unready = stages, unready
                for seat in self.seats:
                    seat.wire.send(Stages(stages, unready))
            await asyncio.sleep(_STAGES_EVERY)

    async def _claims(self) -> frozenset[str]:
        for end in self._ends:
            await self.welcome(end)
        try:
            async with asyncio.timeout(_PATIENCE):
                await asyncio.gather(*(seat.greeted.wait() for seat in self.seats))
        except TimeoutError:
            _log.warning("a worker did not say which calls it carries")
        return frozenset(call for seat in self.seats for call in seat.claims)


class Seat:
    """One worker, as the keeper sees it."""

    def __init__(self, keeper: Keeper) -> None:
        self.wire: Wire[Up]
        self.greeted = asyncio.Event()
        self.claims: frozenset[str] = frozenset()
        self._keeper = keeper
        self._early: list[Up] = []
        self._calls: dict[str, _Open] = {}
        self._late: set[str] = set()
        """Calls whose key is still looked for, or that wait to come in."""
        self._posts = 0
        self._lent: dict[int, Callable[[], object]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.gone = False

    def begin(self) -> None:
        """Hold again for the calls that the worker carries on, then do what it asked meanwhile."""
        own, keyring = self._keeper.own, self._keeper.app.keyring
        for intent in own.claimed:
            if intent.call in self.claims:
                key = keyring.named(intent.key) or _key_of(intent)
                day = day_of(datetime.fromisoformat(intent.at))
                hold = own.calls.resume(intent.call, key, intent.model, intent.reserved, day)
                self._calls[intent.call] = _Open(hold, intent)
        early, self._early = self._early, []
        for frame in early:
            self.take(frame)
        if self.gone:
            self._close_calls()

    def take(self, frame: Up) -> None:
        """Do what a frame asks."""
        if isinstance(frame, Hello):
            self.claims = frozenset(frame.calls)
            self.greeted.set()
        elif not self._keeper.open:
            self._early.append(frame)
        else:
            _DOES[type(frame)](self, frame)

    def lost(self) -> None:
        """Close the calls of a worker that is gone as a crash closes them."""
        self.gone = True
        self.greeted.set()
        for left in self._lent.values():
            left()
        if self._keeper.open:
            self._close_calls()
        self._keeper.part(self)

    def _close_calls(self) -> None:
        calls, self._calls = self._calls, {}
        for one in calls.values():
            if one.intent is not None:
                self._write(crashed(one.intent))
            if one.hold is not None:
                one.hold.leave(one.intent.reserved if one.intent else 0)

    def _write(self, outcome: Outcome) -> None:
        try:
            self._keeper.own.log.post(outcome)
        except LogUnavailable as error:
            _log.error("call %s has no outcome: %s", outcome.call, error)

    def enter(self, frame: Enter) -> None:
        keeper = self._keeper
        gate = keeper.own.previews if frame.preview else keeper.own.calls
        try:
            key = frame.made or keeper.app.keyring.known(frame.key, now())
            if not isinstance(gate, Here):
                self._late.add(frame.call)
                self._spawn(self._enter_shared(frame, gate, key))
                return
            hold = gate.admit(key, frame.model, frame.worst, frame.tokens)
        except KeyUnknown:
            self._late.add(frame.call)
            self._spawn(self._enter_later(frame))
        except HanbokError as error:
            self.wire.send(told(frame.number, error))
        else:
            self._calls[frame.call] = _Open(hold)
            self.wire.send(Done(frame.number))

    async def _enter_shared(self, frame: Enter, gate: Gate, key: Key) -> None:
        """Ask a gate that other machines pass too."""
        try:
            hold = await gate.enter(frame.call, key, frame.model, frame.worst, frame.tokens)
        except HanbokError as error:
            self.wire.send(told(frame.number, error))
        else:
            if frame.call in self._late and not self.gone:
                self._calls[frame.call] = _Open(hold)
            else:
                hold.leave(0, 0)  # its worker withdrew, or is gone
            self.wire.send(Done(frame.number))
        finally:
            self._late.discard(frame.call)

    async def _enter_later(self, frame: Enter) -> None:
        """Look for a key of which the worker may have read a moment earlier."""
        keyring, refused = self._keeper.app.keyring, None
        try:
            await asyncio.to_thread(keyring.refresh)
            keyring.known(frame.key, now())
        except HanbokError as error:
            refused = error
        wanted = frame.call in self._late and not self.gone
        self._late.discard(frame.call)
        if refused is not None:
            self.wire.send(told(frame.number, refused))
        elif wanted:
            self.enter(frame)
        else:
            self.wire.send(Done(frame.number))  # nobody waits for it

    def leave(self, frame: Leave) -> None:
        self._late.discard(frame.call)
        one = self._calls.pop(frame.call, None)
        if one is not None and one.hold is not None:
            one.hold.leave(frame.cost, frame.tokens)

    def append(self, frame: Append) -> None:
        entry, posts = frame.entry, self._posts
        if isinstance(entry, Intent):
            self._calls.setdefault(entry.call, _Open()).intent = entry
        try:
            future = self._keeper.own.log.hand_in(entry)
        except HanbokError as error:
            self._not_written(frame, error)
            return

        def written(done: "asyncio.Future[Record]") -> None:
            error = done.exception()
            if isinstance(error, HanbokError):
                self._not_written(frame, error)
            elif error is None:
                record = done.result()
                self.wire.send(Appended(frame.number, record.index, record.digest, posts))

        future.add_done_callback(written)

    def _not_written(self, frame: Append, error: HanbokError) -> None:
        one = self._calls.get(frame.entry.call) if isinstance(frame.entry, Intent) else None
        if one is not None:
            one.intent = None
        self.wire.send(told(frame.number, error))

    def post(self, frame: Post) -> None:
        self._posts += 1
        outcome = frame.entry
        if not isinstance(outcome, Outcome):
            raise TypeError(f"a worker posted {type(outcome).__name__}")
        one = self._calls.pop(outcome.call, None)
        if one is None:
            return  # told twice, or closed when its worker was thought dead
        if one.intent is not None:
            self._write(outcome)
        if one.hold is not None:
            one.hold.leave(outcome.cost, tokens_of(outcome) + outcome.beside)

    def counts(self, frame: Counts) -> None:
        self._keeper.tally.note(self, frame.families)

    def scrape(self, frame: Scrape) -> None:
        keeper = self._keeper
        keeper.tally.note(keeper, keeper.own.registry.families())
        self.wire.send(Told(frame.number, keeper.tally.text()))

    def nudge(self, frame: Nudge) -> None:  # noqa: ARG002 - it says all by coming
        self._keeper.app.tuning.wake()

    def lend(self, frame: Lend) -> None:
        self._spawn(self._lend(frame))

    async def _lend(self, frame: Lend) -> None:
        place = self._keeper.app.runtime.places.get(frame.endpoint)
        try:
            if place is None:
                why = Text(ko="설정에서 빠졌습니다", en="the settings no longer name it")
                raise EndpointUnavailable(endpoint=frame.endpoint, why=why)
            address = await place.endpoint.address(Operation(frame.operation), frame.model)
        except HanbokError as error:
            self.wire.send(told(frame.number, error))
            return
        over = ExitStack()
        over.callback(self._keeper.own.loans.lend(place.endpoint))
        if address.left is not None:
            over.callback(address.left)
        if self.gone:
            over.close()
        else:
            self._lent[frame.number] = over.close
        dress = msgspec.msgpack.encode(address.adapt) if isinstance(address.adapt, Dress) else b""
        self.wire.send(
            Lent(frame.number, address.url, list(address.headers), address.query, address.release, dress)
        )

    def give_back(self, frame: GiveBack) -> None:
        left = self._lent.pop(frame.number, None)
        if left is not None:
            left()

    def bye(self, frame: Bye) -> None:
        self.wire.send(Done(frame.number))

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _key_of(intent: Intent) -> Key:
    """Return a key that is in no table, as far as a call that came in already needs it."""
    who = Principal(
        organisation=intent.organisation,
        key=intent.key,
        team=intent.team,
        person=intent.person,
        application=intent.application,
    )
    return Key(id=intent.key, digest="", principal=who)


_DOES: Final[Mapping[type[Up], Callable[[Seat, Any], None]]] = {
    Append: Seat.append,
    Bye: Seat.bye,
    Counts: Seat.counts,
    Enter: Seat.enter,
    GiveBack: Seat.give_back,
    Leave: Seat.leave,
    Lend: Seat.lend,
    Nudge: Seat.nudge,
    Post: Seat.post,
    Scrape: Seat.scrape,
}
