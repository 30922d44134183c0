"""A look at an answer by a model that judges: whether it may see it, what it is shown, what that costs."""

import asyncio
from collections.abc import Sequence
from typing import Final

from hanbok.core.values import Form, Text
from hanbok.gateway.aside import Aside
from hanbok.gateway.call import Call
from hanbok.gateway.catalogue import Escalation
from hanbok.gateway.errors import EndpointUnavailable, UpstreamCut, UpstreamGarbled, UpstreamTimeout
from hanbok.gateway.heard import Heard
from hanbok.gateway.judging import judged
from hanbok.gateway.price import cost
from hanbok.gateway.rules import asked_of
from hanbok.policy.ruling import Judge, Question

_LOGPROBS: Final = b'"logprobs":true,'


_FORBIDDEN: Final = Text(ko="정책이 보지 못하게 합니다", en="policy does not let it see the answer")
_NEITHER: Final = Text(ko="예도 아니오도 말하지 않았습니다", en="it said neither yes nor no")
_MAY_HAVE_WORKED: Final = (UpstreamCut, UpstreamGarbled, UpstreamTimeout, asyncio.CancelledError)


class Unjudged(EndpointUnavailable):
    code = "answer_unjudged"
    message = Text(
        ko="{endpoint!r}이(가) 답을 판정하지 않았습니다: {why}",
        en="{endpoint!r} did not judge the answer: {why}",
    )
    hint = Text(
        ko="이 자료를 볼 수 있고 지시를 따르는 판정 모델을 적거나 `unjudged`를 `escalate`로 두십시오.",
        en="Name a judge that may see such data and follows instructions, or set `unjudged` to `escalate`.",
    )


async def look(leg: Call, rules: Escalation, aside: Aside, policy: Judge, answers: Sequence[Heard]) -> bool:
    """Return whether the judge finds the answer good; what it cost is the leg's. Raises Unjudged, and one of
    `asking.FAILURES`.
    """
    used, target = leg.ending.used, rules.judge
    endpoint = aside.place.endpoint.destination.endpoint
    if used is None or target is None or not _may_see(leg, used.form, aside, policy):
        raise Unjudged(endpoint=endpoint, why=_FORBIDDEN)
    try:
        good, usage = await judged(aside, _question(leg, used.form), answers)
    except _MAY_HAVE_WORKED:
        leg.ending.cost += rules.judging
        raise
    price = target.facts.price
    leg.ending.cost += rules.judging if usage is None or price is None else cost(usage, price)
    if good is None:
        raise Unjudged(endpoint=endpoint, why=_NEITHER)
    leg.ending.attempts.append(f"{endpoint}:judged {'good' if good else 'bad'}")
    return good


def with_logprobs(leg: Call) -> bool:
    """Have the probabilities of the answer's tokens told; return whether they are told without the client's asking."""
    body_in = leg.body_in
    if leg.front is not None or body_in is None or b'"logprobs"' in leg.body:
        return False

    def revealing(form: Form) -> bytes:
        body = body_in(form)
        start = body.index(b"{") + 1
        return b"".join((body[:start], _LOGPROBS, body[start:]))

    leg.body_in = revealing
    return True


def _may_see(leg: Call, form: Form, aside: Aside, policy: Judge) -> bool:
    question = Question(
        principal=leg.principal,
        destination=aside.place.endpoint.destination,
        model=aside.model,
        grade=leg.grade,
        kinds=leg.kinds,
        form=form,
    )
    return policy.rule(question).allowed


def _question(leg: Call, form: Form) -> str:
    """Return the texts of the request as the first model was told them."""
    return asked_of(leg, leg.body_in(form) if leg.body_in else None).words
