"""What one person sent goes nowhere that policy would not let that person send it, whoever pays for the call."""

from dataclasses import dataclass

from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.step import Next
from hanbok.policy.errors import Refused
from hanbok.policy.ruling import Judge, Question, Ruling


@dataclass(frozen=True, slots=True)
class Within:
    """Stands behind the decision. Raises Refused where no place is left."""

    judge: Judge

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if call.behalf is None:
            return await call_next(call)
        ruled = [(one, self._ruling(call, one)) for one in call.plan]
        call.plan = tuple(one for one, ruling in ruled if ruling.allowed)
        if not call.plan:
            call.refusal = ruled[0][1]
            raise Refused.by(call.refusal)
        return await call_next(call)

    def _ruling(self, call: Call, planned: Planned) -> Ruling:
        question = Question(
            principal=call.behalf or call.principal,
            destination=planned.target.destination,
            model=planned.target.model,
            grade=call.grade,
            kinds=call.kinds,
            form=planned.form,
            unread=bool(call.unread),
        )
        return self.judge.rule(question)
