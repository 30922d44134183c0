"""What the log says of where data went, and in which form."""

from collections.abc import Callable, Mapping
from typing import Final

from hanbok.core.values import Form, Grade, Zone
from hanbok.evidence.checks.saying import configured, contradicted, missing, no_calls, proven, together
from hanbok.evidence.facts import Facts, Tally, Where
from hanbok.evidence.report import Answer, Check, Setup

_STRICT: Final = frozenset({"unique_id", "credit_info", "sensitive"})
_FINANCIAL: Final = frozenset({"credit_info", "financial", "unique_id"})


def _went(
    facts: Facts, setup: Setup, categories: frozenset[str], where: Callable[[Where], bool]
) -> tuple[Tally, Tally]:
    """Return the calls whose data of these classes left in such places: as it was, and in any form."""
    raw, every = list[Tally](), list[Tally]()
    for place, flow in facts.flows.items():
        if where(place):
            hits = [tally for kind, tally in flow.kinds.items() if setup.category(kind) in categories]
            every += hits
            raw += hits if place.form == Form.AS_IS else []
    return together(raw), together(every)


def credit_kept_out(facts: Facts, setup: Setup) -> Answer:
    """No personal credit information or unique identifier reached an outside model as it was."""
    raw, every = _went(facts, setup, _FINANCIAL, lambda place: place.zone != Zone.HOME)
    if not facts.intents and not facts.refusals:
        return no_calls()
    if raw:
        return contradicted(
            raw,
            f"개인신용정보·고유식별정보 유형이 원문 그대로 외부 모델로 나간 기록이 {raw.count:,}건 있습니다.",
            f"{raw.count:,} records show credit information or unique identifiers going to an outside model as is.",
        )
    return proven(
        every or facts.intents,
        f"개인신용정보·고유식별정보 유형이 원문 그대로 외부 모델로 나간 기록이 없습니다(가명·가림 처리 후 나간 기록 "
        f"{every.count:,}건). 가드가 찾아낸 유형에 한합니다.",
        f"no record shows credit information or unique identifiers going to an outside model as is ({every.count:,} "
        "records of them pseudonymised or masked); as far as the guard found them.",
    )


def strict_at_home(facts: Facts, setup: Setup) -> Answer:
    """Check that unique identifiers, sensitive data and credit information did not go abroad as they were."""
    raw, every = _went(facts, setup, _STRICT, lambda place: place.country != "KR")
    if not facts.intents and not facts.refusals:
        return no_calls()
    if raw:
        return contradicted(
            raw,
            f"고유식별·민감·개인신용정보 유형이 원문 그대로 국외로 나간 기록이 {raw.count:,}건 있습니다.",
            f"{raw.count:,} records show such data going abroad as is.",
        )
    return proven(
        every or facts.intents,
        "고유식별·민감·개인신용정보 유형이 원문 그대로 국외로 나간 기록이 없습니다.",
        "no record shows unique identifiers, sensitive data or credit information going abroad as is.",
    )


def grades_flow_down(facts: Facts, _setup: Setup) -> Answer:
    """Classified data stayed; sensitive data did not go abroad as it was."""
    wrong = together(
        tally
        for (grade, zone, form), tally in facts.grades.items()
        if (grade == Grade.CLASSIFIED and zone != Zone.HOME)
        or (grade == Grade.SENSITIVE and zone == Zone.FOREIGN and form == Form.AS_IS)
    )
    if not facts.grades:
        return no_calls()
    if wrong:
        return contradicted(
            wrong,
            f"등급보다 낮은 구역으로 나간 기록이 {wrong.count:,}건 있습니다.",
            f"{wrong.count:,} records show data going to a zone below its grade.",
        )
    whole = together(facts.grades.values())
    parts = ", ".join(
        f"{grade}→{zone} {together(t for (g, z, _), t in facts.grades.items() if (g, z) == (grade, zone)).count:,}"
        for grade, zone in sorted({(grade, zone) for grade, zone, _ in facts.grades})
    )
    return proven(
        whole,
        f"모든 흐름이 자료 등급(C/S/O)에 맞는 구역으로 갔습니다: {parts}.",
        f"every flow went to a zone that its grade (C/S/O) allows: {parts}.",
    )


def pseudonymised(facts: Facts, _setup: Setup) -> Answer:
    """Tell how much left as pseudonyms or masked."""
    hidden = together(
        flow.calls
        for where, flow in facts.flows.items()
        if where.form in {Form.PSEUDONYMISED, Form.MASKED} and flow.kinds
    )
    if not hidden:
        return missing(
            "가명처리하거나 가려서 내보낸 호출이 없습니다.", "no call left pseudonymised or masked."
        )
    return proven(
        hidden,
        f"개인정보가 든 호출 {hidden.count:,}건을 가명처리하거나 가려서 내보냈습니다.",
        f"{hidden.count:,} calls with personal data left pseudonymised or masked.",
    )


def secrets_kept(facts: Facts, _setup: Setup) -> Answer:
    """Keys and passwords in requests were found, and none left as it was."""
    held = facts.kinds.get("SECRET", Tally())
    raw = together(
        flow.kinds["SECRET"]
        for where, flow in facts.flows.items()
        if where.form == Form.AS_IS and where.zone != Zone.HOME and "SECRET" in flow.kinds
    )
    if raw:
        return contradicted(
            raw,
            f"비밀(키·비밀번호)이 원문 그대로 외부로 나간 기록이 {raw.count:,}건 있습니다.",
            f"{raw.count:,} records show a secret leaving as is.",
        )
    ran = facts.step("inspect", "ran", "part")
    if not ran:
        return no_calls()
    return proven(
        held or ran,
        f"비밀(키·비밀번호)이 든 요청 {held.count:,}건을 찾았고, 원문 그대로 외부로 나간 기록은 없습니다.",
        f"{held.count:,} requests held a secret; no record shows one leaving as is.",
    )


def allow_list(facts: Facts, setup: Setup) -> Answer:
    """Check that data went to registered places only."""
    known = {place.destination.endpoint for place in setup.places}
    strange = together(flow.calls for where, flow in facts.flows.items() if where.endpoint not in known)
    if strange:
        return contradicted(
            strange,
            f"지금 설정에 없는 엔드포인트로 나간 기록이 {strange.count:,}건 있습니다.",
            f"{strange.count:,} records name an endpoint that the settings do not know now.",
        )
    used = together(flow.calls for flow in facts.flows.values())
    if not used:
        return no_calls()
    return proven(
        used,
        f"데이터는 등록된 엔드포인트 {len(known)}곳으로만 갔습니다.",
        f"data went to the {len(known)} registered endpoints only.",
    )


def processors_known(facts: Facts, setup: Setup) -> Answer:
    """Each processor outside is on record with country, basis, no training."""
    outside = [place.destination for place in setup.places if place.destination.zone is not Zone.HOME]
    lacking = [one.endpoint for one in outside if one.data_use.trains or not one.data_use.basis]
    used = together(flow.calls for where, flow in facts.flows.items() if where.zone != Zone.HOME)
    if lacking:
        names = ", ".join(lacking)
        return missing(
            f"학습 금지나 처리 근거가 등록되지 않은 곳: {names}.",
            f"without a pledge not to train or a basis on record: {names}.",
        )
    return configured(
        f"외부 처리자 {len(outside)}곳 모두 나라, 근거, 학습 금지가 등록되어 있습니다.",
        f"all {len(outside)} outside processors are on record with country, basis and no training.",
        used.proofs,
    )


def certificates(_facts: Facts, setup: Setup) -> Answer:
    """Each outside endpoint has a certificate on record."""
    outside = [place.destination for place in setup.places if place.destination.zone is not Zone.HOME]
    bare = [one.endpoint for one in outside if not one.certificates]
    if bare:
        names = ", ".join(bare)
        return missing(f"인증이 등록되지 않은 곳: {names}.", f"without a certificate on record: {names}.")
    listed = "; ".join(f"{one.endpoint}: {', '.join(one.certificates)}" for one in outside)
    return configured(
        f"외부 엔드포인트의 인증이 등록되어 있습니다: {listed or '외부 없음'}.",
        f"certificates on record: {listed or 'none outside'}.",
    )


def encrypted_paths(_facts: Facts, setup: Setup) -> Answer:
    """Every way out is TLS or stays on the machine."""
    plain = [place.destination.endpoint for place in setup.places if not place.encrypted]
    if plain:
        names = ", ".join(plain)
        return missing(f"암호화되지 않은 경로: {names}.", f"paths that are not encrypted: {names}.")
    return configured(
        f"엔드포인트 {len(setup.places)}곳의 경로가 모두 TLS이거나 같은 기기 안입니다.",
        f"the paths to all {len(setup.places)} endpoints are TLS or stay on the machine.",
    )


CHECKS: Final[Mapping[str, Check]] = {
    one.__name__: one
    for one in (
        credit_kept_out,
        strict_at_home,
        grades_flow_down,
        pseudonymised,
        secrets_kept,
        allow_list,
        processors_known,
        certificates,
        encrypted_paths,
    )
}
