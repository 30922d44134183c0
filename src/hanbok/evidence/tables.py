"""Tables that reports share; each cell that counts entries links the first and the last of them."""

from collections.abc import Iterable, Mapping
from typing import Final

from hanbok.core.values import Text, Zone
from hanbok.evidence.checks.saying import proofs_of
from hanbok.evidence.facts import Facts, Flow, Tally, Where, Who, proof_of
from hanbok.evidence.report import Cell, Setup, Table
from hanbok.evidence.usecase import Impact, areas

_ZONES: Final = {
    Zone.HOME.value: Text(ko="기관 내부", en="on the premises"),
    Zone.DOMESTIC.value: Text(ko="국내 클라우드", en="cloud in Korea"),
    Zone.FOREIGN.value: Text(ko="국외", en="abroad"),
}
_FORMS: Final = {
    "as_is": Text(ko="원문", en="as is"),
    "pseudonymised": Text(ko="가명처리", en="pseudonymised"),
    "masked": Text(ko="가림", en="masked"),
}
_IMPACTS: Final = {
    Impact.UNKNOWN: Text(ko="미확인", en="not checked"),
    Impact.NONE: Text(ko="해당 없음", en="none"),
    Impact.HIGH: Text(ko="고영향", en="high"),
}


def flows_table(facts: Facts, setup: Setup) -> Table:
    """Show where data went, in which form, of which types."""
    rows = [
        (
            _plain(where.endpoint),
            Cell(text=_place(where)),
            _plain(where.operator),
            Cell(text=_FORMS.get(where.form, _same(where.form))),
            Cell(text=_kinds(flow.kinds, setup)),
            _counted(flow.calls),
            _plain(f"{flow.answered:,}"),
            _counted(facts.missed.get(where, Tally())),
        )
        for where, flow in sorted({**dict.fromkeys(facts.missed, Flow()), **facts.flows}.items())
    ]
    return Table(
        title=Text(ko="데이터가 간 곳", en="Where data went"),
        columns=_columns(
            "엔드포인트|나라·구역|운영자|형태|든 정보 유형(기록 수)|간 호출|답한 호출|닿지 않은 시도",
            "Endpoint|Where|Operator|Form|Types of data (entries)|Calls sent|Answered|Attempts that did not arrive",
        ),
        rows=tuple(rows),
        note=Text(
            ko="정보 유형은 가드가 요청에서 찾은 것입니다. 가명처리·가림은 그 값 대신 자리표시만 나갔다는 뜻입니다. "
            "시간 초과나 중단처럼 답이 없어도 보냈을 수 있는 것은 간 호출에 셉니다.",
            en="Types are those that the guard found in requests; pseudonymised and masked mean that only placeholders "
            "left. What got no answer but may have arrived, such as a timeout, counts as sent.",
        ),
    )


def grades_table(facts: Facts) -> Table:
    """Show calls by grade, zone and form."""
    rows = [
        (
            _plain(grade),
            Cell(text=_ZONES.get(zone, _same(zone))),
            Cell(text=_FORMS.get(form, _same(form))),
            _counted(tally),
        )
        for (grade, zone, form), tally in sorted(facts.grades.items())
    ]
    return Table(
        title=Text(ko="등급별 흐름", en="Flows by grade"),
        columns=_columns("등급|구역|형태|호출", "Grade|Zone|Form|Calls"),
        rows=tuple(rows),
    )


def processors_table(setup: Setup) -> Table:
    """Show the endpoints as the settings describe them."""
    rows = [
        (
            _plain(one.endpoint),
            _plain(one.operator),
            Cell(
                text=Text(
                    ko=f"{one.country} {_ZONES[one.zone.value].ko}",
                    en=f"{one.country} {_ZONES[one.zone.value].en}",
                )
            ),
            _plain(one.data_use.basis or "-"),
            Cell(
                text=Text(ko="가능", en="may train")
                if one.data_use.trains
                else Text(ko="금지", en="no training")
            ),
            _plain("-" if one.data_use.retention_days is None else str(one.data_use.retention_days)),
            _plain(", ".join(one.certificates) or "-"),
        )
        for one in (place.destination for place in setup.places)
    ]
    return Table(
        title=Text(ko="처리자(수탁자)", en="Processors"),
        columns=_columns(
            "엔드포인트|운영자|나라·구역|근거|학습|보관(일)|인증",
            "Endpoint|Operator|Where|Basis|Training|Kept (days)|Certificates",
        ),
        rows=tuple(rows),
        note=Text(ko="보고서를 만든 때의 설정입니다.", en="As the settings stood when the report was made."),
    )


def accounts_table(facts: Facts, setup: Setup) -> Table:
    """Show what each account did."""
    rows = [
        (
            Cell(text=_who(who)),
            _plain(", ".join(sorted(account.origins)) or "-"),
            Cell(text=_kinds(account.kinds, setup)),
            _counted(account.calls),
            _counted(account.refused),
        )
        for who, account in sorted(facts.accounts.items())
    ]
    return Table(
        title=Text(ko="계정별 처리", en="By account"),
        columns=_columns(
            "계정|접속지(일부)|처리한 정보 유형(기록 수)|호출|거절",
            "Account|Origins (some)|Types of data (entries)|Calls|Refused",
        ),
        rows=tuple(rows),
        note=Text(
            ko="건별 기록은 `hanbok report lines`가 CSV로 내보냅니다.",
            en="`hanbok report lines` writes every single entry as CSV.",
        ),
    )


def kinds_table(facts: Facts, setup: Setup) -> Table:
    """Show types of data in requests."""
    rows = [
        (
            Cell(text=setup.label(kind)),
            _plain(setup.category(kind)),
            _plain(setup.kinds[kind].article if kind in setup.kinds else ""),
            _counted(tally),
        )
        for kind, tally in sorted(facts.kinds.items())
    ]
    return Table(
        title=Text(ko="처리한 정보 유형", en="Types of data handled"),
        columns=_columns("유형|분류|조문|기록", "Type|Class|Article|Entries"),
        rows=tuple(rows),
    )


def incident_table(flows: Mapping[Where, Flow], setup: Setup) -> Table:
    """Show types that went to the place, by form."""
    rows = [
        (
            _plain(where.endpoint),
            Cell(text=_FORMS.get(where.form, _same(where.form))),
            Cell(text=setup.label(kind)),
            _plain(setup.category(kind)),
            _counted(tally),
        )
        for where, flow in sorted(flows.items())
        for kind, tally in sorted(flow.kinds.items())
    ]
    return Table(
        title=Text(ko="간 정보 유형", en="Types that went"),
        columns=_columns("엔드포인트|형태|유형|분류|기록", "Endpoint|Form|Type|Class|Entries"),
        rows=tuple(rows),
    )


def senders_table(flows: Mapping[Where, Flow], setup: Setup) -> Table:  # noqa: ARG001 - as its neighbours
    """Show who sent to the place."""
    rows = [
        (
            _plain(where.endpoint),
            Cell(text=_FORMS.get(where.form, _same(where.form))),
            Cell(text=_who(who)),
            _counted(tally),
        )
        for where, flow in sorted(flows.items())
        for who, tally in sorted(flow.senders.items())
    ]
    return Table(
        title=Text(ko="보낸 계정", en="Accounts that sent"),
        columns=_columns("엔드포인트|형태|계정|호출", "Endpoint|Form|Account|Calls"),
        rows=tuple(rows),
    )


def acts_table(facts: Facts) -> Table:
    """Show acts of the period, by verb."""
    return Table(
        title=Text(ko="관리 행위", en="Administrative acts"),
        columns=_columns("행위|건수", "Act|Entries"),
        rows=tuple((_plain(verb), _counted(tally)) for verb, tally in sorted(facts.acts.items())),
    )


def usecases_table(facts: Facts, setup: Setup) -> Table:
    """Show the register of uses."""
    changes: dict[str, list[int]] = {}
    records = {record.index: record for record, _ in facts.stand(*{verb for verb, _ in facts.standing})}
    for (verb, thing), record in facts.standing.items():
        if verb.startswith("usecase."):
            changes.setdefault(thing, []).append(record.index)
    rows = [
        (
            Cell(
                text=_same(f"{one.id}: {one.name}"),
                proofs=proofs_of(records[index] for index in sorted(changes.get(one.id, ()))),
            ),
            _plain(one.purpose),
            Cell(text=_impact(one.answers, one.impact)),
            _plain(one.notice or one.internal_reason or "-"),
            _plain(f"{one.supervisor} {one.contact}".strip() or "-"),
            _plain(one.closed[:10] or "-"),
        )
        for one in setup.usecases
    ]
    return Table(
        title=Text(ko="인공지능 이용사례 등록부", en="Register of uses of AI"),
        columns=_columns(
            "이용사례|목적|고영향|사전 고지 또는 예외 사유|관리·감독 담당|종료",
            "Use|Purpose|High impact|Notice, or why none|Human oversight|Closed",
        ),
        rows=tuple(rows),
    )


def documents_table(setup: Setup) -> Table:
    """Show the documents of the uses."""
    rows = [
        (
            _plain(one.id),
            _plain(document.kind),
            _plain(document.name),
            _plain(document.digest),
            _plain(document.keep_until),
            Cell(
                text=Text(ko="원본과 같음", en="whole")
                if setup.documents.get(document.digest, False)
                else Text(ko="없거나 바뀜", en="missing or altered")
            ),
        )
        for one in setup.usecases
        for document in one.documents
    ]
    return Table(
        title=Text(ko="보관 문서(5년)", en="Documents kept (5 years)"),
        columns=_columns(
            "이용사례|종류|이름|SHA-256|보관 기한|상태", "Use|Kind|Name|SHA-256|Keep until|State"
        ),
        rows=tuple(rows),
    )


def probes_table(facts: Facts) -> Table:
    """Show runs of the probes and graded differences."""
    rows = [
        (
            _plain(act.at[:16].replace("T", " ")),
            _plain("diff" if act.verb == "probe.diff" else "run"),
            _plain(act.object),
            _plain(_told(act.facts, ("grade", "probes", "passed", "changed", "worse"))),
            Cell(text=_same(act.facts.get("digest", "-")), proofs=(proof_of(record),)),
        )
        for record, act in facts.stand("probe.run", "probe.diff")
    ]
    return Table(
        title=Text(ko="위험 질문 시험과 비교", en="Runs of the probes and comparisons"),
        columns=_columns(
            "때(UTC)|종류|모델|결과|결과 파일 SHA-256", "At (UTC)|What|Model|Result|SHA-256 of the file"
        ),
        rows=tuple(rows),
    )


def _told(facts: Mapping[str, str], names: Iterable[str]) -> str:
    return ", ".join(f"{name} {facts[name]}" for name in names if name in facts)


def _impact(answers: Mapping[str, bool], impact: Impact) -> Text:
    hit = [areas()[key].law for key, value in answers.items() if value and key in areas()]
    told = f" ({', '.join(hit)})" if hit else ""
    return Text(ko=_IMPACTS[impact].ko + told, en=_IMPACTS[impact].en + told)


def _place(where: Where) -> Text:
    zone = _ZONES.get(where.zone, _same(where.zone))
    return Text(ko=f"{where.country} {zone.ko}", en=f"{where.country} {zone.en}")


def _who(who: Who) -> Text:
    return _same(
        " / ".join(
            part for part in (who.organisation, who.team, who.person, who.application, who.key) if part
        )
    )


def _kinds(kinds: Mapping[str, Tally], setup: Setup) -> Text:
    return Text(
        ko=", ".join(f"{setup.label(kind).ko} {tally.count:,}" for kind, tally in sorted(kinds.items()))
        or "-",
        en=", ".join(f"{setup.label(kind).en} {tally.count:,}" for kind, tally in sorted(kinds.items()))
        or "-",
    )


def _counted(tally: Tally) -> Cell:
    return Cell(text=_same(f"{tally.count:,}"), proofs=tally.proofs)


def _columns(ko: str, en: str) -> tuple[Text, ...]:
    return tuple(Text(ko=left, en=right) for left, right in zip(ko.split("|"), en.split("|"), strict=True))


def _plain(text: str) -> Cell:
    return Cell(text=_same(text))


def _same(text: str) -> Text:
    return Text(ko=text, en=text)
