"""Where may it go, and how much of it must be altered: policy decides, nothing is sent yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.catalogue import Target
from hanbok.gateway.step import Next
from hanbok.policy.errors import Refused
from hanbok.policy.plan import Plan, plan
from hanbok.policy.ruling import Judge, Ruling


@dataclass(frozen=True, slots=True)
class Decide:
    judge: Judge

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if call.offer is None:
            raise RuntimeError("the admit step must stand before the decide step")
        settled = self._plan(call, call.offer.targets)
        call.refusal = settled.refusal
        targets = call.offer.targets
        if not settled.choices and call.offer.instead:
            targets = call.offer.instead
            settled = self._plan(call, targets)
        if not settled.choices:
            raise Refused.by(call.refusal or Ruling(allowed=False, clauses=()))
        call.plan = tuple(
            Planned(
                target=targets[choice.index],
                form=choice.form,
                policies=tuple(clause.id for clause in choice.clauses + choice.because),
            )
            for choice in settled.choices
        )
        return await call_next(call)

    def _plan(self, call: Call, targets: Sequence[Target]) -> Plan:
        places = [(target.destination, target.model) for target in targets]
        return plan(self.judge, call.principal, places, call.grade, call.kinds)
