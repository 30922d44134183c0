"""What the log and the registers say of upkeep: the log itself, rights, settings, probes, the register of uses."""

from collections.abc import Mapping
from typing import Final

from hanbok.core.values import Text
from hanbok.evidence.checks.saying import configured, contradicted, missing, proofs_of, proven, together
from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Answer, Check, Setup, Status
from hanbok.evidence.usecase import Impact, UseCase


def log_whole(facts: Facts, setup: Setup) -> Answer:
    """Tell what checking the log found when the report was made."""
    state = setup.log
    if not state.ok:
        return contradicted(
            facts.read,
            f"로그 검증에 실패했습니다: {state.fault}.",
            f"the log does not verify: {state.fault}.",
        )
    if not facts.read:
        return missing("로그가 비어 있습니다.", "the log is empty.")
    return proven(
        facts.read,
        f"보고서를 만들 때 로그 {state.entries:,}건 전체를 검증하였고 온전합니다(뿌리 {state.head[:16]}…).",
        f"the whole log, {state.entries:,} entries, verified when the report was made (root {state.head[:16]}…).",
    )


def settings_recorded(facts: Facts, setup: Setup) -> Answer:
    """Every policy version that decided was put in force by an entry."""
    acts = [record for record, _ in facts.stand("settings")]
    if not acts:
        return missing("설정이 적용된 기록이 없습니다.", "no entry tells of settings put in force.")
    changes = facts.acted("settings", "policy.", "policy")
    return proven(
        changes or together([facts.read]),
        f"설정·정책의 적용 {changes.count:,}건이 정책 판(해시)과 함께 기록되었습니다. 지금 판 {setup.policy[:16]}…",
        f"{changes.count:,} times settings or policies came into force, each on record with its version. Now: "
        f"{setup.policy[:16]}…",
    )


def rights_history(facts: Facts, _setup: Setup) -> Answer:
    """Grants, changes and revocations of keys and rights are entries."""
    acts = facts.acted("key.", "organisation.", "person.", "role.", "grant.", "approval.")
    standing = [
        record
        for (verb, _), record in facts.standing.items()
        if verb.startswith(("key.", "organisation.", "person.", "role.", "grant."))
    ]
    if not standing:
        return missing("권한의 부여·변경·말소 기록이 없습니다.", "no entry tells of rights.")
    if acts:
        return proven(
            acts,
            f"계정·키·권한의 부여, 변경, 말소 {acts.count:,}건이 행위자와 함께 기록되었습니다.",
            f"{acts.count:,} grants, changes and revocations are on record with who did them.",
        )
    last = max(standing, key=lambda record: record.index)
    return Answer(
        status=Status.PROVEN,
        statement=Text(
            ko="이 기간에는 권한 변경이 없었습니다. 마지막 변경은 그 전에 기록되었습니다.",
            en="no right changed in the period; the last change before it is on record.",
        ),
        proofs=proofs_of([last]),
    )


def personal_keys(_facts: Facts, setup: Setup) -> Answer:
    """Each key names whose it is."""
    keys = setup.keys
    if keys.active and keys.named == keys.active:
        return configured(
            f"키 {keys.active}개 모두 사람이나 응용이 지정되어 있습니다.",
            f"all {keys.active} keys name a person or an application.",
        )
    return missing(
        f"키 {keys.active}개 중 {keys.active - keys.named}개에 사람이나 응용이 지정되어 있지 않습니다.",
        f"{keys.active - keys.named} of {keys.active} keys name neither a person nor an application.",
    )


def stop_switch(facts: Facts, setup: Setup) -> Answer:
    """Keys can be revoked at once, and were."""
    acts = facts.acted("key.revoke")
    if acts:
        return proven(
            acts,
            f"키 폐기로 이용을 멈춘 기록이 {acts.count:,}건 있습니다(1초 안에 모든 서버에서 막힘).",
            f"{acts.count:,} times use was stopped by revoking a key (within a second on every server).",
        )
    return configured(
        f"키 폐기로 1초 안에 이용을 멈출 수 있습니다(지금 키 {setup.keys.active}개). 이 기간에 쓴 기록은 없습니다.",
        f"revoking a key stops its use within a second ({setup.keys.active} keys now); not used in the period.",
    )


def probed(facts: Facts, _setup: Setup) -> Answer:
    """Risky probes were run, and what they found."""
    runs = facts.acted("probe.run")
    if not runs:
        return missing("위험 질문 시험을 돌린 기록이 없습니다.", "no run of risky probes is on record.")
    last = facts.stand("probe.run")[-1][1].facts
    return proven(
        runs,
        f"위험 질문 시험 {runs.count:,}회가 기록되었습니다. 마지막: 모델 {last.get('model', '')}, "
        f"{last.get('probes', '?')}문항 중 {last.get('passed', '?')}문항 통과.",
        f"{runs.count:,} runs of risky probes are on record. Last: model {last.get('model', '')}, "
        f"{last.get('passed', '?')} of {last.get('probes', '?')} passed.",
    )


def swaps_judged(facts: Facts, _setup: Setup) -> Answer:
    """Model changes were graded by probes."""
    swaps = facts.acted("probe.diff", "model.", "release")
    if not swaps:
        return missing("모델 변경을 평가한 기록이 없습니다.", "no graded change of a model is on record.")
    last = facts.stand("probe.diff")
    grade = last[-1][1].facts.get("grade", "?") if last else "?"
    return proven(
        swaps,
        f"모델 변경 평가 {swaps.count:,}건이 기록되었습니다. 마지막 등급: {grade}.",
        f"{swaps.count:,} graded changes of a model are on record. Last grade: {grade}.",
    )


def reviewed(facts: Facts, _setup: Setup) -> Answer:
    """Tell which reports were made from the log in the period."""
    acts = facts.acted("report.make")
    if not acts:
        return missing("기간 중 점검 보고서를 만든 기록이 없습니다.", "no report was made in the period.")
    return proven(
        acts,
        f"로그를 점검한 보고서 {acts.count:,}건이 해시와 함께 기록되었습니다.",
        f"{acts.count:,} reports on the log are on record with their digests.",
    )


def _uses(setup: Setup) -> list[UseCase]:
    return [one for one in setup.usecases if not one.closed]


def _register(
    facts: Facts, setup: Setup, lacking: list[str], what: tuple[str, str], done: tuple[str, str]
) -> Answer:
    uses = _uses(setup)
    if not uses:
        return missing("이용사례가 등록되지 않았습니다.", "no use of AI is registered.")
    if lacking:
        names = ", ".join(lacking)
        return missing(f"{what[0]}: {names}.", f"{what[1]}: {names}.")
    acts = [record for (verb, _), record in facts.standing.items() if verb.startswith("usecase.")]
    return configured(
        done[0], done[1], proofs_of(sorted(acts, key=lambda record: record.index), most=max(len(uses), 1))
    )


def notices_given(facts: Facts, setup: Setup) -> Answer:
    """Each use tells its users beforehand, or says why it need not."""
    lacking = [one.id for one in _uses(setup) if not one.notice and not one.internal_reason]
    return _register(
        facts,
        setup,
        lacking,
        (
            "사전 고지도 내부 업무 예외 사유도 없는 이용사례",
            "uses with neither a notice nor a reason for none",
        ),
        (
            "모든 이용사례에 사전 고지 문구나 내부 업무 예외 사유가 등록되어 있습니다.",
            "every use has a notice, or the reason why none is due, on record.",
        ),
    )


def questionnaires(facts: Facts, setup: Setup) -> Answer:
    """Each use was checked for high impact."""
    lacking = [one.id for one in _uses(setup) if one.impact is Impact.UNKNOWN]
    high = [one.id for one in _uses(setup) if one.impact is Impact.HIGH]
    told = ", ".join(high)
    return _register(
        facts,
        setup,
        lacking,
        ("고영향 여부를 확인하지 않은 이용사례", "uses not yet checked for high impact"),
        (
            f"모든 이용사례의 고영향 해당 여부를 확인했습니다(고영향: {told or '없음'}).",
            f"every use was checked for high impact (high: {told or 'none'}).",
        ),
    )


def oversight(facts: Facts, setup: Setup) -> Answer:
    """Each use of high impact has a person who can step in."""
    lacking = [
        one.id for one in _uses(setup) if one.impact is Impact.HIGH and not (one.supervisor and one.contact)
    ]
    return _register(
        facts,
        setup,
        lacking,
        ("사람의 관리·감독 담당자가 없는 고영향 이용사례", "uses of high impact without a human supervisor"),
        (
            "고영향 이용사례마다 관리·감독할 사람과 연락처가 등록되어 있습니다.",
            "every use of high impact names a human supervisor and a contact.",
        ),
    )


def documents_kept(facts: Facts, setup: Setup) -> Answer:
    """Check that the documents of uses of high impact are there and whole."""
    needed = [one for one in _uses(setup) if one.impact is Impact.HIGH]
    lacking = [one.id for one in needed if not one.documents]
    lost = [
        f"{one.id}/{document.name}"
        for one in _uses(setup)
        for document in one.documents
        if not setup.documents.get(document.digest, False)
    ]
    return _register(
        facts,
        setup,
        lacking + lost,
        ("보관 문서가 없거나 바뀐 이용사례", "uses whose documents are missing or altered"),
        (
            "고영향 이용사례의 문서가 해시와 함께 보관되어 있고 원본과 같습니다.",
            "the documents of uses of high impact are kept and are what their digests say.",
        ),
    )


CHECKS: Final[Mapping[str, Check]] = {
    one.__name__: one
    for one in (
        log_whole,
        settings_recorded,
        rights_history,
        personal_keys,
        stop_switch,
        probed,
        swaps_judged,
        reviewed,
        notices_given,
        questionnaires,
        oversight,
        documents_kept,
    )
}
