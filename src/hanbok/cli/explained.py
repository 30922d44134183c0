"""How an explanation is printed."""

from dataclasses import asdict

from hanbok.cli.output import print_json, print_rows
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.values import Form, Grade, Zone
from hanbok.policy.explain import Explanation
from hanbok.policy.ruling import Clause

_FORMS = {
    Form.AS_IS: say("그대로", "as it is"),
    Form.PSEUDONYMISED: say("가명으로", "pseudonymised"),
    Form.MASKED: say("가려서", "masked"),
}
_ZONES = {
    Zone.HOME: say("내부", "home"),
    Zone.DOMESTIC: say("국내", "domestic"),
    Zone.FOREIGN: say("국외", "foreign"),
}


def print_explanation(told: Explanation, grade: Grade, kinds: frozenset[str], *, json: bool) -> None:
    """Print what was asked in its order, the articles, the outcome and the remedies."""
    if json:
        print_json({"grade": grade, "kinds": sorted(kinds), "leaves": told.leaves is not None} | asdict(told))
        return
    held = ", ".join(sorted(kinds)) or "-"
    print(say(f"등급 {grade}, 든 정보: {held}", f"grade {grade}, holds: {held}"))
    rows = [
        {
            "place": f"{one.endpoint} ({_ZONES[one.zone]})",
            "form": _FORMS[one.form],
            "allowed": say("허용", "allowed") if one.allowed else say("금지", "forbidden"),
            "policies": [clause.id for clause in one.clauses]
            or [say("허용하는 정책 없음", "nothing permits it")],
        }
        for one in told.asked
    ]
    columns = {
        "place": say("곳", "place"),
        "form": say("형태", "form"),
        "allowed": say("판정", "ruling"),
        "policies": say("정책", "policies"),
    }
    print_rows(rows, columns, json=False, empty="")
    for clause in _forbidding(told):
        print(f"  {clause.id} [{clause.article or '-'}] {clause.reason.of(LANGUAGE)}")
    leaves = told.leaves
    if leaves is None:
        print(say("어디로도 나가지 않습니다.", "It goes nowhere."))
    else:
        form = _FORMS[leaves.form]
        print(say(f"{leaves.endpoint}(으)로 {form} 나갑니다.", f"It goes to {leaves.endpoint}, {form}."))
    if told.remedies:
        print(say("그대로 나가려면:", "To let it go as it is:"))
    for remedy in told.remedies:
        print(f"  {remedy.endpoint}: {' + '.join(need.of(LANGUAGE) for need in remedy.needs)}")


def _forbidding(told: Explanation) -> list[Clause]:
    clauses = (clause for one in told.asked if not one.allowed for clause in one.clauses)
    return list({clause.id: clause for clause in clauses}.values())
