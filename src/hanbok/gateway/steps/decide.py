"""Where may it go, and how much of it must be altered: policy decides, nothing is sent yet."""

from typing import Final, NamedTuple

from hanbok.core.values import Grade, Principal
from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.catalogue import Offer
from hanbok.gateway.step import Next
from hanbok.policy.errors import Refused
from hanbok.policy.plan import plan
from hanbok.policy.ruling import Judge, Ruling

_REMEMBERED: Final = 4096


class _Settled(NamedTuple):
    plan: tuple[Planned, ...]
    refusal: Ruling | None
    """Why the first target that policy rules out is ruled out."""


class Decide:
    """Like questions are settled once: a plan is a pure function of who asks, for what, and what was found."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._known: dict[tuple[str, Principal, Grade, frozenset[str], bool], _Settled] = {}

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        offer, kinds = call.offer, call.kinds
        if offer is None:
            raise RuntimeError("the admit step must stand before the decide step")
        question = (offer.name, call.principal, call.grade, kinds, bool(call.unread))
        settled = self._known.get(question)
        if settled is None:
            settled = self._settle(offer, *question[1:])
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[question] = settled
        call.plan, call.refusal = settled
        if not call.plan:
            raise Refused.by(call.refusal or Ruling(allowed=False, clauses=()))
        return await call_next(call)

    def _settle(
        self,
        offer: Offer,
        principal: Principal,
        grade: Grade,
        kinds: frozenset[str],
        unread: bool,  # noqa: FBT001 - as the question has it
    ) -> _Settled:
        refusal: Ruling | None = None
        for targets in (offer.targets, offer.instead):
            places = [(target.destination, target.model) for target in targets]
            settled = plan(self._judge, principal, places, grade, kinds, unread=unread)
            refusal = refusal or settled.refusal
            if settled.choices:
                planned = tuple(
                    Planned(
                        target=targets[choice.index],
                        form=choice.form,
                        policies=tuple(clause.id for clause in choice.clauses + choice.because),
                    )
                    for choice in settled.choices
                )
                return _Settled(planned, refusal)
        return _Settled((), refusal)
