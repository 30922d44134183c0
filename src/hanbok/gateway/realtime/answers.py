"""The provider's side of a session: which call each of its events belongs to, and what the client is shown of it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Part, Usage
from hanbok.gateway.errors import UpstreamFailed, UpstreamGarbled
from hanbok.gateway.realtime import events
from hanbok.gateway.realtime.answering import Answering
from hanbok.gateway.realtime.call import Rules, Turn
from hanbok.gateway.realtime.guessing import estimated
from hanbok.gateway.realtime.line import Line
from hanbok.gateway.realtime.refusals import Refusals
from hanbok.gateway.realtime.speaker import Speaker
from hanbok.gateway.showing import Showing

_LISTENS: Final = 60.0
"""Seconds for which sound leaves by one decision, unless the settings change before."""
_OWES: Final = 16
"""Transcripts that one call takes the charge of."""
_LONGEST_ERRORS: Final = 16
"""Events of ours whose errors are waited for."""
_LAST: Final = frozenset({"response.done", events.WRITTEN, events.NOT_WRITTEN})


class Answers:
    """Responses, or turns of speech that are written down: each is a call, from what asks for it to its usage."""

    def __init__(
        self,
        line: Line,
        speaker: Speaker,
        in_force: Callable[[], Rules],
        tell: Callable[[HanbokError, str | None], Awaitable[None]],
        pay: Callable[[], Awaitable[None]],
    ) -> None:
        """`tell` tells the client of an error, `pay` charges what is owed at once."""
        self.refusals = Refusals()
        self.listening: Answering | None = None
        """What sound that leaves now is for."""
        self._line, self._speaker = line, speaker
        self._in_force, self._tell, self._pay = in_force, tell, pay
        self._waiting: deque[Answering] = deque()
        """Responses that were asked for."""
        self._under_way: dict[str, Answering] = {}
        """What the provider works on, by its ids of responses, or of items that it writes down."""
        self._ours: deque[str] = deque(maxlen=_LONGEST_ERRORS)
        self._showing: tuple[Rules, Showing] | None = None

    @property
    def idle(self) -> bool:
        """Whether the provider works on nothing."""
        return not self._under_way

    @property
    def awaited(self) -> bool:
        """Whether anything is asked for that is not answered."""
        return bool(self._under_way or self._waiting)

    def is_ours(self, cause: str | None) -> bool:
        """Whether an event has its id of us, and not of the client."""
        return cause in self._ours

    # What is asked for

    def renew(self) -> None:
        """Finish what sound leaves for when that was decided long ago or by other settings: the next is asked anew."""
        one = self.listening
        if one is None:
            return
        at = asyncio.get_running_loop().time()
        if one.rules is self._in_force() and at - one.since < _LISTENS and len(self._line.owed) < _OWES:
            return
        self.listening = None
        if one not in self._under_way.values():
            one.call.ending.status = "completed"
            one.call.finish()

    async def listen(self, event: bytes) -> None:
        """Take the first sound for the next response: its intent is in the log before it leaves. Raises what refuses
        it.
        """
        body = events.encode({"type": events.APPEND})
        call = self._speaker.said(self._line, body, sound=len(event), raw=event, turn=Turn())
        # It is known before it is on its way: a response to it may begin at once.
        self.listening = one = Answering.of(call, None, self._in_force())
        try:
            await one.open()
        except BaseException:
            if self.listening is one:
                self.listening = None
            raise

    async def ask(self, tree: dict[str, Any], run: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        """Ask for a response: to the sound that left already, or to what was said until now. `run` sends an event that
        asks for none. Raises what refuses it.
        """
        cause = tree.get("event_id")
        if not isinstance(cause, str):
            cause = tree["event_id"] = events.fresh_id()
            self._ours.append(cause)
        listening = self.listening
        if listening is not None:
            # Its money is held already; what this event says is a call of its own.
            self.listening, listening.cause = None, cause
            self._waiting.append(listening)
            try:
                await run(tree)
            except HanbokError:
                if listening in self._waiting:  # else it was answered meanwhile
                    self._waiting.remove(listening)
                    self.listening, listening.cause = listening, None
                raise
            return
        sound = events.sound_in(tree)
        call = self._speaker.said(self._line, events.encode(tree), sound=sound, turn=Turn())
        one = Answering.of(call, cause, self._in_force())
        self._waiting.append(one)  # the provider may begin before the path is back
        try:
            await one.open()
        except BaseException:
            if one in self._waiting:
                self._waiting.remove(one)
            raise

    def take_all(self) -> list[Answering]:
        """Return all that is not over, which is the caller's to end."""
        found = [*self._under_way.values(), *self._waiting]
        if self.listening is not None:
            found.append(self.listening)
        self._under_way, self.listening = {}, None
        self._waiting.clear()
        return list(dict.fromkeys(found))

    # What comes

    async def shown(self, event: bytes, told: events.Told) -> list[bytes]:
        """Return what the client is shown of an event."""
        self._learn(event, told)
        if told.type == "response.created":
            await self._bind(told)
        if told.of in self.refusals:
            self.refusals.take(event, told, self._line.owed)
            return []
        if one := self._under_way.get(told.of):
            return await self._pass(one, event, told)
        if told.of:
            return []  # of a response that was broken off, and is charged as such
        if self._line.writes and told.transcribed and (one := await self._turn(told)):
            return await self._pass(one, event, told)
        if told.type == "error" and told.error is not None:
            event = await self._failed(event, told.error.event_id)
        if (heard := told.heard) is not None:
            self._line.owed.append(heard)
            if not (self.awaited or self.listening):
                await self._pay()
        rules = self._in_force()
        if self._showing is None or self._showing[0] is not rules:
            self._showing = (rules, rules.showing(self._line))
        shown = self._showing[1].feed(event)
        self._showing[1].count(self._line.found)
        return shown

    def _learn(self, event: bytes, told: events.Told) -> None:
        """Note what the session is like."""
        line = self._line
        line.narrow = line.narrow or events.is_narrow(event, told.type)
        if told.session is not None:
            line.speaks = line.speaks if told.session.speaks is None else told.session.speaks
            line.most = told.session.most(line.most)

    def _begin(self, turn: Turn, told: events.Told) -> None:
        """Note what a response is to be like."""
        shape, line = told.response or events.Shape(), self._line
        turn.speaks = line.speaks if shape.speaks is None else shape.speaks
        turn.most = shape.most(line.most)

    async def _bind(self, told: events.Told) -> None:
        """Tell which call a response that begins belongs to; where nobody asked for it, it is a call from now on."""
        response = told.of
        if not response or response in self._under_way or response in self.refusals:
            raise UpstreamGarbled(
                origin=self._line.target.endpoint, why="a response begins that is no new one"
            )
        one: Answering | None = None
        if self._waiting:
            one = self._waiting.popleft()
        elif self.listening is not None:
            one, self.listening = self.listening, None
        if one is not None:
            self._under_way[response] = one  # whatever happens while it waits, it is let go of at the end
            await one.ready.wait()
        if one is None or one.batches is None:  # nobody asked, or who did was refused
            body = b'{"type":"response.created"}'
            call = self._speaker.said(self._line, body, raw=b"", turn=Turn())
            try:
                one = Answering.of(call, None, self._in_force())
                self._under_way[response] = one
                await one.open()
            except HanbokError as error:
                self._under_way.pop(response, None)
                turn = Turn()
                self._begin(turn, told)
                self.refusals.add(response, turn, error)
                await self._line.say(events.encode({"type": "response.cancel", "response_id": response}))
                return
        self._begin(one.turn, told)
        one.turn.begun = True

    async def _turn(self, told: events.Told) -> Answering | None:
        """Return the call of a turn of speech that is being written down; None: there is none any more. Words may come
        while the speaker goes on; what is said after the turn was taken belongs to the next.
        """
        item, line = told.transcribed, self._line
        one = self._under_way.get(item)
        if one is None:
            one = self.listening
            if one is None or one in self._under_way.values():
                return None
            self._under_way[item] = one
            await one.ready.wait()
            if one.batches is None:
                self._under_way.pop(item, None)
                return None
        one.turn.begun = True
        if one is self.listening or told.type == events.COMMITTED:
            one.turn.heard = line.sound
        if told.type == events.COMMITTED:
            line.sound = 0
            self._hear_no_more(one)
        return one

    def _hear_no_more(self, one: Answering) -> None:
        if one is self.listening:
            self.listening = None

    async def _pass(self, one: Answering, event: bytes, told: events.Told) -> list[bytes]:
        """Take an event of a response through the path."""
        batches = one.batches
        if batches is None:
            return []
        if events.is_sound(event):
            one.turn.note(event, sound=True)
            return [event]
        one.turn.push(event)
        of = told.of or told.transcribed
        try:
            shown = await anext(batches)
            if told.type in _LAST:
                self._settle(one, told)
                del self._under_way[of]
                # What must be kept of it is, before its last event is shown.
                shown = [*[late async for batch in batches for late in batch], *shown]
                one.call.finish()
        except HanbokError as error:
            await one.drop()
            self._under_way.pop(of, None)
            self._hear_no_more(one)
            if told.of:
                await self._line.say(events.encode({"type": "response.cancel", "response_id": of}))
            await self._tell(error, one.cause)
            return []
        return shown

    def _settle(self, one: Answering, told: events.Told) -> None:
        """Note what a response used, or a turn that was written down."""
        turn, line = one.turn, self._line
        if not told.of:
            turn.usage = Usage() if told.type == events.NOT_WRITTEN else told.heard
            self._hear_no_more(one)
            return
        turn.usage = told.charged
        if told.response is not None and told.response.status != "completed":
            one.call.ending.steps["response"] = told.response.status[:20]
        used = turn.usage or estimated(turn, line)
        line.words += used.output
        line.spoken += used.parts.get(Part.AUDIO_OUTPUT, 0)

    async def _failed(self, event: bytes, cause: str | None) -> bytes:
        """End what an event asked for that the provider refuses; return the error as the client is shown it."""
        if cause is None:
            return event
        for one in [one for one in self._waiting if one.cause == cause]:
            await one.ready.wait()
            if one not in self._waiting:
                continue
            self._waiting.remove(one)
            await one.fail(UpstreamFailed(origin=self._line.target.endpoint, status=400, reason="refused"))
        return events.without_cause(event) if self.is_ours(cause) else event
