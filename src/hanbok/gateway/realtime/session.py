"""A session: what its client says goes the path of every call, what the provider says comes back through it."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
from websockets.frames import CloseCode

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamCut, UpstreamGarbled
from hanbok.gateway.realtime import events
from hanbok.gateway.realtime.answers import Answers
from hanbok.gateway.realtime.beginning import Beginning
from hanbok.gateway.realtime.call import Opened, Rules
from hanbok.gateway.realtime.errors import SessionOver, close_code
from hanbok.gateway.realtime.fitness import require_fit
from hanbok.gateway.realtime.line import Line
from hanbok.gateway.realtime.pace import Pace
from hanbok.gateway.realtime.peer import LOG, Peer, PeerGone
from hanbok.gateway.realtime.speaker import Speaker
from hanbok.guard.pseudonym import Hider

_TICK: Final = 0.25
"""Seconds between two looks at what may end a session: a revoked key does within one."""
_WELL: Final = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD)
_DEAF: Final = 1.0
"""Seconds for which sound is dropped after some was refused: it comes many times a second."""
_SAID_AT_ONCE: Final = 100
_SAID_PER_SECOND: Final = 20.0


class Session:
    """`run` returns when it is over, with both sides closed."""

    def __init__(
        self,
        speaker: Speaker,
        opened: Opened,
        client: Peer,
        *,
        hider: Hider,
        rules: Callable[[], Rules | None],
        shape: Callable[[HanbokError], dict[str, Any]],
        begins: dict[str, Any] | None = None,
        writes: bool = False,
    ) -> None:
        """`rules` are those in force whenever asked; None: there are no sessions any more. `shape` tells an error,
        `begins` says what the session is to be before its client says anything, `writes` that it is a transcription.
        """
        self.line = Line(target=opened.target, peer=opened.line.peer, hider=hider, writes=writes)
        self._speaker, self._opened, self._client = speaker, opened, client
        self._rules, self._shape = rules, shape
        self._last_rules: Rules | None = None
        self._writer = opened.target.model if writes else ""
        self._beginning = Beginning(begins, opened.target.endpoint) if begins is not None else None
        self.answers = Answers(self.line, speaker, self._in_force, self._tell, self._pay)
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
            self.line.peer.close(CloseCode.NORMAL_CLOSURE)
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

    # The client's side

    async def _hear(self) -> None:
        if self._beginning is not None:
            event = self._beginning.event
            require_fit(event, self._speaker.model, writes=self._writer)
            await self._say(event)
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
            await self.line.say(plain)
        else:
            if tree["type"] != events.CREATE:
                await self._pace.wait()  # each has its records
            require_fit(tree, self._speaker.model, writes=self._writer)
            await (self.answers.ask(tree, self._say) if tree["type"] == events.CREATE else self._say(tree))

    async def _take_sound(self, event: bytes) -> None:
        self.answers.renew()
        if self.answers.listening is not None:
            self.line.sound += len(event)
            await self.line.say(event)
        elif self._active >= self._deaf_until:
            self._deaf_until = self._active + _DEAF
            await self.answers.listen(event)
            self._deaf_until = 0.0

    async def _say(self, tree: dict[str, Any]) -> None:
        """Send what asks for no response down the path."""
        call = self._speaker.said(self.line, events.encode(tree), sound=events.sound_in(tree))
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
        origin = self.line.target.endpoint
        while True:
            try:
                event = (await self.line.peer.receive()).encode()
            except PeerGone as gone:
                if gone.code in _WELL and not self.answers.awaited:
                    return
                raise UpstreamCut(origin=origin) from None
            self._active = asyncio.get_running_loop().time()
            try:
                told = events.told(event)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise UpstreamGarbled(origin=origin, why="an event that is none") from error
            if self._beginning is not None and not self._beginning.over:
                fit = self._beginning.shown(event, told)
                if fit is None:
                    continue
                event = fit
            try:
                for shown in await self.answers.shown(event, told):
                    await self._client.send(shown)
            except PeerGone:
                return

    # The end

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TICK)
            at, rules = loop.time(), self._in_force()
            rules.check(self._speaker.key)
            self.answers.refusals.check(at)
            if at - self._began > rules.longest:
                raise SessionOver(why=Text(ko="가장 긴 시간이 지났습니다", en="its longest time is over"))
            if at - self._active > rules.idle:
                raise SessionOver(why=Text(ko="오래 조용했습니다", en="it was silent for long"))
            if self._client.retiring and self.answers.idle:
                self._code = CloseCode.GOING_AWAY
                return
            if not (self._client.alive(at) and self.line.peer.alive(at)):
                return

    async def _tell(self, error: HanbokError, cause: str | None) -> None:
        shown = None if self.answers.is_ours(cause) else cause
        try:
            await self._client.send(events.error_event(error, self._shape(error), shown))
        except PeerGone:
            return

    async def _end(self, error: HanbokError) -> None:
        """Break off what is under way, honestly, and say why."""
        self._code = close_code(error)
        for one in self.answers.take_all():
            await one.fail(error)
        await self._tell(error, None)

    async def _abandon(self) -> None:
        """Let go of what nobody waits for any more, and settle what is owed."""
        for one in self.answers.take_all():
            await one.drop()
        owed = self.line.owed
        owed += self.answers.refusals.left(self.line)
        if owed:
            try:
                await self._pay()
            except HanbokError as error:  # the log takes nothing: no other step can refuse it
                LOG.error("%d uses of a session are charged to nobody: %s", len(owed), error)

    async def _pay(self) -> None:
        """Write down what is owed: it was used, so this cannot be refused, not by settings that are gone either."""
        rules = self._rules() or self._last_rules
        if rules is None:
            raise RuntimeError("nothing can be owed before rules let something in")
        call = self._speaker.owes(self.line)
        try:
            await rules.account.run(call)
        finally:
            call.finish()
