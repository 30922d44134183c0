"""Makes a report: its sheet answered from the facts, the settings and people's attestations."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from hanbok.core.clock import KST, stamp, written
from hanbok.core.errors import HanbokError
from hanbok.core.plugin import load, names
from hanbok.core.values import Text
from hanbok.evidence.attestation import ATTEST, standing
from hanbok.evidence.checks import calls, flows, upkeep
from hanbok.evidence.entry import Act
from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Answer, Check, Made, Question, Report, Row, Setup, Status, weakest
from hanbok.evidence.sheet import Criterion

FOLDER: Final = "hanbok.evidence.reports"
SHARED: Final[Mapping[str, Check]] = {**calls.CHECKS, **flows.CHECKS, **upkeep.CHECKS}


class BadPeriod(HanbokError):
    code = "bad_period"
    message = Text(
        ko="기간 {since!r}부터 {until!r}까지를 읽을 수 없습니다",
        en="no period from {since!r} to {until!r}",
    )
    hint = Text(
        ko="2026-11-01 또는 2026-11-01T09:30 꼴로, 앞뒤가 바뀌지 않게 쓰십시오. 한국 시각입니다.",
        en="Write days as 2026-11-01 or times as 2026-11-01T09:30, in Korean time, the earlier one first.",
    )


class CriterionUnknown(HanbokError):
    code = "criterion_unknown"
    message = Text(ko="{criterion!r} 항목이 없습니다", en="there is no criterion {criterion!r}")
    hint = Text(
        ko="보고서이름/항목번호로 씁니다. `hanbok report show 이름`이 항목을 보여 줍니다.",
        en="Write REPORT/ID. `hanbok report show REPORT` lists its criteria.",
    )


def load_report(name: str) -> Report:
    """Return a report by its name. Raises UnknownPlugin."""
    report: Report = load(FOLDER, name)()
    return report


def report_names() -> list[str]:
    """Return the names of all reports."""
    return names(FOLDER)


def criterion_of(path: str) -> tuple[str, Criterion]:
    """Return the report's name and the criterion of `REPORT/ID`. Raises CriterionUnknown."""
    name, _, wanted = path.partition("/")
    if name in report_names():
        for row in load_report(name).sheet.row:
            if row.id == wanted:
                return name, row
    raise CriterionUnknown(criterion=path[:100])


def period(since: str, until: str) -> tuple[str, str]:
    """Turn days or times in Korea into the log's way of writing time; a day as `until` is in the period. Raises
    BadPeriod.
    """
    try:
        begin, end = (datetime.fromisoformat(one) for one in (since, until))
    except ValueError:
        raise BadPeriod(since=since[:40], until=until[:40]) from None
    if len(until) <= len("2026-11-01"):
        end += timedelta(days=1)
    begin, end = (one if one.tzinfo else one.replace(tzinfo=KST) for one in (begin, end))
    if begin >= end:
        raise BadPeriod(since=since[:40], until=until[:40])
    return written(begin), written(end)


def make(name: str, facts: Facts, setup: Setup) -> Made:
    """Return the report of this name. Raises UnknownPlugin."""
    report = load_report(name)
    sheet = report.sheet
    known = {**SHARED, **report.checks}
    return Made(
        name=name,
        title=sheet.title,
        basis=sheet.basis,
        in_force=sheet.in_force,
        limits=sheet.limits,
        question=facts.question,
        setup=setup,
        rows=tuple(_row(name, one, known, facts, setup) for one in sheet.row),
        tables=tuple(report.tables(facts, setup)),
    )


def _row(name: str, one: Criterion, known: Mapping[str, Check], facts: Facts, setup: Setup) -> Row:
    answers = tuple(_answers(name, one, known, facts, setup))
    return Row(
        id=one.id,
        group=one.group,
        text=one.text,
        article=one.article,
        verified=one.verified,
        status=weakest(answers),
        answers=answers,
    )


def _answers(
    name: str, one: Criterion, known: Mapping[str, Check], facts: Facts, setup: Setup
) -> Iterator[Answer]:
    for check in one.checks:
        yield known[check](facts, setup)
    path = f"{name}/{one.id}"
    attested = facts.standing.get((ATTEST, path))
    if attested is not None:
        yield standing(attested, facts.question)
    elif one.people:
        hint = one.hint or Text(ko="담당자의 확인", en="a person's attestation")
        yield Answer(
            status=Status.MISSING,
            statement=Text(
                ko=f"증거가 없습니다: {hint.ko} (`hanbok report attest {path}`).",
                en=f"no evidence: {hint.en} (`hanbok report attest {path}`).",
            ),
        )


def cited(question: Question) -> str:
    """Return the period as people in Korea read it."""
    return f"{korean(question.since)} – {korean(question.until)}"


def korean(at: str) -> str:
    """Return a time of the log in Korean time, to the minute."""
    return datetime.fromisoformat(at).astimezone(KST).strftime("%Y-%m-%d %H:%M") if at else ""


def made_act(made: Made, form: str, body: bytes, actor: str) -> Act:
    """Return the entry that tells of a report; `body` is its file."""
    asked = made.question
    facts = {
        "since": asked.since,
        "until": asked.until,
        "format": form,
        "digest": hashlib.sha256(body).hexdigest(),
        "organisation": asked.organisation,
        "endpoint": asked.endpoint,
    }
    facts |= {one.value: str(made.count(one)) for one in Status}
    told = {name: fact for name, fact in facts.items() if fact}
    return Act(at=stamp(), actor=actor, verb="report.make", object=made.name, facts=told)
