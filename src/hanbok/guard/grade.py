"""The grade of a text by what was found in it (N2SF security guideline 1.0: the highest part decides)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from hanbok.core.values import Grade
from hanbok.guard.kinds import Kind, kinds
from hanbok.guard.recogniser import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A grade, and the kinds that alone would have brought it, sorted."""

    grade: Grade
    reasons: tuple[str, ...] = ()


_RANK: Final = attrgetter("rank")
_NOTHING: Final = Graded(grade=Grade.OPEN)


def grade(findings: Iterable[Finding], known: Mapping[str, Kind] | None = None) -> Grade:
    """Return the grade of a text with these findings."""
    if not findings:
        return Grade.OPEN
    known = kinds() if known is None else known
    grades = {_grade_of(finding.kind, known) for finding in findings}
    return max(grades, key=_RANK, default=Grade.OPEN)


def explain_grade(findings: Iterable[Finding], known: Mapping[str, Kind] | None = None) -> Graded:
    """Return the grade with its reasons. A kind that is not in `known` counts as sensitive."""
    if not findings:
        return _NOTHING
    known = kinds() if known is None else known
    grades = {kind: _grade_of(kind, known) for kind in {finding.kind for finding in findings}}
    highest = max(grades.values(), key=_RANK, default=Grade.OPEN)
    if highest is Grade.OPEN:
        return _NOTHING
    return Graded(
        grade=highest, reasons=tuple(sorted(kind for kind, one in grades.items() if one is highest))
    )


def _grade_of(kind: str, known: Mapping[str, Kind]) -> Grade:
    return known[kind].grade if kind in known else Grade.SENSITIVE
