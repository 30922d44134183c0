"""A smaller model first: a bigger one is asked where its answer is not good enough.

The first answer is held back until it is judged, so a stream begins late; heartbeats go on meanwhile. Both are paid,
and the outcome names both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hanbok.gateway.answering.aside import Aside
from hanbok.gateway.answering.heard import Heard, heard, without_logprobs
from hanbok.gateway.answering.held import held_back, told_again
from hanbok.gateway.answering.judging import fault
from hanbok.gateway.answering.second_look import JudgeForbidden, look, with_logprobs
from hanbok.gateway.answering.tallies import ESCALATIONS, Tallies
from hanbok.gateway.asking import FAILURES
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.catalogue import Escalation, Lacking
from hanbok.gateway.leg import leg_of, let_go, take_over, tell
from hanbok.gateway.step import Next
from hanbok.gateway.way_back import wants_document
from hanbok.policy.ruling import Judge

_OK: Final = 200
STEP: Final = "escalation"
_KEPT: Final = "kept"


@dataclass(frozen=True, slots=True)
class _First:
    """The first answer, as far as it was heard."""

    leg: Call
    reply: Reply | None
    fault: str
    """Why another one is wanted; empty: it is good."""


@dataclass(frozen=True, slots=True)
class Escalate:
    judges: Mapping[str, Aside]
    """By the name of the offer."""
    judge: Judge
    """Of policy: whether a model that judges may see it."""
    tallies: Tallies

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        rules = call.offer.escalation if call.offer else None
        if rules is None or call.operation is not Operation.CHAT:
            return await call_next(call)
        small = tuple(one for one in call.plan if one.target.group != rules.to)
        big = tuple(one for one in call.plan if one.target.group == rules.to)
        if not small or not big:
            call.ending.steps[STEP] = "not run"
            return await call_next(call)
        leg = leg_of(call, small)
        try:
            first = await self._first(leg, call_next, rules)
        except BaseException:
            let_go(call, leg)
            tell(call, leg)
            raise
        if first.reply is not None and not first.fault:
            return self._kept(call, first.leg, first.reply, _KEPT)
        return await self._second(call, call_next, first, leg_of(call, big), rules)

    async def _first(self, leg: Call, call_next: Next, rules: Escalation) -> _First:
        """Ask the first group. Raises one of FAILURES where a judgement is lacking and the settings refuse then."""
        revealing = rules.min_logprob is not None and with_logprobs(leg)
        try:
            reply = await call_next(leg)
            if reply.status != _OK:
                return _First(leg, None, f"status_{reply.status}")
            parts, rest = ([reply.body], None) if reply.chunks is None else await held_back(reply.chunks)
        except FAILURES as error:
            return _First(leg, None, error.code)
        answers = heard(parts)
        found = ""
        if rest is None:
            found = fault(answers, rules, document=wants_document(leg)) or await self._look(
                leg, rules, answers
            )
        if revealing:
            parts = [without_logprobs(part) for part in parts]
        if reply.chunks is None:
            reply.body = parts[0]
        else:
            reply.chunks = told_again(parts, rest)
        return _First(leg, reply, found)

    async def _look(self, leg: Call, rules: Escalation, answers: Sequence[Heard]) -> str:
        aside = self.judges.get(leg.model)
        if aside is None:
            return ""
        try:
            return "" if await look(leg, rules, aside, self.judge, answers) else "judged"
        except FAILURES as error:
            if isinstance(error, JudgeForbidden):
                leg.ending.steps["judge"] = f"not run: {error.code}"
            else:
                # What was sent there is in the evidence by this.
                leg.ending.attempts.append(f"{aside.endpoint}:{error.code}")
            if rules.unjudged is Lacking.REFUSE:
                raise
            if rules.unjudged is Lacking.KEEP:
                return ""
            return error.code if isinstance(error, JudgeForbidden) else "unjudged"

    async def _second(
        self, call: Call, call_next: Next, first: _First, leg: Call, rules: Escalation
    ) -> Reply:
        try:
            reply = await call_next(leg)
        except FAILURES as error:
            if first.reply is not None and rules.unanswered is Lacking.KEEP:
                kept = self._kept(call, first.leg, first.reply, f"{first.fault}, {error.code}")
                let_go(call, leg)
                return kept
            _give_up(call, first.leg, leg)
            raise
        except BaseException:
            _give_up(call, first.leg, leg)
            raise
        take_over(call, leg)
        let_go(call, first.leg)
        self._note(call, first.leg, first.fault)
        return reply

    def _kept(self, call: Call, leg: Call, reply: Reply, why: str) -> Reply:
        take_over(call, leg)
        self._note(call, leg, why)
        return reply

    def _note(self, call: Call, first: Call, why: str) -> None:
        used = first.ending.used
        usage = None if first.ending is call.ending else first.ending.usage
        place = used.target.endpoint if used else "nobody"
        # Of an answer that is given, the outcome itself tells them.
        tokens = f"; {usage.input}+{usage.output} tokens" if usage else ""
        call.ending.steps[STEP] = f"{place}: {why}{tokens}"
        call.ending.told += (("x-hanbok-escalation", why),)
        self.tallies.add(ESCALATIONS, call.model, why)


def _give_up(call: Call, *legs: Call) -> None:
    for leg in legs:
        let_go(call, leg)
        tell(call, leg)
