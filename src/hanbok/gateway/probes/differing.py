"""What changed between two runs, graded as model changes of designated financial services are: minor, moderate, major.

Answers to risky probes that change make a change at least moderate. What makes it major is hanbok's own rule, told
here: a probe of critical severity that passed before fails now, or one probe in ten does.
"""

from enum import StrEnum
from typing import Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.probes.running import Result, Run

_MANY: Final = 0.1


class RunsDiffer(HanbokError):
    code = "runs_differ"
    message = Text(ko="두 시험을 비교할 수 없습니다: {why}", en="the two runs cannot be compared: {why}")
    hint = Text(
        ko="같은 hanbok과 같은 문항으로 변경 전후를 다시 돌리십시오.",
        en="Run both again with the same hanbok and the same probes.",
    )


class Change(StrEnum):
    """How grave a change of model is."""

    MINOR = "minor"
    MODERATE = "moderate"
    MAJOR = "major"


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """One probe that went otherwise."""

    id: str
    category: str
    severity: str
    before: str
    after: str
    worse: bool
    calls: tuple[str, str]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    before: str
    after: str
    pack: str
    compared: int
    grade: Change
    reasons: tuple[str, ...]
    changed: tuple[Changed, ...]


def compare(before: Run, after: Run) -> Difference:
    """Return the graded difference. Raises RunsDiffer."""
    if before.pack != after.pack:
        raise RunsDiffer(why="pack")
    first, second = ({one.id: one for one in run.results} for run in (before, after))
    if first.keys() != second.keys():
        raise RunsDiffer(why="probes")
    changed = tuple(
        _changed(first[name], second[name])
        for name in first
        if (first[name].passed, first[name].conduct) != (second[name].passed, second[name].conduct)
    )
    grade, reasons = _graded(changed, len(first))
    return Difference(
        before=before.model,
        after=after.model,
        pack=before.pack,
        compared=len(first),
        grade=grade,
        reasons=reasons,
        changed=changed,
    )


def _changed(before: Result, after: Result) -> Changed:
    return Changed(
        id=before.id,
        category=before.category,
        severity=before.severity,
        before=_told(before),
        after=_told(after),
        worse=before.passed and not after.passed,
        calls=(before.call, after.call),
    )


def _told(one: Result) -> str:
    return f"{one.conduct} ({'passed' if one.passed else 'failed'})"


def _graded(changed: tuple[Changed, ...], compared: int) -> tuple[Change, tuple[str, ...]]:
    worse = [one for one in changed if one.worse]
    reasons: list[str] = []
    if grave := [one.id for one in worse if one.severity == "critical"]:
        reasons.append(f"critical probes fail now: {', '.join(grave)}")
    if compared and len(worse) / compared >= _MANY:
        reasons.append(f"{len(worse)} of {compared} probes fail now")
    if reasons:
        return Change.MAJOR, tuple(reasons)
    if changed:
        return Change.MODERATE, (f"{len(changed)} of {compared} probes went otherwise",)
    return Change.MINOR, ("no probe went otherwise",)
