"""The intent is durable before the first byte leaves; the outcome follows on any end."""

import asyncio
import logging
from dataclasses import dataclass

from hanbok.core.clock import stamp
from hanbok.core.values import Usage
from hanbok.evidence.entry import Hop, Intent, Outcome
from hanbok.evidence.errors import LogUnavailable
from hanbok.evidence.log import Log
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.charging import tokens_of
from hanbok.gateway.step import Next
from hanbok.policy.ruling import Judge

_log = logging.getLogger("hanbok.record")


@dataclass(frozen=True, slots=True)
class Record:
    log: Log
    judge: Judge

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        def close() -> None:
            try:
                self.log.post(_outcome(call))
            except LogUnavailable as error:
                # The intent is durable: the next start writes an outcome for it, charged as reserved.
                _log.error("call %s has no outcome: %s", call.id, error)

        try:
            await self.log.append(self._intent(call))
        except asyncio.CancelledError:
            # The log does not take back what it was handed: the intent is there, or will be.
            call.recorded = True
            call.at_end(close)
            raise
        call.recorded = True
        call.at_end(close)
        return await call_next(call)

    def _intent(self, call: Call) -> Intent:
        who = call.principal
        return Intent(
            at=stamp(),
            call=call.id,
            organisation=who.organisation,
            key=who.key,
            team=who.team,
            person=who.person,
            application=who.application,
            origin=call.origin,
            route=call.route,
            model=call.model,
            grade=call.grade,
            findings=call.tally,
            unread=call.unread,
            digest=call.digest,
            plan=tuple(planned.hop for planned in call.plan) + _judge(call),
            policy=self.judge.version,
            reserved=call.reserved,
        )


def _judge(call: Call) -> tuple[Hop, ...]:
    """Return where the first answer may go to be judged, with the question in the form in which it was asked."""
    rules = call.offer.escalation if call.offer else None
    if rules is None or rules.judge is None or call.operation is not Operation.CHAT:
        return ()
    forms = dict.fromkeys(one.form for one in call.plan if one.target.group != rules.to)
    if not any(one.target.group == rules.to for one in call.plan):
        return ()
    return tuple(Planned(target=rules.judge, form=form).hop for form in forms)


def _outcome(call: Call) -> Outcome:
    ending, used = call.ending, call.ending.used
    usage = ending.usage or Usage()
    return Outcome(
        at=stamp(),
        call=call.id,
        status=ending.status,
        organisation=call.principal.organisation,
        key=call.principal.key,
        endpoint=used.target.endpoint if used else "",
        model=used.target.model if used else "",
        form=used.form if used else "",
        code=ending.code,
        input=usage.input,
        output=usage.output,
        cached=usage.cached,
        reasoning=usage.reasoning,
        parts=dict(usage.parts),
        beside=ending.tokens - tokens_of(usage),
        cost=ending.cost,
        reply_findings=ending.reply_findings,
        sent=ending.sent,
        received=ending.received,
        attempts=tuple(ending.attempts),
        steps=ending.steps,
    )
