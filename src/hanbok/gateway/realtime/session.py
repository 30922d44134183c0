"""A session: what its client says goes the path of every call, what the provider says comes back through it."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec
from websockets.frames import CloseCode

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text, Usage
from hanbok.gateway.errors import UpstreamCut, UpstreamFailed, UpstreamGarbled
from hanbok.gateway.realtime import events
from hanbok.gateway.realtime.answering import Answering
from hanbok.gateway.realtime.call import Opened, Rules, Said, Turn
from hanbok.gateway.realtime.errors import SessionOver, close_code
from hanbok.gateway.realtime.fitness import require_fit
from hanbok.gateway.realtime.pace import Pace
from hanbok.gateway.realtime.peer import LOG, Peer, PeerGone
from hanbok.gateway.realtime.refusals import Refusals
from hanbok.gateway.realtime.speaker import Speaker, tokens_of
from hanbok.gateway.showing import Showing
from hanbok.guard.pseudonym import Hider
from hanbok.policy.key import Key

_TICK: Final = 0.25
"""Seconds between two looks at what may end a session: a revoked key does within one."""
_WELL: Final = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD)
_DEAF: Final = 1.0
"""Seconds for which sound is dropped after some was refused: it comes many times a second."""
_SAID_AT_ONCE: Final = 100
_SAID_PER_SECOND: Final = 20.0
_LISTENS: Final = 60.0
"""Seconds for which sound leaves by one decision, unless the settings change before."""
_OWES: Final = 16
"""Transcripts that one call takes the charge of."""
_LONGEST_ERRORS: Final = 16
"""Events of ours whose errors are waited for."""


class Session:
    """Implements Line. `run` returns when it is over, with both sides closed."""

    def __init__(
        self,
        key: Key,
        model: str,
        opened: Opened,
        client: Peer,
        *,
        origin: str,
        hider: Hider,
        rules: Callable[[], Rules | None],
        shape: Callable[[HanbokError], dict[str, Any]],
    ) -> None:
        """`rules` are those in force whenever asked; None: there are no sessions any more. `shape` tells an error."""
        self.target = opened.target
        self.hider = hider
        self.values: set[str] = set()
        self.bound = 0
        self.last: Usage | None = None
        self.owed: list[Usage] = []
        self.found: dict[str, int] = {}
        self.narrow = False
        self._key, self._model, self._speaker = key, model, Speaker(key, model, origin)
        self._opened, self._client, self._provider = opened, client, opened.line.peer
        self._rules, self._shape = rules, shape
        self._waiting: deque[Answering] = deque()
        """Responses that were asked for."""
        self._under_way: dict[str, Answering] = {}
        """Those that the provider works on, by its ids."""
        self._refusals = Refusals()
        self._last_rules: Rules | None = None
        self._listening: Answering | None = None
        """What sound that leaves now is for."""
        self._showing: tuple[Rules, Showing] | None = None
        self._ours: deque[str] = deque(maxlen=_LONGEST_ERRORS)
        loop = asyncio.get_running_loop()
        self._began = self._active = loop.time()
        self._pace = Pace(at_once=_SAID_AT_ONCE, per_second=_SAID_PER_SECOND)
        self._deaf_until = 0.0
        self._code: int = CloseCode.NORMAL_CLOSURE

    async def run(self) -> None:
        """Serve until either side leaves or something ends it."""
        tasks = [asyncio.ensure_future(one) for one in (self._hear(), self._answer(), self._watch())]
        failure: BaseException | None = None
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in tasks:
                one.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            failure = next((one for one in ended if isinstance(one, Exception)), None)
            self._provider.close(CloseCode.NORMAL_CLOSURE)
            self._opened.line.abort()
            try:
                if isinstance(failure, HanbokError):
                    await self._end(failure)
            finally:
                try:
                    await self._abandon()
                finally:
                    self._client.close(self._code)
        if failure is not None and not isinstance(failure, HanbokError):
            raise failure

    # Line

    async def say(self, event: bytes) -> None:
        try:
            await self._provider.send(event)
        except PeerGone:
            raise UpstreamCut(origin=self.target.endpoint) from None

    # The client's side

    async def _hear(self) -> None:
        while True:
            try:
                message = await self._client.receive()
            except PeerGone:
                return
            self._active = asyncio.get_running_loop().time()
            cause: str | None = None
            try:
                tree = events.read(message)
                cause = tree.get("event_id") if isinstance(tree.get("event_id"), str) else None
                await self._take(tree)
            except UpstreamCut:
                raise
            except HanbokError as error:
                await self._tell(error, cause)

    async def _take(self, tree: dict[str, Any]) -> None:
        if (sound := events.sound(tree)) is not None:
            await self._take_sound(sound)
        elif (plain := events.plain(tree)) is not None:
            await self.say(plain)
        elif tree["type"] == events.CREATE:
            require_fit(tree, self._model)
            await self._ask(tree)
        else:
            await self._pace.wait()  # each has its records
            require_fit(tree, self._model)
            await self._run(self._speaker.said(self, events.encode(tree), sounds=events.holds_sound(tree)))

    async def _take_sound(self, event: bytes) -> None:
        """Take the first sound after a response for the next one: its intent is in the log before it leaves."""
        self._renew()
        if self._listening is not None:
            self.bound += tokens_of(event)
            await self.say(event)
        elif self._active >= self._deaf_until:
            body = events.encode({"type": events.APPEND})
            self._deaf_until = self._active + _DEAF
            call = self._speaker.said(self, body, sounds=True, raw=event, turn=Turn())
            # It is known before it is on its way: a response to it may begin at once.
            self._listening = one = Answering.of(call, None, self._in_force())
            try:
                await one.open()
            except BaseException:
                if self._listening is one:
                    self._listening = None
                raise
            self._deaf_until = 0.0

    def _renew(self) -> None:
        """Finish what sound leaves for when that was decided long ago or by other settings: the next is asked anew."""
        one = self._listening
        if one is None:
            return
        at = asyncio.get_running_loop().time()
        if one.rules is self._in_force() and at - one.since < _LISTENS and len(self.owed) < _OWES:
            return
        self._listening = None
        one.call.ending.status = "completed"
        one.call.finish()

    async def _ask(self, tree: dict[str, Any]) -> None:
        """Ask for a response: to the sound that left already, or to what was said until now."""
        cause = tree.get("event_id")
        if not isinstance(cause, str):
            cause = tree["event_id"] = events.fresh_id()
            self._ours.append(cause)
        sounds, listening = events.holds_sound(tree), self._listening
        if listening is not None:
            # Its money is held already; what this event says is a call of its own.
            self._listening, listening.cause = None, cause
            self._waiting.append(listening)
            try:
                await self._run(self._speaker.said(self, events.encode(tree), sounds=sounds))
            except HanbokError:
                if listening in self._waiting:  # else it was answered meanwhile
                    self._waiting.remove(listening)
                    self._listening, listening.cause = listening, None
                raise
            return
        call = self._speaker.said(self, events.encode(tree), sounds=sounds, turn=Turn())
        one = Answering.of(call, cause, self._in_force())
        self._waiting.append(one)  # the provider may begin before the path is back
        try:
            await one.open()
        except BaseException:
            if one in self._waiting:
                self._waiting.remove(one)
            raise

    async def _run(self, call: Said) -> None:
        """Send what asks for no response down the path."""
        try:
            await self._in_force().path.run(call)
        finally:
            call.finish()

    def _in_force(self) -> Rules:
        rules = self._rules()
        if rules is None or not rules.serves(self._opened):
            raise SessionOver(why=Text(ko="설정이 바뀌었습니다", en="the settings have changed"))
        self._last_rules = rules
        return rules

    # The provider's side

    async def _answer(self) -> None:
        while True:
            try:
                event = (await self._provider.receive()).encode()
            except PeerGone as gone:
                if gone.code in _WELL and not self._under_way and not self._waiting:
                    return
                raise UpstreamCut(origin=self.target.endpoint) from None
            self._active = asyncio.get_running_loop().time()
            try:
                told = events.told(event)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise UpstreamGarbled(origin=self.target.endpoint, why="an event that is none") from error
            try:
                for shown in await self._shown(event, told):
                    await self._client.send(shown)
            except PeerGone:
                return

    async def _shown(self, event: bytes, told: events.Told) -> list[bytes]:
        """Return what the client is shown of an event."""
        self.narrow = self.narrow or events.is_narrow(event, told.type)
        if told.type == "response.created":
            await self._bind(told.of)
        if told.of in self._refusals:
            self._refusals.take(event, told, self.owed)
            return []
        if one := self._under_way.get(told.of):
            return await self._pass(one, event, told)
        if told.of:
            return []  # of a response that was broken off, and is charged as such
        if told.type == "error" and told.error is not None:
            event = await self._failed(event, told.error.event_id)
        if (heard := told.heard) is not None:
            self.owed.append(heard)
            if not (self._under_way or self._waiting or self._listening):
                await self._pay()
        rules = self._in_force()
        if self._showing is None or self._showing[0] is not rules:
            self._showing = (rules, rules.showing(self))
        shown = self._showing[1].feed(event)
        self._showing[1].count(self.found)
        return shown

    async def _bind(self, response: str) -> None:
        """Tell which call a response that begins belongs to; where nobody asked for it, it is a call from now on."""
        if not response or response in self._under_way or response in self._refusals:
            raise UpstreamGarbled(origin=self.target.endpoint, why="a response begins that is no new one")
        one: Answering | None = None
        if self._waiting:
            one = self._waiting.popleft()
        elif self._listening is not None:
            one, self._listening = self._listening, None
        if one is not None:
            self._under_way[response] = one  # whatever happens while it waits, it is let go of at the end
            await one.ready.wait()
        if one is None or one.batches is None:  # nobody asked, or who did was refused
            body = b'{"type":"response.created"}'
            call = self._speaker.said(self, body, raw=b"", turn=Turn())
            try:
                one = Answering.of(call, None, self._in_force())
                self._under_way[response] = one
                await one.open()
            except HanbokError as error:
                self._under_way.pop(response, None)
                self._refusals.add(response, error)
                await self.say(events.encode({"type": "response.cancel", "response_id": response}))
                return
        one.turn.begun = True

    async def _pass(self, one: Answering, event: bytes, told: events.Told) -> list[bytes]:
        """Take an event of a response through the path."""
        batches = one.batches
        if batches is None:
            return []
        if events.is_sound(event):
            one.turn.note(event, sound=True)
            return [event]
        one.turn.push(event)
        try:
            shown = await anext(batches)
            if told.type == "response.done":
                one.turn.usage = told.charged
                if told.response is not None and told.response.status != "completed":
                    one.call.ending.steps["response"] = told.response.status[:20]
                used = one.turn.usage or one.turn.guessed(narrow=self.narrow)
                self.bound += used.output
                del self._under_way[told.of]
                # What must be kept of it is, before its last event is shown.
                shown = [*[late async for batch in batches for late in batch], *shown]
                one.call.finish()
        except HanbokError as error:
            await one.drop()
            self._under_way.pop(told.of, None)
            await self.say(events.encode({"type": "response.cancel", "response_id": told.of}))
            await self._tell(error, one.cause)
            return []
        return shown

    async def _failed(self, event: bytes, cause: str | None) -> bytes:
        """End what an event asked for that the provider refuses; return the error as the client is shown it."""
        if cause is None:
            return event
        for one in [one for one in self._waiting if one.cause == cause]:
            await one.ready.wait()
            if one not in self._waiting:
                continue
            self._waiting.remove(one)
            await one.fail(UpstreamFailed(origin=self.target.endpoint, status=400, reason="refused"))
        if cause in self._ours:
            return events.without_cause(event)
        return event

    # The end

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TICK)
            at, rules = loop.time(), self._in_force()
            rules.check(self._key)
            self._refusals.check(at)
            if at - self._began > rules.longest:
                raise SessionOver(why=Text(ko="가장 긴 시간이 지났습니다", en="its longest time is over"))
            if at - self._active > rules.idle:
                raise SessionOver(why=Text(ko="오래 조용했습니다", en="it was silent for long"))
            if self._client.retiring and not self._under_way:
                self._code = CloseCode.GOING_AWAY
                return
            if not (self._client.alive(at) and self._provider.alive(at)):
                return

    async def _tell(self, error: HanbokError, cause: str | None) -> None:
        shown = None if cause in self._ours else cause
        try:
            await self._client.send(events.error_event(error, self._shape(error), shown))
        except PeerGone:
            return

    async def _end(self, error: HanbokError) -> None:
        """Break off what is under way, honestly, and say why."""
        self._code = close_code(error)
        for one in self._all():
            await one.fail(error)
        await self._tell(error, None)

    async def _abandon(self) -> None:
        """Let go of what nobody waits for any more, and settle what is owed."""
        for one in self._all():
            await one.drop()
        self.owed += self._refusals.left(self)
        if self.owed:
            try:
                await self._pay()
            except HanbokError as error:  # the log takes nothing: no other step can refuse it
                LOG.error("%d uses of a session are charged to nobody: %s", len(self.owed), error)

    async def _pay(self) -> None:
        """Write down what is owed: it was used, so this cannot be refused, not by settings that are gone either."""
        rules = self._rules() or self._last_rules
        if rules is None:
            raise RuntimeError("nothing can be owed before rules let something in")
        call = self._speaker.owes(self)
        try:
            await rules.account.run(call)
        finally:
            call.finish()

    def _all(self) -> list[Answering]:
        found = [*self._under_way.values(), *self._waiting]
        if self._listening is not None:
            found.append(self._listening)
        self._under_way, self._listening = {}, None
        self._waiting.clear()
        return found
