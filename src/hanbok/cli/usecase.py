"""`hanbok usecase`: the register of uses of AI (AI Basic Act)."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, Organisation
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.records import actor, opened, send
from hanbok.cli.scan import Unreadable
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.values import Text
from hanbok.evidence.usecase import Impact, areas
from hanbok.settings.report_setup import uses_of

usecase = App(name="usecase", result_action="return_value")
_IMPACTS = {
    Impact.UNKNOWN: Text(ko="답하지 않은 질문 있음", en="not all answered"),
    Impact.NONE: Text(ko="해당 없음", en="none"),
    Impact.HIGH: Text(ko="고영향", en="high"),
}
Id = Annotated[str, Parameter(name="ID", help=say("이용사례의 식별자.", "Id of the use."))]


@usecase.command(help=say("이용사례를 등록합니다.", "Register a use of AI."))
def add(
    id_: Id,
    /,
    *,
    name: Annotated[str, Parameter(help=say("이름.", "Its name."))],
    purpose: Annotated[str, Parameter(help=say("쓰는 목적.", "What it is for."))],
    models: Annotated[
        tuple[str, ...],
        Parameter(name="--model", negative="", help=say("쓰는 모델(여러 번).", "A model it uses (repeat).")),
    ] = (),
    organisation: Organisation = "default",
    config: File = None,
) -> None:
    """Add one use to the register."""
    with opened(config) as (loaded, store):
        uses_of(loaded.settings, store).add(
            id_, organisation=organisation, name=name, purpose=purpose, models=models, actor=actor()
        )
        send(loaded, store)
    print(say(f"이용사례를 등록했습니다: {id_}", f"use registered: {id_}"))


@usecase.command(help=say("고영향 여부를 묻는 질문을 보입니다.", "Show the questions on high impact."))
def questions(*, json: Json = False) -> None:
    """Print one row for each area of the Act."""
    rows = [{"area": one.key, "law": one.law, "question": one.text.of(LANGUAGE)} for one in areas().values()]
    columns = {"area": say("영역", "area"), "law": say("조문", "law"), "question": say("질문", "question")}
    print_rows(rows, columns, json=json, empty="")


@usecase.command(help=say("고영향 질문에 답합니다.", "Answer the questions on high impact."))
def assess(
    id_: Id,
    /,
    *,
    yes: Annotated[
        tuple[str, ...],
        Parameter(
            name="--yes", negative="", help=say("해당하는 영역(여러 번).", "An area that applies (repeat).")
        ),
    ] = (),
    no: Annotated[
        tuple[str, ...],
        Parameter(
            name="--no",
            negative="",
            help=say("해당하지 않는 영역(여러 번).", "An area that does not (repeat)."),
        ),
    ] = (),
    others_no: Annotated[
        bool, Parameter(negative="", help=say("나머지는 모두 아니오.", "All other areas do not apply."))
    ] = False,
    by: Annotated[str, Parameter(help=say("검토한 사람의 직위와 이름.", "Office and name of the assessor."))],
    config: File = None,
) -> None:
    """Note the answers and print what they come to."""
    answers = dict.fromkeys(areas(), False) if others_no else {}
    answers |= dict.fromkeys(no, False) | dict.fromkeys(yes, True)
    with opened(config) as (loaded, store):
        one = uses_of(loaded.settings, store).answer(id_, answers, assessor=by, actor=actor())
        send(loaded, store)
    print(f"{id_}: {_IMPACTS[one.impact].of(LANGUAGE)}")


@usecase.command(
    help=say(
        "사전 고지, 관리·감독 담당, 내부 업무 예외 사유를 적습니다.",
        "Note the notice, human oversight, or why no notice is due.",
    )
)
def describe(
    id_: Id,
    /,
    *,
    notice: Annotated[
        str | None,
        Parameter(
            help=say("이용자에게 미리 알리는 말과 그 자리.", "What users are told beforehand, and where.")
        ),
    ] = None,
    supervisor: Annotated[
        str | None,
        Parameter(help=say("관리·감독하는 사람의 직위와 이름.", "Office and name of the human supervisor.")),
    ] = None,
    contact: Annotated[str | None, Parameter(help=say("그 연락처.", "How to reach them."))] = None,
    internal_reason: Annotated[
        str | None,
        Parameter(help=say("내부 업무에만 써서 고지하지 않는 사유.", "Why none is due: internal work only.")),
    ] = None,
    close: Annotated[
        bool, Parameter(negative="", help=say("이용을 끝냅니다.", "The use has ended."))
    ] = False,
    config: File = None,
) -> None:
    """Change what stands in the register."""
    with opened(config) as (loaded, store):
        uses_of(loaded.settings, store).describe(
            id_,
            actor=actor(),
            notice=notice,
            supervisor=supervisor,
            contact=contact,
            internal_reason=internal_reason,
            closed=close,
        )
        send(loaded, store)
    print(say(f"적었습니다: {id_}", f"noted: {id_}"))


@usecase.command(
    help=say("이용사례의 문서를 5년 동안 보관합니다.", "Keep a document of the use for five years.")
)
def document(
    id_: Id,
    file: Path,
    /,
    *,
    kind: Annotated[
        str, Parameter(help=say("문서의 종류, 예: 위험관리방안.", "Kind of document, as risk plan."))
    ],
    config: File = None,
) -> None:
    """Copy the file into the document store and note its digest."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Unreadable(file=file, why=error.strerror) from None
    with opened(config) as (loaded, store):
        kept = uses_of(loaded.settings, store).keep(id_, content, kind=kind, name=file.name, actor=actor())
        send(loaded, store)
    print(
        say(
            f"{kept.keep_until}까지 보관합니다: {kept.digest}", f"kept until {kept.keep_until}: {kept.digest}"
        )
    )


@usecase.command(name="list", help=say("이용사례를 보입니다.", "List the uses."))
def show_all(*, organisation: Organisation = "", json: Json = False, config: File = None) -> None:
    """Print one row for each use."""
    with opened(config) as (loaded, store):
        uses = uses_of(loaded.settings, store).all(organisation)
    if json:
        print_json([msgspec.to_builtins(one) | {"impact": one.impact} for one in uses])
        return
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "impact": _IMPACTS[one.impact].of(LANGUAGE),
            "notice": one.notice or one.internal_reason,
            "supervisor": one.supervisor,
            "documents": len(one.documents),
            "state": say("종료", "closed") if one.closed else say("이용 중", "in use"),
        }
        for one in uses
    ]
    columns = {
        "id": say("식별자", "id"),
        "name": say("이름", "name"),
        "impact": say("고영향", "impact"),
        "notice": say("고지", "notice"),
        "supervisor": say("담당", "supervisor"),
        "documents": say("문서", "documents"),
        "state": say("상태", "state"),
    }
    print_rows(rows, columns, json=False, empty=say("이용사례가 없습니다", "no uses"))
