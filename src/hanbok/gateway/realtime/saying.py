"""The way of what is said in a session: an event of its client, and the response that it asks for."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from hanbok.core.errors import HanbokError
from hanbok.core.values import Form, Usage, Zone
from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.catalogue import Catalogue
from hanbok.gateway.charging import charge
from hanbok.gateway.price import estimate_heard
from hanbok.gateway.realtime.call import Said, Turn
from hanbok.gateway.realtime.errors import NotRealtime, SoundNotAllowed
from hanbok.gateway.realtime.guessing import estimated
from hanbok.gateway.realtime.line import Line
from hanbok.gateway.showing import Showing
from hanbok.gateway.step import Next
from hanbok.gateway.steps.admit import allowed, enter, key_of
from hanbok.gateway.steps.protect import Disguise
from hanbok.gateway.token_limits import USUAL_ANSWER, within
from hanbok.gateway.way_back import MaskerOf
from hanbok.policy.errors import Refused
from hanbok.policy.gate import Gate
from hanbok.policy.key import Limits
from hanbok.policy.ruling import Ruling


def said(call: Call) -> Said:
    """Return the call as one of a session."""
    if not isinstance(call, Said):
        raise TypeError("the call is none of a session")
    return call


@dataclass(frozen=True, slots=True)
class AdmitSaid:
    """A response is a call: rate, concurrency and money. What else is said is part of the next one."""

    catalogue: Catalogue
    gate: Gate
    models: frozenset[str]
    writing: frozenset[str]
    """Those of sessions of transcription."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        now, key = said(call), allowed(call)
        call.offer = self.catalogue.offer(call.model)
        if call.model not in (self.writing if now.line.writes else self.models):
            raise NotRealtime(model=call.model)
        if now.turn is not None:
            call.reserved = estimate_heard(now.line.bound, now.line.target.facts)
            most = key.limits.tokens_per_minute
            await enter(self.gate, call, key, 0 if most is None else _held(now.turn, now.line, most))
        return await call_next(call)


def _held(turn: Turn, line: Line, most: int) -> int:
    answer = USUAL_ANSWER if turn.most is None else turn.most
    return within(most, max(estimated(turn, line).input, 1), answer)


@dataclass(frozen=True, slots=True)
class Stay:
    """A session stays where it was opened: what policy does not let go there is refused. Stands behind the decision."""

    sound_zones: frozenset[Zone]

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        now = said(call)
        there = next((one for one in call.plan if _same(one, now.line)), None)
        if there is None:
            raise Refused.by(call.refusal or Ruling(allowed=False, clauses=()))
        if now.sounds and there.target.destination.zone not in self.sound_zones:
            raise SoundNotAllowed(zone=there.target.destination.zone.value)
        call.plan = (there,)
        return await call_next(call)


def _same(planned: Planned, line: Line) -> bool:
    there, here = planned.target, line.target
    return (there.endpoint, there.model) == (here.endpoint, here.model)


@dataclass(frozen=True, slots=True)
class ProtectSaid:
    """What leaves is altered as policy asked, with the pseudonyms of the whole session; what comes is made whole."""

    masks: Mapping[str, str]
    masker_of: MaskerOf | None

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        now = said(call)
        if call.texts is None:
            raise RuntimeError("the inspect step must stand before the protect step")
        disguise = Disguise(call, call.texts, self.masks, now.line.hider)
        call.body_in = disguise.body_in
        if self.masker_of is not None:
            call.body_in(call.plan[0].form)
            now.line.values |= disguise.values()
        reply = await call_next(call)
        call.hidden = now.line.hider.hidden() if call.findings else ()
        if reply.chunks is not None:
            showing = showing_of(now.line, self.masks, self.masker_of)
            reply.chunks = self._show(call, reply.chunks, showing)
        return reply

    async def _show(
        self, call: Call, chunks: AsyncGenerator[list[bytes], None], showing: Showing
    ) -> AsyncGenerator[list[bytes], None]:
        """Yield once for each batch: the session takes each event's answer before it hands in the next."""
        try:
            async with aclosing(chunks):
                async for batch in chunks:
                    yield [ready for event in batch for ready in showing.feed(event)]
            if rest := showing.close():
                yield rest
        finally:
            showing.note(call.ending)


def showing_of(line: Line, masks: Mapping[str, str], masker_of: MaskerOf | None) -> Showing:
    """Return what makes events of a session whole again."""
    return Showing(
        line.target.endpoint, hider=line.hider, values=line.values, masks=masks, masker_of=masker_of
    )


class Say:
    """Send what was said. A response's events come as its batches."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        now = said(call)
        if call.body_in is None:
            raise RuntimeError("the protect step must stand before the last one")
        planned = call.plan[0]
        leaving = call.body_in(planned.form) if now.raw is None else now.raw
        call.ending.used = planned
        call.ending.sent = hashlib.sha256(leaving).hexdigest()
        if leaving:
            await now.line.say(leaving)
        if now.turn is None:
            return Reply()
        call.at_end(partial(_settle, now, planned))
        return Reply(chunks=now.turn.batches())


@dataclass(frozen=True, slots=True)
class Owe:
    """Let in what is owed: it was used already, so no key, limit or policy of now can refuse it. Nothing leaves."""

    gate: Gate

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        now, key = said(call), key_of(call)
        # As one that is not looked up, for it may be revoked by now, and with no limit that could refuse it.
        tokens = Limits(tokens_per_minute=key.limits.tokens_per_minute)
        unbounded = replace(key, digest="", limits=tokens)
        try:
            await enter(self.gate, call, unbounded)
        except HanbokError as error:
            call.ending.steps["hold"] = f"none: {error.code}"  # the log's outcome is what counts
        call.plan = (Planned(target=now.line.target, form=Form.AS_IS),)
        call.ending.steps["inspect"] = "nothing left"
        return await call_next(call)


class Settle:
    """Charge what is owed."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        call.ending.used = call.plan[0]
        call.at_end(partial(_settle, said(call), call.plan[0]))
        return Reply()


def _settle(call: Said, planned: Planned) -> None:
    """Charge a response, and what was written down before it."""
    turn, line = call.turn, call.line
    if turn is None:
        return
    usage = turn.usage
    if usage is None and turn.begun:
        call.ending.steps["usage"] = "estimated"
        usage = estimated(turn, line)
    owed, line.owed = line.owed, []
    for one in (*owed, *((usage,) if usage else ())):
        charge(call.ending, planned, one)
    if len(owed) + (usage is not None) > 1:
        call.ending.usage = _sum([*owed, *((usage,) if usage else ())])
    for kind, number in line.found.items():
        call.ending.reply_findings[kind] = call.ending.reply_findings.get(kind, 0) + number
    line.found = {}
    if not line.writes:  # each turn of a transcription is heard by itself
        line.last = turn.usage or line.last


def _sum(uses: list[Usage]) -> Usage:
    parts: dict[str, int] = {}
    for use in uses:
        for part, number in use.parts.items():
            parts[part] = parts.get(part, 0) + number
    return Usage(
        input=sum(use.input for use in uses),
        output=sum(use.output for use in uses),
        cached=sum(use.cached for use in uses),
        reasoning=sum(use.reasoning for use in uses),
        parts=parts,
    )
