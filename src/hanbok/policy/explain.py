"""Why a request is decided as it is, form by form and place by place, and what would let it through."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hanbok.core.values import Destination, Form, Grade, Principal, Text, Zone
from hanbok.policy.pack import Policy
from hanbok.policy.ruling import Clause, Judge, Question

_BASIS: Final = re.compile(r'basis like "([^"]+)"')
_CERTIFICATES: Final = re.compile(r"certificates\.contains(?:Any|All)?\(([^)]*)\)")
_CSAP: Final = re.compile(r"resource\.csap < context\.csap")
_QUOTED: Final = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One form at one place, and what the policies said of it."""

    endpoint: str
    model: str
    zone: Zone
    form: Form
    allowed: bool
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What would let the text go as it is."""

    endpoint: str
    needs: tuple[Text, ...]
    """All of them together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    asked: tuple[Asked, ...]
    """In the order in which they are tried; a place is left at the first form that is allowed."""
    remedies: tuple[Remedy, ...]

    @property
    def leaves(self) -> Asked | None:
        """Where and in which form it goes; None: nowhere."""
        return next((one for one in self.asked if one.allowed), None)


def explain(
    judge: Judge,
    policies: Mapping[str, Policy],
    principal: Principal,
    targets: Sequence[Sequence[tuple[Destination, str]]],
    grade: Grade,
    kinds: frozenset[str],
    *,
    unread: bool = False,
) -> Explanation:
    """Ask about every form at every place: the model's targets, then those of the model that answers instead.
    Raises PolicyBroken.
    """
    asked: list[Asked] = []
    remedies: list[Remedy] = []
    for destination, model in (one for group in targets for one in group):
        question = Question(
            principal=principal,
            destination=destination,
            model=model,
            grade=grade,
            kinds=kinds,
            form=Form.AS_IS,
            unread=unread,
        )
        for form in Form if kinds else (Form.AS_IS,):
            ruling = judge.rule(replace(question, form=form))
            asked.append(
                Asked(
                    endpoint=destination.endpoint,
                    model=model,
                    zone=destination.zone,
                    form=form,
                    allowed=ruling.allowed,
                    clauses=ruling.clauses,
                )
            )
            if ruling.allowed:
                break
        if not judge.rule(question).allowed:
            remedies += _remedies(judge, policies, question)
    return Explanation(asked=tuple(asked), remedies=tuple(remedies))


@dataclass(frozen=True, slots=True)
class _Step:
    said: Text
    question: Question


def _remedies(judge: Judge, policies: Mapping[str, Policy], question: Question) -> Iterator[Remedy]:
    """Yield the single changes that would do, else the records that would do together, if they would."""
    steps = list(_steps(judge, policies, question))
    single = [step for step in steps if judge.rule(step.question).allowed]
    for step in single:
        yield Remedy(endpoint=question.destination.endpoint, needs=(step.said,))
    zone = question.destination.zone
    records = [
        step
        for step in steps
        if step.question.destination != question.destination and step.question.destination.zone is zone
    ]
    if any(step in records for step in single):
        return
    together, needs = question, list[Text]()
    for step in records:
        if _adds(judge, together, step):
            together = replace(together, destination=_joined(together.destination, step.question.destination))
            needs.append(step.said)
    if needs and judge.rule(together).allowed:
        yield Remedy(endpoint=question.destination.endpoint, needs=tuple(needs))


def _adds(judge: Judge, question: Question, step: _Step) -> bool:
    """Whether a record takes away any of what still forbids."""
    changed = replace(question, destination=_joined(question.destination, step.question.destination))
    after = judge.rule(changed)
    return after.allowed or len(after.clauses) < len(judge.rule(question).clauses)


def _joined(one: Destination, other: Destination) -> Destination:
    basis = dict.fromkeys(part for part in (one.data_use.basis, other.data_use.basis) if part)
    use = replace(one.data_use, basis=", ".join(basis), trains=one.data_use.trains and other.data_use.trains)
    certificates = tuple(dict.fromkeys((*one.certificates, *other.certificates)))
    lapsed = other.lapsed if len(other.lapsed) < len(one.lapsed) else one.lapsed
    return replace(one, data_use=use, certificates=certificates, lapsed=lapsed)


def _steps(judge: Judge, policies: Mapping[str, Policy], question: Question) -> Iterator[_Step]:
    """Yield what the policies that forbid it speak of, each changed alone."""
    to = question.destination
    texts = [policies[clause.id].text for clause in judge.rule(question).clauses if clause.id in policies]
    whole = "\n".join(texts)
    for pattern in dict.fromkeys(_BASIS.findall(whole)):
        cited = " ".join(pattern.replace("*", " ").split())
        use = replace(to.data_use, basis=", ".join(one for one in (to.data_use.basis, cited) if one))
        said = Text(ko=f"{cited}… 근거의 기록", en=f"a basis on record: {cited}…")
        yield _Step(said, replace(question, destination=replace(to, data_use=use)))
    names = [name for found in _CERTIFICATES.findall(whole) for name in _QUOTED.findall(found)]
    if _CSAP.search(whole):
        names += ["CSAP:하", "CSAP:중", "CSAP:상"]
    for name in dict.fromkeys(names):
        said = Text(ko=f"인증 {name}", en=f"the certificate {name}")
        more = replace(to, certificates=(*to.certificates, name))
        yield _Step(said, replace(question, destination=more))
    if to.data_use.trains:
        said = Text(ko="학습에 쓰지 않는다는 약정", en="a pledge not to train on it")
        use = replace(to.data_use, trains=False)
        yield _Step(said, replace(question, destination=replace(to, data_use=use)))
    if to.lapsed:
        said = Text(
            ko=f"기한이 지난 증빙의 갱신: {', '.join(to.lapsed)}", en=f"renewal of {', '.join(to.lapsed)}"
        )
        yield _Step(said, replace(question, destination=replace(to, lapsed=())))
    if to.zone is not Zone.HOME:
        said = Text(ko="조직 안의 모델", en="a model inside the organisation")
        home = replace(to, zone=Zone.HOME)
        if judge.rule(replace(question, destination=home)).allowed:
            yield _Step(said, replace(question, destination=home))
    if question.unread:
        said = Text(ko="읽을 수 없는 파일 없이", en="without files that cannot be read")
        yield _Step(said, replace(question, unread=False))
    for kind in sorted(question.kinds):
        said = Text(ko=f"{kind} 없이", en=f"without {kind}")
        left = question.kinds - {kind}
        lower = Grade.OPEN if not left and question.grade is Grade.SENSITIVE else question.grade
        yield _Step(said, replace(question, kinds=left, grade=lower))
