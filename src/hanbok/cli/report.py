"""`hanbok report`: reports from the evidence log."""

import hashlib
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from hanbok.building import guard_of, judge_of, rules_of
from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_rows
from hanbok.cli.records import actor, opened, send
from hanbok.cli.scan import Unreadable
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import today
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Text
from hanbok.evidence.access_lines import access_lines
from hanbok.evidence.attestation import attest as attestation
from hanbok.evidence.gather import gather
from hanbok.evidence.log_files import checked, records
from hanbok.evidence.persons import index_of_persons
from hanbok.evidence.rendering.told import told
from hanbok.evidence.rendering.words import STATUSES
from hanbok.evidence.report import Made, Question, Status
from hanbok.evidence.reporting import criterion_of, load_report, made_act, period, report_names
from hanbok.evidence.reporting import make as make_report
from hanbok.policy.changes import Changes
from hanbok.policy.governing import govern
from hanbok.settings.report_setup import persons_url, read_setup

report = App(name="report", result_action="return_value")
_MAY_STAND = frozenset({"PERSON", "BRN", "CRN"})
"""What an attestation may name: who attests, and companies."""


class AttestationHoldsData(HanbokError):
    code = "attestation_holds_data"
    message = Text(
        ko="확인하는 말에 개인정보나 비밀이 있습니다: {kinds}",
        en="the attestation holds personal data or a secret: {kinds}",
    )
    hint = Text(
        ko="로그에서 지울 수 없으므로 빼고 쓰십시오. 자세한 것은 --file의 문서에 두십시오.",
        en="It could never be erased from the log: leave it out, and keep details in the document of --file.",
    )


Since = Annotated[
    str,
    Parameter(
        name="--from", help=say("이 날(한국 시각)부터. 시각까지도 됩니다.", "From this Korean day or time.")
    ),
]
Until = Annotated[
    str,
    Parameter(
        name="--to", help=say("이 날까지(그 날 포함). 시각이면 그 전까지.", "To this day, included, or time.")
    ),
]
Organisation = Annotated[
    str,
    Parameter(
        name=["--organisation", "--org"],
        help=say("이 조직의 기록만. 없으면 전체.", "Only this organisation's entries; none: all."),
    ),
]
Out = Annotated[
    Path | None,
    Parameter(name=["--out", "-o"], help=say("쓸 파일. 없으면 화면.", "File to write; none: print.")),
]
Name = Annotated[
    str, Parameter(help=say("보고서 이름: `hanbok report list`.", "Name: `hanbok report list`."))
]
Endpoint = Annotated[
    str,
    Parameter(help=say("사고 보고서: 데이터가 간 엔드포인트.", "Of an incident: the endpoint in question.")),
]
Known = Annotated[
    str,
    Parameter(
        help=say("사고 보고서: 알게 된 때(한국 시각).", "Of an incident: when it became known (Korea).")
    ),
]
Form = Annotated[
    Literal["html", "pdf", "json"], Parameter(name=["--format", "-f"], help=say("형식.", "Format."))
]
Tongue = Annotated[
    Language | None,
    Parameter(
        name="--language", help=say("보고서의 언어. 없으면 한국어.", "The report's language; none: Korean.")
    ),
]
Directory = Annotated[
    Path | None,
    Parameter(
        help=say(
            "다른 곳의 로그 폴더를 읽습니다. 그때는 기록을 남기지 않습니다.",
            "Read a log elsewhere; nothing is recorded.",
        )
    ),
]


@report.command(
    name="list", help=say("만들 수 있는 보고서를 보입니다.", "List the reports that can be made.")
)
def show_all(*, json: Json = False) -> None:
    """Print one row for each report."""
    rows = [
        {
            "name": name,
            "title": load_report(name).sheet.title.of(LANGUAGE),
            "rows": len(load_report(name).sheet.row),
            "in_force": load_report(name).sheet.in_force.isoformat(),
        }
        for name in report_names()
    ]
    columns = {
        "name": say("이름", "name"),
        "title": say("제목", "title"),
        "rows": say("항목", "rows"),
        "in_force": say("시행", "in force"),
    }
    print_rows(rows, columns, json=json, empty=say("보고서가 없습니다", "no reports"))


@report.command(name="show", help=say("보고서의 항목과 근거를 보입니다.", "Show a report's criteria."))
def show(name: Name, /, *, json: Json = False) -> None:
    """Print one row for each criterion."""
    rows = [
        {
            "id": one.id,
            "text": one.text.of(LANGUAGE),
            "article": one.article,
            "checks": one.checks,
            "attest": f"{name}/{one.id}" if one.people else None,
        }
        for one in load_report(name).sheet.row
    ]
    columns = {
        "id": say("번호", "id"),
        "text": say("항목", "criterion"),
        "checks": say("로그로 확인", "checks"),
        "attest": say("담당자 확인", "attest"),
    }
    print_rows(rows, columns, json=json, empty=say("항목이 없습니다", "no criteria"))


@report.command(
    name="make",
    help=say(
        "기간의 보고서를 만듭니다. 기록이 반대를 보이는 항목이나 깨진 로그가 있으면 1로 끝납니다.",
        "Make a report of a period; exit 1 when the log is damaged or shows the opposite of a row.",
    ),
)
def make(  # noqa: PLR0913 -- one option for each side of the question
    name: Name,
    /,
    *,
    since: Since,
    until: Until,
    organisation: Organisation = "",
    endpoint: Endpoint = "",
    known: Known = "",
    form: Form = "html",
    language: Tongue = None,
    out: Out = None,
    directory: Directory = None,
    config: File = None,
) -> int:
    """Read the log once, answer every row, write the report and record its digest."""
    begin, end = period(since, until)
    question = Question(
        since=begin,
        until=end,
        organisation=organisation,
        endpoint=endpoint,
        known=period(known, "9999-12-31T00:00")[0] if known else "",
    )
    load_report(name)
    with opened(config) as (loaded, store):
        folder = directory or loaded.settings.evidence_directory
        if directory is None:
            send(loaded, store)
        judge = judge_of(loaded, today(), govern(Changes(store), rules_of(loaded)))
        setup = read_setup(
            loaded.settings, store, log=checked(folder), judge=judge, organisation=organisation
        )
        index = persons_url(loaded.settings) if endpoint and directory is None else ""
        with index_of_persons(index) as persons_of:
            facts = gather(records(folder), question, persons_of)
        made = make_report(name, facts, setup)
        body = _rendered(made, form, language or Language.KO)
        if directory is None:
            send(loaded, store, [made_act(made, form, body, actor())])
    _write(body, out)
    counted = ", ".join(f"{STATUSES[one].of(LANGUAGE)} {made.count(one)}" for one in reversed(Status))
    where = sys.stdout if out else sys.stderr
    print(f"{made.title.of(LANGUAGE)}: {counted}  {out or ''}".rstrip(), file=where)
    return 1 if not setup.log.ok or made.count(Status.CONTRADICTED) else 0


@report.command(
    help=say(
        "사람만 말할 수 있는 항목을 확인합니다. 누가, 언제, 무엇을, 어느 파일로 확인했는지 로그에 남습니다.",
        "Attest what only a person can say: the log keeps who, when, what and the file's digest.",
    )
)
def attest(
    criterion: Annotated[
        str,
        Parameter(
            help=say("보고서/항목, 예: fsc_generative_ai/1.4.", "REPORT/ID, as fsc_generative_ai/1.4.")
        ),
    ],
    /,
    *,
    by: Annotated[
        str, Parameter(help=say("확인하는 사람의 직위와 이름.", "Office and name of who attests."))
    ],
    text: Annotated[
        str, Parameter(help=say("확인하는 말(500자까지).", "What is attested, 500 letters at most."))
    ],
    file: Annotated[
        Path | None,
        Parameter(help=say("증빙 파일. SHA-256만 남습니다.", "The document; only its SHA-256 is kept.")),
    ] = None,
    until: Annotated[
        str, Parameter(help=say("이 날(YYYY-MM-DD)까지 유효.", "Holds to this day, YYYY-MM-DD."))
    ] = "",
    organisation: Organisation = "",
    config: File = None,
) -> None:
    """Put an attestation on its way to the log."""
    criterion_of(criterion)
    if until:
        period(until, until)
    act = attestation(
        criterion,
        actor=actor(),
        by=by,
        text=text,
        organisation=organisation,
        file=hashlib.sha256(_read(file)).hexdigest() if file else "",
        until=until,
    )
    with opened(config) as (loaded, store):
        guard = guard_of(loaded.settings, loaded.settings.state / "cache")
        if kinds := {one.kind for one in guard.find(f"{by}\n{text}")} - _MAY_STAND:
            raise AttestationHoldsData(kinds=", ".join(sorted(kinds)))
        send(loaded, store, [act])
    print(say(f"확인을 기록했습니다: {criterion}", f"attestation recorded: {criterion}"))


@report.command(
    help=say(
        "개인정보 접속기록을 건별로 CSV로 씁니다(다섯 항목과 기록 번호, 해시).",
        "Write the access log entry by entry as CSV: the five items, index and digest.",
    )
)
def lines(
    *,
    since: Since,
    until: Until,
    organisation: Organisation = "",
    out: Out = None,
    directory: Directory = None,
    config: File = None,
) -> None:
    """Stream one line for each call and refusal of the period."""
    begin, end = period(since, until)
    question = Question(since=begin, until=end, organisation=organisation)
    with opened(config) as (loaded, _):
        rows = access_lines(records(directory or loaded.settings.evidence_directory), question)
        if out is None:
            sys.stdout.writelines(rows)
            return
        with out.open("w", encoding="utf-8", newline="") as file:
            file.write("\ufeff")  # spreadsheets in Korea take CSV for CP949 without it
            file.writelines(rows)


def _rendered(made: Made, form: str, language: Language) -> bytes:
    match form:
        case "json":
            return msgspec.json.format(msgspec.json.encode(told(made, language)), indent=1) + b"\n"
        case "pdf":
            from hanbok.evidence.rendering.pdf import pdf  # noqa: PLC0415 - only who asks for it needs the extra

            return pdf(made, language)
        case _:
            from hanbok.evidence.rendering.html import html  # noqa: PLC0415 - as above

            return html(made, language)


def _write(body: bytes, out: Path | None) -> None:
    if out is not None:
        out.write_bytes(body)
        return
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(file=file, why=error.strerror) from None
