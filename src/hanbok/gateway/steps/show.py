"""What a call would do, told instead of done: the two steps that make a path a preview."""

import hashlib
from asyncio import to_thread
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Form, Language, Text
from hanbok.gateway.asking import Place
from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.guarding import LONG
from hanbok.gateway.preview import Leaving, Preview, ShownFinding, ShownPolicy, ShownRefusal, last_words
from hanbok.gateway.step import Next
from hanbok.guard.grade import explain_grade
from hanbok.guard.guard import BOUNDARY
from hanbok.guard.kinds import Kind
from hanbok.policy.errors import Refused
from hanbok.policy.pack import Policy

_NO_CONTENT = 204
_UNKNOWN = "?"


class Halt:
    """The last step of a preview: no model is asked."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        return Reply(status=_NO_CONTENT)


@dataclass(frozen=True, slots=True)
class Show:
    """Stands before the inspect step, and replies with what the steps behind it would have done. A refusal by policy
    is part of the reply; other errors pass through.
    """

    kinds: Mapping[str, Kind]
    policies: Mapping[str, Policy]
    places: Mapping[str, Place]

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        refused: Refused | None = None
        try:
            await call_next(call)
        except Refused as error:
            refused = error
        if len(call.body) < LONG:
            return Reply(body=self._tell(call, refused))
        return Reply(body=await to_thread(self._tell, call, refused))

    def _tell(self, call: Call, refused: Refused | None) -> bytes:
        texts, findings = self._findings(call)
        preview = Preview(
            digest=call.digest,
            grade=call.grade,
            reasons=explain_grade(call.found, self.kinds).reasons,
            texts=texts,
            findings=findings,
            unread=call.unread,
            refused=refused is not None,
            refusal=_refusal(call, refused),
            plan=tuple(self._leaving(call, planned) for planned in call.plan),
        )
        return msgspec.json.encode(preview)

    def _findings(self, call: Call) -> tuple[tuple[str, ...], tuple[ShownFinding, ...]]:
        """Return the texts that hold findings, and the findings by their place in those."""
        views = call.texts.text.split(BOUNDARY) if call.texts else []
        starts = [0, *accumulate(len(view) + 1 for view in views)]
        shown: dict[int, int] = {}
        found: list[ShownFinding] = []
        for one in call.found:
            index = bisect_right(starts, one.start) - 1
            kind = self.kinds.get(one.kind)
            found.append(
                ShownFinding(
                    kind=one.kind,
                    label=kind.label if kind else Text(ko=one.kind, en=one.kind),
                    category=kind.category if kind else _UNKNOWN,
                    article=kind.article if kind else "",
                    score=one.score,
                    why=one.why,
                    text=shown.setdefault(index, len(shown)),
                    start=one.start - starts[index],
                    end=min(one.end - starts[index], len(views[index])),
                )
            )
        return tuple(views[index] for index in shown), tuple(found)

    def _leaving(self, call: Call, planned: Planned) -> Leaving:
        target, there = planned.target, planned.target.destination
        body, problem = b"", None
        protected = call.body_in(planned.form) if call.body_in else b""
        try:
            wire = self.places[target.endpoint].endpoint.dialect.request(
                call.operation, protected, model=target.model, stream=call.stream
            )
            body = wire.body
        except HanbokError as error:
            problem = _said(error)
        return Leaving(
            endpoint=target.endpoint,
            model=target.model,
            zone=there.zone,
            country=there.country,
            operator=there.operator,
            form=planned.form,
            policies=tuple(self._cited(planned.policies)),
            message=last_words(protected),
            body=body.decode(),
            digest=hashlib.sha256(body).hexdigest() if body else "",
            problem=problem,
            altered=planned.form is not Form.AS_IS and bool(call.findings),
        )

    def _cited(self, names: Iterable[str]) -> Iterator[ShownPolicy]:
        for name in names:
            policy = self.policies[name]
            clause = policy.clause
            yield ShownPolicy(
                id=name, article=clause.article, reason=clause.reason, effect=str(policy.rule["effect"])
            )


def _refusal(call: Call, refused: Refused | None) -> ShownRefusal | None:
    """Tell why policy rules out every target, or the first one that it does rule out."""
    error = refused or (Refused.by(call.refusal) if call.refusal else None)
    if error is None:
        return None
    clauses = call.refusal.clauses if call.refusal else ()
    return ShownRefusal(
        message=_said(error),
        hint=Text(ko=error.advise(Language.KO), en=error.advise(Language.EN)),
        policies=tuple(
            ShownPolicy(id=one.id, article=one.article, reason=one.reason, effect="forbid") for one in clauses
        ),
    )


def _said(error: HanbokError) -> Text:
    return Text(ko=error.say(Language.KO), en=error.say(Language.EN))
