"""A look at an answer by a model that judges: whether it may see it, what it is shown, what that costs."""

import asyncio
from collections.abc import Sequence
from typing import Final

from hanbok.core.values import Form, Text
from hanbok.gateway.answering.aside import Aside
from hanbok.gateway.answering.heard import Heard
from hanbok.gateway.answering.judging import judged
from hanbok.gateway.call import Call
from hanbok.gateway.catalogue import JUDGED_BYTES, Escalation
from hanbok.gateway.charging import tokens_in, tokens_of
from hanbok.gateway.errors import EndpointUnavailable, UpstreamCut, UpstreamGarbled, UpstreamTimeout
from hanbok.gateway.price import cost
from hanbok.gateway.rules import asked_of
from hanbok.policy.ruling import Judge, Question

_LOGPROBS: Final = b'"logprobs":true,'
_MAY_HAVE_WORKED: Final = (UpstreamCut, UpstreamGarbled, UpstreamTimeout, asyncio.CancelledError)


class JudgeForbidden(EndpointUnavailable):
    """Nothing left for the judge."""

    code = "judge_forbidden"
    message = Text(
        ko="정책에 따라 판정 모델 {endpoint!r}은(는) 이 답을 볼 수 없습니다.",
        en="Policy does not let the judge {endpoint!r} see this answer.",
    )
    hint = Text(
        ko="이 자료를 볼 수 있는 판정 모델을 적거나 `unjudged`를 `escalate`로 두십시오.",
        en="Name a judge that may see such data, or set `unjudged` to `escalate`.",
    )


class Unjudged(EndpointUnavailable):
    code = "answer_unjudged"
    message = Text(
        ko="{endpoint!r}이(가) 답을 판정하면서 예도 아니오도 말하지 않았습니다.",
        en="{endpoint!r} was asked to judge the answer and said neither yes nor no.",
    )
    hint = Text(
        ko="지시를 따르는 판정 모델을 적거나 `unjudged`를 `escalate`로 두십시오.",
        en="Name a judge that follows instructions, or set `unjudged` to `escalate`.",
    )


async def look(leg: Call, rules: Escalation, aside: Aside, policy: Judge, answers: Sequence[Heard]) -> bool:
    """Return whether the judge finds the answer good; what it cost is the leg's. Raises JudgeForbidden, Unjudged,
    and one of `asking.FAILURES`.
    """
    used, target = leg.ending.used, rules.judge
    endpoint = aside.place.endpoint.destination.endpoint
    if used is None or target is None or not _may_see(leg, used.form, aside, policy):
        raise JudgeForbidden(endpoint=endpoint)
    try:
        good, usage = await judged(aside, _question(leg, used.form), answers)
    except _MAY_HAVE_WORKED as error:
        leg.ending.cost += rules.judging
        leg.ending.tokens += tokens_in(JUDGED_BYTES)
        if isinstance(error, asyncio.CancelledError):
            leg.ending.attempts.append(f"{endpoint}:left")
        raise
    leg.ending.tokens += tokens_of(usage) if usage else tokens_in(JUDGED_BYTES)
    price = target.facts.price
    leg.ending.cost += rules.judging if usage is None or price is None else cost(usage, price)
    if good is None:
        raise Unjudged(endpoint=endpoint)
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
        unread=bool(leg.unread),
    )
    return policy.rule(question).allowed


def _question(leg: Call, form: Form) -> str:
    """Return the texts of the request as the first model was told them."""
    return asked_of(leg, leg.body_in(form) if leg.body_in else None).words
