"""Report of a leak: which types of data, and whose, went to one endpoint between two moments."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from hanbok.core.clock import KST
from hanbok.core.values import Form
from hanbok.evidence.checks.saying import configured, missing, no_calls, proven, together
from hanbok.evidence.facts import Facts, Flow, Where
from hanbok.evidence.report import Answer, Check, Setup, Table
from hanbok.evidence.sheet import read_sheet
from hanbok.evidence.tables import incident_table, senders_table

_HOURS: Final = 72
_MANY: Final = 1000
_GRAVE: Final = frozenset({"unique_id", "sensitive"})


def _flows(facts: Facts) -> dict[Where, Flow]:
    asked = facts.question.endpoint
    return {where: flow for where, flow in facts.flows.items() if asked in {"", where.endpoint}}


def _what_went(facts: Facts, setup: Setup) -> Answer:
    flows = _flows(facts)
    calls = together(flow.calls for flow in flows.values())
    if not calls:
        return no_calls()
    kinds = sorted({kind for flow in flows.values() for kind in flow.kinds})
    unsure = sum(flow.unsure for flow in flows.values())
    ko = ", ".join(setup.label(kind).ko for kind in kinds) or "없음"
    en = ", ".join(setup.label(kind).en for kind in kinds) or "none"
    return proven(
        calls,
        f"호출 {calls.count:,}건이 갔고, 그 요청에 든 정보 유형은 다음과 같습니다: {ko}. 중단되어 닿았는지 확실하지 "
        f"않은 호출 {unsure:,}건도 간 것으로 셉니다.",
        f"{calls.count:,} calls went there; types of data in their requests: {en}. {unsure:,} of them were cut off "
        "and are counted as if they had arrived.",
    )


def _as_it_was(facts: Facts, setup: Setup) -> Answer:
    raw = together(
        tally
        for where, flow in _flows(facts).items()
        if where.form == Form.AS_IS
        for kind, tally in flow.kinds.items()
        if setup.category(kind) not in {"attack", "business"}
    )
    if not facts.intents and not facts.refusals:
        return no_calls()
    return proven(
        raw or together(flow.calls for flow in _flows(facts).values()),
        f"개인정보 유형이 가명·가림 없이 원문 그대로 간 기록은 {raw.count:,}건입니다.",
        f"{raw.count:,} records show personal data going there as it was, neither pseudonymised nor masked.",
    )


def _whose(facts: Facts, _setup: Setup) -> Answer:
    if not facts.subjects:
        return missing(
            "정보주체 색인이 없어(내용을 보관하지 않음) 몇 사람인지 셀 수 없습니다.",
            "no index of persons is kept (contents are not), so nobody can tell how many they are.",
        )
    return proven(
        together(facts.subjects.values()),
        f"서로 다른 식별값 {len(facts.subjects):,}개가 든 호출이 갔고, 그 가운데 {len(facts.exposed):,}개는 원문으로 "
        "갔습니다. 한 사람이 여러 식별값을 가질 수 있어 사람 수는 이보다 적을 수 있습니다.",
        f"calls with {len(facts.subjects):,} distinct identifiers went there, {len(facts.exposed):,} of them as they "
        "were; a person may have several, so there may be fewer persons.",
    )


def _to_report(facts: Facts, setup: Setup) -> Answer:
    grave = {
        form: together(
            tally
            for where, flow in _flows(facts).items()
            if (where.form == Form.AS_IS) is (form == Form.AS_IS)
            for kind, tally in flow.kinds.items()
            if setup.category(kind) in _GRAVE
        )
        for form in (Form.AS_IS, Form.MASKED)
    }
    if grave[Form.AS_IS] or len(facts.exposed) >= _MANY:
        return proven(
            grave[Form.AS_IS] or together(facts.subjects.values()),
            "고유식별정보나 민감정보가 원문으로 갔거나 1천 명 이상이므로, 유출이라면 개인정보 보호위원회나 "
            "한국인터넷진흥원에 신고할 대상입니다.",
            "unique identifiers or sensitive data went there as they were, or a thousand persons are concerned: "
            "a leak would have to be reported to the PIPC or KISA.",
        )
    if grave[Form.MASKED]:
        return proven(
            grave[Form.MASKED],
            "고유식별정보·민감정보가 든 호출은 모두 그 값을 가명·가림 처리한 뒤에 갔습니다. 1천 명 이상이거나 해킹이면 "
            "그래도 신고 대상입니다.",
            "every call with unique identifiers or sensitive data went there pseudonymised or masked; a thousand "
            "persons or a hack would have to be reported all the same.",
        )
    return missing(
        "신고 대상인지 로그만으로 정할 수 없습니다. 1천 명 이상이거나 해킹이면 신고 대상입니다.",
        "the log alone cannot tell whether it must be reported; a thousand persons or a hack make it so.",
    )


def _deadline(facts: Facts, _setup: Setup) -> Answer:
    known = facts.question.known
    if not known:
        return missing("알게 된 때를 --known으로 주십시오.", "give the time when it became known: --known.")
    end = (datetime.fromisoformat(known) + timedelta(hours=_HOURS)).astimezone(KST)
    return configured(
        f"통지·신고 기한은 {end:%Y-%m-%d %H:%M}(한국 시각)입니다.",
        f"to be notified and reported by {end:%Y-%m-%d %H:%M} Korean time.",
    )


class Incident:
    """For the notice to persons and the report within 72 hours (PIPA art. 34, decree art. 39, 40)."""

    sheet: Final = read_sheet("incident")
    checks: Final[Mapping[str, Check]] = {
        "what_went": _what_went,
        "as_it_was": _as_it_was,
        "whose": _whose,
        "to_report": _to_report,
        "deadline": _deadline,
    }

    def tables(self, facts: Facts, setup: Setup) -> Iterator[Table]:
        """Yield the types by form, and the accounts."""
        yield incident_table(_flows(facts), setup)
        yield senders_table(_flows(facts), setup)
