"""One machine's part in what all count together: a queue of what is to be counted, and one task that sends it, many
calls in one turn.

The table of spending, which all logs are read into, is the truth. The sums in Redis begin with it; then each machine
joins once: it adds what its log holds beyond the table, and what its calls under way hold. From then on every turn
changes them. When Redis has lost them they begin anew in the same way, and nothing is counted twice: what is told
again is known by its call, and what ended before the machine joined anew is in its log.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Final

from hanbok.core.clock import now, stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon
from hanbok.evidence.entry import Act
from hanbok.evidence.errors import MachineTwice
from hanbok.evidence.journal import Journal
from hanbok.policy.books import Place, charged, table_since
from hanbok.policy.errors import LimitsUnavailable
from hanbok.policy.ledger import day_of
from hanbok.policy.shared.held import Asked, Held, decode_held
from hanbok.policy.shared.metered import Metered
from hanbok.policy.shared.reading import endings, first_of, place_of, read
from hanbok.policy.shared.server import Server
from hanbok.store.database import Store

_BEAT: Final = 0.5
"""Seconds after which a machine with nothing to tell says that it is there."""
_GRACE: Final = 2 * _BEAT
"""Seconds in which machines that nobody knows of join, before the first call comes in."""
_AGAIN: Final = 0.1
_PAUSE: Final = 1.0
"""Seconds until it begins again after a fault of its own."""
_AT_ONCE: Final = 256
_BACKLOG: Final = 65_536
_MINUTE: Final = 60.0
_AS_HELD: Final = -1
"""Tokens of a call that are not known when it ends."""
_STRAYS_AFTER: Final = 4
"""Beats after which calls that only Redis knows are looked into."""
_log = logging.getLogger("hanbok.limits")


@dataclass(slots=True, eq=False)
class _Op:
    frame: tuple[object, ...]
    entering: "tuple[Held, asyncio.Future[str], bool] | None" = None
    """Who waits for the answer, and whether its rate is counted."""
    sent: bool = False
    dropped: bool = False


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """To join as a new process of this machine."""

    process: str
    fresh: bool
    over: list[_Op]
    """What the log holds already, if the machine joins for the first time."""


class _Parted(Exception):
    """Redis knows this process no longer."""


class Counter:
    def __init__(self, server: Server, log: Journal, store: Store, *, lease: float, patience: float) -> None:
        """`lease` and `patience`: as `At` has them."""
        self.log = log
        self.there = asyncio.Event()
        """Set while calls may come in."""
        self._server, self._store = server, store
        self._lease, self._patience = lease, patience
        self._queue: deque[_Op] = deque()
        self._wake = asyncio.Event()
        self._told = asyncio.Event()
        """Set while nothing waits to be told."""
        self._held: dict[str, Held] = {}
        self._recent: deque[tuple[float, str, str]] = deque()
        """When calls of keys with a rate came in within the last minute: time, whose, call."""
        self._metered = Metered()
        self._peers: list[str] = [log.name]
        self._process = ""
        self._attempt: _Attempt | None = None
        self._last_beat = 0.0
        self._strays = 0
        self._why = "opening"
        self._away = ""
        """The code of the error that was told last."""
        self._closed = False
        self._heard = monotonic()
        """When Redis did what it was asked to, the last time."""
        self._begin()

    async def enter(self, held: Held, asked: Asked) -> str:
        """Count a call in, or return what stands in its way. Raises LimitsUnavailable: when Redis is away, a call
        waits for it as long as for an answer, and not at all when it has been away longer.
        """
        if self._silent:
            raise self._refusal()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        op = _Op(("enter", held, asked), (held, future, asked.rate >= 0))
        self._put(op)
        try:
            async with asyncio.timeout(self._patience):
                return await future
        except TimeoutError:
            self._withdraw(op)
            raise self._refusal() from None
        except asyncio.CancelledError:
            self._withdraw(op)
            raise

    @property
    def away(self) -> str:
        """Why no call may come in; empty: it may."""
        return "" if self.there.is_set() and not self._silent else self._why

    @property
    def _silent(self) -> bool:
        return monotonic() - self._heard > max(self._patience, 2 * _BEAT)

    def hold(self, held: Held) -> None:
        """Count a call in, whatever stands in its way. Raises LimitsUnavailable when too many wait to be told."""
        if len(self._queue) >= _BACKLOG:
            raise self._refusal()
        self._keep(held)
        self._put(_Op(("hold", held)))

    def leave(self, call: str, cost: MicroWon, tokens: int | None = None) -> None:
        """Count a call out. Told when Redis is there again, if it is away."""
        if self._let_go(call, tokens):
            self._put(_Op(("leave", call, str(cost), _AS_HELD if tokens is None else tokens)))

    async def close(self) -> None:
        """Tell what is not yet told, as long as an answer may take."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                if self.there.is_set():
                    await self._told.wait()
        self._closed = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._server.close()

    def _put(self, op: _Op) -> None:
        self._queue.append(op)
        self._told.clear()
        self._wake.set()

    def _withdraw(self, op: _Op) -> None:
        held = op.frame[1]
        if not isinstance(held, Held):
            raise TypeError(f"{op.frame[0]} cannot be withdrawn")
        op.dropped = True
        if self._let_go(held.call, 0) or op.sent:
            self._put(_Op(("undo", held.call, "0", 0)))

    def _keep(self, held: Held) -> None:
        self._held[held.call] = held
        if held.tokens is not None:
            self._metered.begin(held.call)

    def _let_go(self, call: str, tokens: int | None) -> bool:
        held = self._held.pop(call, None)
        if held is not None and held.tokens is not None:
            self._metered.end(call, held.space + held.key, held.tokens, tokens)
        return held is not None

    def _refusal(self) -> LimitsUnavailable:
        return LimitsUnavailable(why=self._why, retry_after=1)

    def _begin(self) -> None:
        if self._closed:
            return
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Begin again after a while if nobody asked it to end: the fault is ours, and calls go on being refused."""
        if task.cancelling():
            return
        self._why = "error"
        _log.critical("the shared limits are not counted for a moment", exc_info=task.exception())
        asyncio.get_running_loop().call_later(_PAUSE, self._begin)

    async def _run(self) -> None:
        # Asked here too: a client whose connection is lost at that moment may take the cancellation for the loss.
        while not self._task.cancelling():
            try:
                await self._meet()
                while not self._task.cancelling():
                    await self._turn()
            except _Parted:
                _log.warning("the shared limits were lost and begin anew")
                await asyncio.sleep(_AGAIN / 4)
            except HanbokError as error:
                self._note(error)
                await asyncio.sleep(_AGAIN)
            finally:
                self.there.clear()

    def _note(self, error: HanbokError) -> None:
        if self._away != error.code:
            self._away = error.code
            _log.warning("%s: %s %s", error.code, error, error.hint.en.format(**error.facts))
        self._why = str(error.facts["why"]) if isinstance(error, LimitsUnavailable) else error.code

    # Joining

    async def _meet(self) -> None:
        """Find this machine in Redis as it should be, or join."""
        await self._server.meet()
        log = await read(first_of, self.log)
        state, process, place = await self._ask("look", log=log)
        if state == b"unseeded":
            await self._seed()
            state, process, place = await self._ask("look", log=log)
        if process and process.decode() == self._process:
            return
        if process and process.decode() == self._tried:
            self._joined()  # only the answer was lost
        else:
            await self._join(place_of(place), fresh=not process)

    @property
    def _tried(self) -> str:
        """What the process that joined for the first time was called, if no answer came."""
        return self._attempt.process if self._attempt and self._attempt.fresh else ""

    async def _seed(self) -> None:
        # The clocks of others may be on another day.
        yesterday = day_of(now() - timedelta(days=1))
        spent, places = await read(table_since, self._store, yesterday)
        await self._ask(
            "seed",
            spent=[(account, period, str(won)) for (account, period), won in spent.items()],
            places=[(log, f"{place.read} {place.unsettled}") for log, place in places.items()],
            peers=self._peers,
        )

    async def _join(self, place: Place, *, fresh: bool) -> None:
        # From here to `hand_in` nothing else runs: what has ended by now stands in the log before the act.
        over = [op for op in self._queue if op.entering is None] if fresh else []
        self._attempt = _Attempt(process=f"{self.log.folder}{secrets.token_hex(8)}", fresh=fresh, over=over)
        holds, since, charges = list(self._held.values()), monotonic(), []
        ages, used = [self._metered.age(one.call) for one in holds], self._metered.used()
        if fresh:
            facts = {"calls": str(len(holds))}
            act = Act(at=stamp(), actor="hanbok", verb="limits.join", object=self.log.name, facts=facts)
            index = (await self.log.hand_in(act)).index
            found = await read(charged, self.log, place, index)
            charges = [(account, day, str(amount)) for (account, day), amount in found.items()]
        _, calls = await self._ask(
            "join",
            folder=self.log.folder,
            process=self._attempt.process,
            fresh=fresh,
            peers=self._peers,
            charges=charges,
            holds=holds if fresh else [],
            ages=ages if fresh else [],
            used=used if fresh else [],
            recent=[(whose, call, round((since - at) * 1e6)) for at, whose, call in self._recent]
            if fresh
            else [],
        )
        self._joined()
        if not fresh:
            await self._close_strays(calls)

    def _joined(self) -> None:
        if self._attempt is not None:
            over, self._process = set(self._attempt.over), self._attempt.process
            self._queue = deque(op for op in self._queue if op not in over)
            self._attempt = None

    async def _close_strays(self, found: Iterable[bytes]) -> None:
        """Count out what nobody carries on: calls of a process that died, and those that came in too late."""
        strays = [one for one in map(decode_held, found) if one.call not in self._held]
        if not strays:
            return
        entries = await read(endings, self.log, min(one.since for one in strays))
        for one in strays:
            # A call with an intent alone is carried on by a worker that is yet to say so.
            if one.call not in entries or entries[one.call] is not None:
                self._queue.appendleft(_Op(("leave", one.call, str(entries.get(one.call) or 0), _AS_HELD)))

    # Turns

    async def _turn(self) -> None:
        if not self._queue:
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEAT):
                    await self._wake.wait()
        self._wake.clear()
        beat, batch = monotonic() - self._last_beat >= _BEAT, self._take()
        try:
            answer = await self._ask("turn", process=self._process, beat=beat, ops=[op.frame for op in batch])
        except BaseException:
            self._queue.extendleft(reversed(batch))
            raise
        _, is_open, calls, peers, said = answer
        later = [op for op, one in zip(batch, said, strict=True) if not self._heed(op, one.decode())]
        self._queue.extendleft(reversed(later))
        if not self._queue:
            self._told.set()
        self._heard = monotonic()
        if is_open:
            self.there.set()
            self._away, self._why = "", "TimeoutError"
        else:
            await asyncio.sleep(_AGAIN / 4)
        if beat:
            self._last_beat, self._peers = monotonic(), [one.decode() for one in peers]
            await self._count_strays(calls)

    def _take(self) -> list[_Op]:
        """Take what one turn tells, perhaps twice: a call ends a turn later than it began, or is charged again."""
        batch: list[_Op] = []
        begun: set[str] = set()
        while self._queue and len(batch) < _AT_ONCE:
            what = self._queue[0].frame[1]
            if isinstance(what, Held):
                begun.add(what.call)
            elif what in begun:
                break
            op = self._queue.popleft()
            if not op.dropped:
                op.sent = True
                batch.append(op)
        return batch

    def _heed(self, op: _Op, said: str) -> bool:
        """Take up an answer; tell whether that was all."""
        if op.entering is None or op.dropped:
            return True
        held, future, rated = op.entering
        if said == "wait":
            op.sent = False
            return False
        if said == "in":
            self._keep(held)
        if rated and not said.startswith(("rate", "slots", "tokens")):
            self._remember(held)
        if not future.done():
            future.set_result(said)
        return True

    def _remember(self, held: Held) -> None:
        at = monotonic()
        self._recent.append((at, held.space + held.key, held.call))
        while at - self._recent[0][0] > _MINUTE:
            self._recent.popleft()

    async def _count_strays(self, calls: int) -> None:
        """Look into calls that Redis holds and nobody here: one that came in when its answer was no longer waited
        for, and left before it came in.
        """
        same = calls == len(self._held) or bool(self._queue)
        self._strays = 0 if same else self._strays + 1
        if self._strays >= _STRAYS_AFTER:
            self._strays = 0
            self._process = ""  # join as a new process: it is told what the old one holds
            await self._meet()

    async def _ask(self, verb: str, **asked: object) -> list[Any]:
        micro = 1_000_000
        found = await self._server.ask(
            verb,
            machine=self.log.name,
            lease=round(self._lease * micro),
            grace=round(_GRACE * micro),
            **asked,
        )
        if found[0] == b"moved" or (verb != "look" and found[0] in {b"unseeded", b"unjoined"}):
            raise _Parted
        if found[0] == b"twin":
            raise MachineTwice
        return found
