"""What stands before data leave for a provider: the guard reads every row, policy decides, the log knows of it."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hanbok.core.clock import stamp
from hanbok.core.values import Destination, Form, Grade, Principal
from hanbok.evidence.entry import Act
from hanbok.guard.grade import grade
from hanbok.guard.kinds import Kind
from hanbok.guard.law import classify
from hanbok.guard.recogniser import Finding
from hanbok.policy.errors import Refused
from hanbok.policy.plan import plan
from hanbok.policy.ruling import Judge, Ruling
from hanbok.studio.tune.errors import IdentifiersInData
from hanbok.studio.tune.gate import UNIQUE, texts_of
from hanbok.studio.tune.lines import read_rows


class Reads(Protocol):
    """The guard, as it is needed here."""

    @property
    def kinds(self) -> Mapping[str, Kind]: ...

    def find(self, text: str) -> list[Finding]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a file holds: nothing of its texts."""

    digest: str
    rows: int
    grade: Grade
    found: Mapping[str, int]
    identified: int
    first: str
    """The first line with a unique identifier; empty: none."""


def inspect(path: Path, guard: Reads) -> Inspected:
    """Read every row of a file of JSON Lines. Raises RowUnreadable."""
    found: Counter[str] = Counter()
    highest, rows, identified, first = Grade.OPEN, 0, 0, ""
    for number, row in read_rows(path):
        rows += 1
        here: set[str] = set()
        for text in texts_of(row):
            findings = guard.find(text)
            findings = [*findings, *classify(text, findings)]
            found.update(one.kind for one in findings)
            here |= {one.kind for one in findings}
            highest = max(highest, grade(findings, guard.kinds), key=lambda one: one.rank)
        if here & UNIQUE:
            identified, first = identified + 1, first or str(number)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Inspected(digest=digest, rows=rows, grade=highest, found=found, identified=identified, first=first)


def permit(seen: Inspected, judge: Judge, who: Principal, to: Destination, model: str) -> tuple[str, ...]:
    """Return the policies that let the data go as they are; a file is never altered on its way.

    Raises IdentifiersInData whatever policy says, Refused.
    """
    if seen.identified:
        kinds = ", ".join(sorted(seen.found.keys() & UNIQUE))
        raise IdentifiersInData(rows=seen.identified, kinds=kinds, first=seen.first)
    settled = plan(judge, who, [(to, model)], seen.grade, frozenset(seen.found))
    if not settled.choices:
        raise Refused.by(settled.refusal or Ruling(allowed=False, clauses=()))
    (choice,) = settled.choices
    if choice.form is not Form.AS_IS:
        raise Refused.by(Ruling(allowed=False, clauses=choice.because))
    return tuple(clause.id for clause in choice.clauses)


def deployment_of(who: Principal, to: Destination, model: str, name: str, actor: str) -> Act:
    """Return what the log is told before a tuned model is put in service elsewhere."""
    return Act(
        at=stamp(),
        actor=actor,
        organisation=who.organisation,
        verb="tuning.deploy",
        object=f"{to.endpoint} {model}",
        facts={
            "deployment": name,
            "zone": str(to.zone),
            "country": to.country,
            "operator": to.operator,
        },
    )


def act_of(
    seen: Inspected,
    who: Principal,
    to: Destination,
    model: str,
    actor: str,
    policies: tuple[str, ...],
    code: str = "",
) -> Act:
    """Return what the log is told before the first byte leaves, or of what did not leave and why (`code`)."""
    return Act(
        at=stamp(),
        actor=actor,
        organisation=who.organisation,
        verb="tuning.refused" if code else "tuning.upload",
        object=f"{to.endpoint} {model}",
        subjects=dict(sorted(seen.found.items())),
        facts={
            "digest": seen.digest,
            "rows": str(seen.rows),
            "grade": str(seen.grade),
            "zone": str(to.zone),
            "country": to.country,
            "operator": to.operator,
            "policies": ", ".join(policies),
        }
        | ({"code": code} if code else {}),
    )
