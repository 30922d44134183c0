"""Looks over policy texts before anybody is bound by them: slips, and policies that decide nothing.

Whether a policy can ever fire is tried out: on every combination of what it speaks of where those are few, else on a
sample that is always the same. What was only sampled is said so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hanbok.core.values import Text
from hanbok.guard.kinds import kinds as known_kinds
from hanbok.policy.cedar import ALWAYS, OTHER, CedarJudge
from hanbok.policy.circumstances import Circumstances, Use
from hanbok.policy.errors import PolicyBroken, PolicyInvalid
from hanbok.policy.pack import Policy, merge, read, read_pack, schema_for
from hanbok.policy.questions import Given, question_of, reaching, varied
from hanbok.policy.ruling import Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about a text. An error keeps it from coming into force; a warning does not."""

    file: str
    line: int
    policy: str
    error: bool
    what: Text


def review(
    texts: Mapping[str, str], packs: Sequence[str], on: date, custom: Mapping[str, str]
) -> Iterator[Remark]:
    """Yield what is wrong with texts (by file name) that would come on top of packs on this day."""
    names = frozenset({*known_kinds(), *custom, OTHER})
    schema = schema_for(names)
    own: list[Policy] = []
    broken = False
    for file, text in texts.items():
        try:
            own += read(file, text, schema)
        except PolicyInvalid as error:
            broken = True
            yield _invalid(error)
    laws = [policy for name in dict.fromkeys((*ALWAYS, *packs)) for policy in read_pack(name)]
    try:
        merged = merge(own, laws)
    except PolicyInvalid as error:
        yield _invalid(error)
        return
    if broken:
        return
    in_force = [policy for policy in merged if policy.in_force(on)]
    for policy in own:
        yield from _notes(policy)
        if policy.in_force(on):
            yield from _fires(policy, in_force, schema, names)
        else:
            yield from _days(policy, on)


def _invalid(error: PolicyInvalid) -> Remark:
    facts = error.facts
    why = str(facts["why"])
    return Remark(
        file=str(facts["file"]),
        line=int(str(facts["line"])),
        policy="",
        error=True,
        what=Text(ko=why, en=why),
    )


def _warn(policy: Policy, ko: str, en: str) -> Remark:
    return Remark(
        file=policy.file, line=policy.line, policy=policy.clause.id, error=False, what=Text(ko=ko, en=en)
    )


def _notes(policy: Policy) -> Iterator[Remark]:
    if policy.rule["effect"] == "forbid" and "article" not in policy.rule.get("annotations", {}):
        yield _warn(
            policy,
            "@article이 없어 거절할 때 조문을 밝히지 못합니다",
            "without @article a refusal cites nothing",
        )
    if not re.search("[가-힣]", policy.clause.reason.ko):
        yield _warn(policy, "@reason_ko가 한국어가 아닙니다", "@reason_ko is not Korean")


def _days(policy: Policy, on: date) -> Iterator[Remark]:
    if policy.until is not None and policy.until <= policy.since:
        yield _warn(
            policy,
            "@until이 @in_force보다 늦지 않아 하루도 적용되지 않습니다",
            "@until is not after @in_force: it never holds",
        )
    elif policy.until is not None and policy.until <= on:
        yield _warn(policy, f"{policy.until}에 끝났습니다", f"it ended on {policy.until}")
    else:
        yield _warn(policy, f"{policy.since}부터 적용됩니다", f"it holds from {policy.since} on")


def _fires(
    policy: Policy, in_force: Sequence[Policy], schema: str, names: frozenset[str]
) -> Iterator[Remark]:
    """Say of a policy that it never fires, or never decides."""
    alone, whole = _Judges([policy], schema, names), _Judges(in_force, schema, names)
    others = [one for one in in_force if one.clause.id != policy.clause.id]
    without = _Judges(others, schema, names)
    given, complete = reaching(policy, names)
    try:
        firing = [one for one in given if alone.rule(one).clauses]
        decides = any(
            without.rule(one).allowed != whole.rule(one).allowed
            for one in varied(firing, others, names)
            if alone.rule(one).clauses
        )
    except PolicyBroken:
        yield _warn(policy, "평가하다 실패하는 물음이 있습니다", "there are questions on which it fails")
        return
    if not firing:
        ko = "" if complete else f" (물음 {len(given)}가지를 뽑아 본 결과)"
        en = "" if complete else f" (in a sample of {len(given)} questions)"
        yield _warn(policy, f"어느 물음에도 적용되지 않습니다{ko}", f"it never fires{en}")
    elif not decides:
        yield _warn(
            policy,
            "뽑아 본 물음에서는 적용될 때마다 다른 정책이 똑같이 정하므로 아무것도 바꾸지 않습니다",
            "in a sample of questions other policies decide the same whenever it fires: it changes nothing",
        )


class _Judges:
    """The same policies, for each entry of the register of uses."""

    def __init__(self, policies: Sequence[Policy], schema: str, names: frozenset[str]) -> None:
        self._policies, self._schema, self._names = policies, schema, names
        self._made: dict[tuple[Use, str], CedarJudge] = {}

    def rule(self, given: Given) -> Ruling:
        """Rule on a question. Raises PolicyBroken."""
        question, use = question_of(given)
        application = question.principal.application
        if (use, application) not in self._made:
            facts = Circumstances(uses={application: use} if use.registered else {})
            judge = CedarJudge(self._policies, self._schema, self._names, circumstances=facts)
            self._made[use, application] = judge
        return self._made[use, application].rule(question)
