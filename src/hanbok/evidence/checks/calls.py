"""What the log says of calls: all of them written down, inspected, decided, closed."""

from collections.abc import Mapping
from typing import Final

from hanbok.evidence.checks.saying import configured, contradicted, missing, no_calls, proven, together
from hanbok.evidence.facts import Facts, Tally
from hanbok.evidence.report import Answer, Check, Setup

_LIMITS: Final = (
    "rate_limited", "token_rate_limited", "tokens_over_limit", "too_many_requests", "concurrency_exceeded",
    "budget_exceeded",
)  # fmt: skip


def calls_logged(facts: Facts, _setup: Setup) -> Answer:
    """Every call has its intent in the log before its outcome."""
    if facts.orphans:
        return contradicted(
            facts.orphans,
            f"의도 기록 없이 끝난 호출이 {facts.orphans.count:,}건 있습니다.",
            f"{facts.orphans.count:,} calls ended without an intent on record.",
        )
    if not facts.intents and not facts.refusals:
        return no_calls()
    return proven(
        together([facts.intents, facts.refusals]),
        f"모델 호출 {facts.intents.count:,}건은 나가기 전에, 거절 {facts.refusals.count:,}건은 알리기 전에 "
        "누가, 언제, 어디서, 무엇을, 어느 모델로 보내려 했는지 기록되었습니다.",
        f"{facts.intents.count:,} calls were recorded before they left and {facts.refusals.count:,} refusals before "
        "they were told: who, when, from where, what, to which model.",
    )


def replies_logged(facts: Facts, _setup: Setup) -> Answer:
    """Every completed call has the digest of its answer."""
    done = facts.outcomes.get("completed", Tally())
    if facts.unsealed:
        return contradicted(
            facts.unsealed,
            f"답의 해시가 없는 완료 기록이 {facts.unsealed.count:,}건 있습니다.",
            f"{facts.unsealed.count:,} completed calls have no digest of their answer.",
        )
    if not done:
        return no_calls()
    return proven(
        done,
        f"완료된 답 {done.count:,}건의 SHA-256 해시와 사용량이 기록되었습니다.",
        f"the SHA-256 digest and the usage of {done.count:,} answers are on record.",
    )


def calls_closed(facts: Facts, _setup: Setup) -> Answer:
    """Every intent has its outcome."""
    if facts.unclosed:
        return contradicted(
            facts.unclosed,
            f"결말이 없는 호출이 {facts.unclosed.count:,}건 있습니다(진행 중이거나 기록되지 못함).",
            f"{facts.unclosed.count:,} calls have no outcome: under way, or not recorded.",
        )
    if not facts.intents:
        return no_calls()
    others = {status: tally.count for status, tally in facts.outcomes.items() if status != "completed"}
    told = ", ".join(f"{status} {count:,}" for status, count in sorted(others.items())) or "0"
    return proven(
        facts.closed,
        f"호출 {facts.intents.count:,}건 모두 결말이 기록되었습니다(완료 아님: {told}).",
        f"all {facts.intents.count:,} calls have an outcome on record (not completed: {told}).",
    )


def guard_ran(facts: Facts, _setup: Setup) -> Answer:
    """Check that the guard read every request that left."""
    if not facts.intents:
        return no_calls()
    ran, part = facts.step("inspect", "ran"), facts.step("inspect", "part")
    crashed, idle = facts.outcomes.get("crashed", Tally()).count, facts.step("inspect", "nothing").count
    unread = facts.closed.count - ran.count - part.count - crashed - idle
    if unread > 0:
        return contradicted(
            facts.closed,
            f"호출 {facts.closed.count:,}건 중 {unread:,}건에 입력 검사 기록이 없습니다.",
            f"of {facts.closed.count:,} calls, {unread:,} have no record of an inspection.",
        )
    if part:
        return contradicted(
            part,
            f"{part.count:,}건은 글이 아닌 첨부가 있어 그 부분을 검사하지 못했습니다. 나머지 {ran.count:,}건은 "
            "모두 검사했습니다.",
            f"{part.count:,} calls held attachments that could not be read; the other {ran.count:,} were inspected.",
        )
    return proven(
        ran,
        f"나간 요청 {ran.count:,}건 모두 개인정보·비밀 입력 검사를 거쳤습니다.",
        f"all {ran.count:,} requests that left were inspected for personal data and secrets.",
    )


def replies_inspected(facts: Facts, _setup: Setup) -> Answer:
    """Answers were inspected on their way back."""
    ran, not_run = facts.step("inspect_reply", "ran"), facts.step("inspect_reply", "not run")
    if not_run:
        return contradicted(
            not_run,
            f"답 {not_run.count:,}건은 출력 검사를 하지 않았습니다.",
            f"{not_run.count:,} answers were not inspected.",
        )
    if not ran:
        return no_calls()
    masked = sum(tally.count for tally in facts.reply_kinds.values())
    return proven(
        ran,
        f"답 {ran.count:,}건을 출력 검사하였고, {masked:,}번 답 속의 정보를 가렸습니다.",
        f"{ran.count:,} answers were inspected; data in them was masked {masked:,} times.",
    )


def policy_decided(facts: Facts, setup: Setup) -> Answer:
    """Tell the policy versions of the calls, and what policy refused."""
    if not facts.policies:
        return no_calls()
    refused = facts.refused_by.get("policy_refused", Tally())
    packs = ", ".join(setup.packs)
    return proven(
        refused or together(facts.policies.values()),
        f"모든 호출이 정책 판정을 거쳤고(정책 판 {len(facts.policies)}개, 묶음 {packs}), 정책으로 "
        f"{refused.count:,}건을 거절했습니다.",
        f"every call was decided by policy ({len(facts.policies)} versions, packs {packs}); {refused.count:,} were "
        "refused by it.",
    )


def attacks_screened(facts: Facts, _setup: Setup) -> Answer:
    """Hidden instructions were looked for."""
    found, ran = facts.kinds.get("INJECTION", Tally()), facts.step("inspect", "ran", "part")
    if not ran:
        return no_calls()
    return proven(
        found or ran,
        f"요청 {ran.count:,}건에서 숨은 지시를 살폈고 {found.count:,}건에서 찾았습니다.",
        f"{ran.count:,} requests were screened for hidden instructions; {found.count:,} held some.",
    )


def rate_limited(facts: Facts, setup: Setup) -> Answer:
    """Keys are held in bounds, and calls beyond them were refused."""
    hit = together(facts.refused_by[code] for code in _LIMITS if code in facts.refused_by)
    keys = setup.keys
    if hit:
        return proven(
            hit,
            f"호출 한도를 넘은 {hit.count:,}건을 막았습니다. 지금 키 {keys.active}개 중 {keys.rated}개에 호출 한도가 "
            "있습니다.",
            f"{hit.count:,} calls beyond a limit were stopped; {keys.rated} of {keys.active} keys have one now.",
        )
    if keys.active and keys.rated == keys.active:
        return configured(
            f"키 {keys.active}개 모두 호출 한도가 있습니다. 이 기간에 한도를 넘은 호출은 없었습니다.",
            f"all {keys.active} keys have a limit of calls; none was exceeded in the period.",
        )
    return missing(
        f"키 {keys.active}개 중 {keys.active - keys.rated}개에 호출 한도가 없습니다.",
        f"{keys.active - keys.rated} of {keys.active} keys have no limit of calls.",
    )


def five_items(facts: Facts, _setup: Setup) -> Answer:
    """Each entry tells the five items of an access log."""
    if facts.incomplete:
        lacking = together(facts.incomplete.values())
        told = ", ".join(f"{item} {tally.count:,}" for item, tally in sorted(facts.incomplete.items()))
        return contradicted(
            lacking,
            f"다섯 항목 가운데 빠진 것이 있는 기록: {told}.",
            f"entries that lack one of the five items: {told}.",
        )
    total = facts.intents.count + facts.refusals.count
    if not total:
        return no_calls()
    return proven(
        together([facts.intents, facts.refusals]),
        f"기록 {total:,}건 모두 계정, 일시, 접속지, 처리한 정보, 수행업무 다섯 항목을 갖추었습니다.",
        f"all {total:,} entries have the five items: account, time, origin, data handled, action.",
    )


def marked(facts: Facts, setup: Setup) -> Answer:
    """Answers were marked as made by AI."""
    done = facts.step("mark", "header", "field")
    exempt = facts.step("mark", "exempt")
    if exempt and setup.internal_only:
        return proven(
            exempt,
            f"내부 업무에만 쓰므로 표시 의무가 없다고 설정되어 있습니다(사유: {setup.internal_only}). 그 아래 나간 답 "
            f"{exempt.count:,}건.",
            f"the settings say that no mark is due, for internal work only ({setup.internal_only}): "
            f"{exempt.count:,} answers.",
        )
    if exempt:
        return contradicted(
            exempt,
            f"답 {exempt.count:,}건이 내부 업무 예외로 나갔으나 지금 설정에는 그 사유가 없습니다.",
            f"{exempt.count:,} answers went out under the internal exemption, whose reason is not on record now.",
        )
    if not done:
        return missing("인공지능 생성 표시 기록이 없습니다.", "there is no record of marking.")
    return proven(
        done,
        f"답 {done.count:,}건에 기계가 읽을 수 있는 인공지능 생성 표시(x-hanbok-ai-generated)를 붙였습니다.",
        f"{done.count:,} answers carried the machine-readable mark x-hanbok-ai-generated.",
    )


CHECKS: Final[Mapping[str, Check]] = {
    one.__name__: one
    for one in (
        calls_logged,
        replies_logged,
        calls_closed,
        guard_ran,
        replies_inspected,
        policy_decided,
        attacks_screened,
        rate_limited,
        five_items,
        marked,
    )
}
