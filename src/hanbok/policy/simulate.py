"""What other policies would have decided: the requests of the log, judged again.

An entry holds who asked, the grade, the kinds that were found and what came of it; the act that put the settings in
force holds where each model was reached. Both together are the question that was asked then. Refusals for other
reasons than policy (a limit, a budget) never were a question to it and are left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hanbok.core.values import Destination, Form, Grade, Principal
from hanbok.evidence.entry import Act, AnyEntry, Intent, Refusal
from hanbok.policy.errors import Refused
from hanbok.policy.plan import plan
from hanbok.policy.ruling import Judge
from hanbok.policy.scene import Scene


class Effect(StrEnum):
    """What would change for a request."""

    SAME = "same"
    REFUSED = "refused"
    """It went out; it would be refused."""
    ALLOWED = "allowed"
    """It was refused; it would go out."""
    MORE_ALTERED = "more_altered"
    LESS_ALTERED = "less_altered"
    ELSEWHERE = "elsewhere"
    """Another endpoint would be asked first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Where a request goes first and in which form, or the policies that refuse it."""

    endpoint: str = ""
    form: str = ""
    policies: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        return not self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One request that would be decided otherwise."""

    call: str
    at: str
    effect: Effect
    organisation: str
    model: str
    kinds: tuple[str, ...]
    before: Decided
    after: Decided


@dataclass(slots=True, kw_only=True)
class Simulated:
    judged: int = 0
    left_out: int = 0
    """Refusals for other reasons, and requests for models of which nothing is known."""
    by_todays_settings: int = 0
    """Judged on the settings of today, because the log did not note those of then."""
    effects: Counter[str] = field(default_factory=Counter[str])
    organisations: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    models: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    kinds: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    policies: Counter[str] = field(default_factory=Counter[str])
    """How often each policy refuses a request, or forbids its former form, that went out so before."""
    examples: list[Example] = field(default_factory=list[Example])


def simulate(
    entries: Iterable[AnyEntry],
    judge: Judge,
    today: Scene,
    *,
    since: datetime,
    until: datetime,
    examples: int = 20,
) -> Simulated:
    """Judge the requests of a log between two moments again. `entries` begin early enough to hold the settings that
    were in force. Raises PolicyBroken.
    """
    result, then = Simulated(), Scene()
    seen: Counter[str] = Counter()
    for entry in entries:
        if isinstance(entry, Act) and entry.verb == "settings":
            then = Scene.read(entry.facts) or then
        if not isinstance(entry, Intent | Refusal) or not since <= datetime.fromisoformat(entry.at) < until:
            continue
        scene = then if entry.model in then.models else today
        if not _is_question(entry) or entry.model not in scene.models:
            result.left_out += 1
            continue
        result.judged += 1
        result.by_todays_settings += scene is today
        one = _compare(entry, judge, scene)
        _count(result, one)
        if one.effect is not Effect.SAME and seen[one.effect] < examples:
            seen[one.effect] += 1
            result.examples.append(one)
    return result


def _is_question(entry: Intent | Refusal) -> bool:
    # An intent that names no place asked nobody.
    asked = bool(entry.plan) if isinstance(entry, Intent) else entry.code == Refused.code
    return bool(entry.grade) and asked


def _compare(entry: Intent | Refusal, judge: Judge, scene: Scene) -> Example:
    kinds = frozenset(entry.findings)
    principal = Principal(
        organisation=entry.organisation,
        key=entry.key,
        team=entry.team,
        person=entry.person,
        application=entry.application,
    )
    before = _before(entry)
    after = _after(judge, principal, scene.targets(entry.model), entry)
    return Example(
        call=entry.call,
        at=entry.at,
        effect=_effect(before, after),
        organisation=entry.organisation,
        model=entry.model,
        kinds=tuple(sorted(kinds)),
        before=before,
        after=after,
    )


def _before(entry: Intent | Refusal) -> Decided:
    if isinstance(entry, Refusal) or not entry.plan:
        return Decided(policies=entry.policies if isinstance(entry, Refusal) else ())
    first = entry.plan[0]
    return Decided(endpoint=first.endpoint, form=first.form, policies=first.policies)


def _after(
    judge: Judge,
    principal: Principal,
    targets: list[list[tuple[Destination, str]]],
    entry: Intent | Refusal,
) -> Decided:
    refusal: tuple[str, ...] = ()
    grade, kinds = Grade(entry.grade), frozenset(entry.findings)
    for group in targets:
        settled = plan(judge, principal, group, grade, kinds, unread=bool(entry.unread))
        if settled.choices:
            first = settled.choices[0]
            policies = tuple(clause.id for clause in first.clauses + first.because)
            return Decided(endpoint=group[first.index][0].endpoint, form=first.form, policies=policies)
        if settled.refusal and not refusal:
            refusal = tuple(clause.id for clause in settled.refusal.clauses)
    return Decided(policies=refusal)


def _effect(before: Decided, after: Decided) -> Effect:
    if before.refused or after.refused:
        if before.refused and after.refused:
            return Effect.SAME
        return Effect.ALLOWED if before.refused else Effect.REFUSED
    if before.endpoint != after.endpoint:
        return Effect.ELSEWHERE
    ranks = {form.value: rank for rank, form in enumerate(Form)}
    change = ranks[after.form] - ranks[before.form]
    if not change:
        return Effect.SAME
    return Effect.MORE_ALTERED if change > 0 else Effect.LESS_ALTERED


def _count(result: Simulated, one: Example) -> None:
    result.effects[one.effect] += 1
    if one.effect is Effect.SAME:
        return
    result.organisations.setdefault(one.organisation, Counter())[one.effect] += 1
    result.models.setdefault(one.model, Counter())[one.effect] += 1
    for kind in one.kinds or ("-",):
        result.kinds.setdefault(kind, Counter())[one.effect] += 1
    if one.effect in (Effect.REFUSED, Effect.MORE_ALTERED):
        result.policies.update(_new(one))


def _new(one: Example) -> Iterator[str]:
    return (name for name in one.after.policies if name not in one.before.policies)
