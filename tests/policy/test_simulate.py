"""Requests of a log judged again, explanations, and the look-over of policy texts."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from hanbok.core.values import DataUse, Destination, Form, Grade, Principal, Zone
from hanbok.evidence.entry import Act, AnyEntry, Hop, Intent, Refusal
from hanbok.policy.cedar import CedarJudge, load_judge
from hanbok.policy.explain import explain
from hanbok.policy.review import review
from hanbok.policy.scene import Choices, Scene, Spot
from hanbok.policy.simulate import Effect, simulate

DAY = date(2026, 11, 22)
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
ABROAD = Spot(country="US", zone=Zone.FOREIGN, operator="A")
HOME = Spot(country="KR", zone=Zone.HOME, operator="self")
SCENE = Scene(
    places={"abroad": ABROAD, "home": HOME},
    models={
        "gpt": Choices(targets=(("abroad", "x"),)),
        "careful": Choices(targets=(("abroad", "x"),), instead=(("home", "y"),)),
    },
)
NOTES = '@in_force("2026-01-01") @article("내규 제1조") @reason_ko("가") @reason_en("e")'


def judge(text: str = "", packs: tuple[str, ...] = ("pipa",)) -> CedarJudge:
    return load_judge(packs, {"ours.cedar": text} if text else {}, DAY)


def settings(scene: Scene, at: str = "2026-10-01T00:00:00+00:00") -> Act:
    return Act(at=at, actor="hanbok", verb="settings", object="in force", facts=scene.facts())


def sent(call: str, *kinds: str, form: str = "as_is", endpoint: str = "abroad", **facts: Any) -> Intent:
    told: dict[str, Any] = {
        "at": "2026-11-10T00:00:00+00:00",
        "organisation": "bank",
        "key": "k",
        "route": "/v1/chat/completions",
        "model": "gpt",
        "grade": "S" if kinds else "O",
        "digest": "",
        "policy": "old",
    }
    spot = SCENE.places[endpoint]
    hop = Hop(
        endpoint=endpoint,
        model="x",
        country=spot.country,
        zone=spot.zone,
        operator=spot.operator,
        form=form,
        policies=("house.open",),
    )
    return Intent(call=call, findings=dict.fromkeys(kinds, 1), plan=(hop,), **told | facts)


def refused(call: str, *kinds: str, code: str = "policy_refused", **facts: Any) -> Refusal:
    told: dict[str, Any] = {
        "at": "2026-11-10T00:00:00+00:00",
        "organisation": "bank",
        "key": "k",
        "model": "gpt",
    }
    return Refusal(
        call=call,
        route="/v1",
        grade="S" if kinds else "O",
        findings=dict.fromkeys(kinds, 1),
        code=code,
        policies=("pipa.24-2.outside",),
        **told | facts,
    )


def effects(entries: list[AnyEntry], by: CedarJudge, scene: Scene = SCENE) -> dict[str, Effect]:
    result = simulate([settings(SCENE), *entries], by, scene, since=SINCE, until=UNTIL, examples=100)
    return {one.call: one.effect for one in result.examples}


def test_the_same_policies_change_nothing() -> None:
    entries = [sent("a"), sent("b", "PHONE", form="pseudonymised"), refused("c", "RRN")]
    result = simulate([settings(SCENE), *entries], judge(), SCENE, since=SINCE, until=UNTIL)
    assert (result.judged, result.effects) == (3, {Effect.SAME: 3})
    assert result.examples == []


def test_each_effect_is_told_with_its_call() -> None:
    entries = [
        sent("less", "PHONE", form="masked"),
        sent("more", "PHONE"),
        sent("gone", "RRN", form="masked"),
        refused("back", "PHONE"),
        sent("moved", "RRN", model="careful"),
        sent("same"),
    ]
    assert effects(entries, judge()) == {
        "less": Effect.LESS_ALTERED,
        "more": Effect.MORE_ALTERED,
        "gone": Effect.REFUSED,
        "back": Effect.ALLOWED,
        "moved": Effect.ELSEWHERE,
    }


def test_counts_are_kept_by_organisation_model_kind_and_policy() -> None:
    stop = judge(
        f'@id("stop") {NOTES} forbid (principal, action, resource) when {{ resource.country == "US" }};'
    )
    entries = [
        sent("a"),
        sent("b", organisation="broker"),
        sent("c", "PHONE", form="pseudonymised", model="careful"),
    ]
    result = simulate([settings(SCENE), *entries], stop, SCENE, since=SINCE, until=UNTIL)
    assert result.effects == {Effect.REFUSED: 2, Effect.ELSEWHERE: 1}
    assert result.organisations == {
        "bank": {Effect.REFUSED: 1, Effect.ELSEWHERE: 1},
        "broker": {Effect.REFUSED: 1},
    }
    assert result.models == {"gpt": {Effect.REFUSED: 2}, "careful": {Effect.ELSEWHERE: 1}}
    assert result.kinds == {"-": {Effect.REFUSED: 2}, "PHONE": {Effect.ELSEWHERE: 1}}
    assert result.policies == {"stop": 2}


def test_who_asked_is_part_of_the_question_for_refusals_too() -> None:
    lifted = judge(
        f'@id("team") {NOTES} forbid (principal, action, resource) unless {{ principal in Team::"bank/loans" }};',
        (),
    )
    assert effects([refused("a", team="loans"), refused("b", team="cards")], lifted) == {"a": Effect.ALLOWED}


def test_only_requests_of_the_period_that_were_a_question_to_policy_are_judged() -> None:
    entries = [
        sent("early", at="2026-10-31T23:59:59+00:00"),
        sent("late", at="2026-12-01T00:00:00+00:00"),
        refused("poor", code="budget_exceeded"),
        sent("unknown", model="gone"),
        replace(sent("nobody"), plan=()),
        sent("in"),
    ]
    result = simulate([settings(SCENE), *entries], judge(), SCENE, since=SINCE, until=UNTIL)
    assert (result.judged, result.left_out) == (1, 3)


def test_decisions_are_made_on_the_facts_of_then() -> None:
    """The endpoint had a basis on record then; that it has none today does not matter."""
    then = Scene(
        places={
            "abroad": Spot(
                country="US", zone=Zone.FOREIGN, operator="A", basis="개인정보 보호법 제28조의8제1항제1호"
            )
        },
        models={"gpt": Choices(targets=(("abroad", "x"),))},
    )
    entries: list[AnyEntry] = [
        settings(then),
        sent("a", "PHONE"),
        settings(SCENE, "2026-11-11T00:00:00+00:00"),
    ]
    later = sent("b", "PHONE", at="2026-11-12T00:00:00+00:00")
    result = simulate([*entries, later], judge(), SCENE, since=SINCE, until=UNTIL)
    assert {one.call: one.effect for one in result.examples} == {"b": Effect.MORE_ALTERED}
    assert result.by_todays_settings == 0


def test_without_facts_of_then_those_of_today_are_used_and_that_is_said() -> None:
    result = simulate([sent("a", "PHONE")], judge(), SCENE, since=SINCE, until=UNTIL)
    assert (result.judged, result.by_todays_settings) == (1, 1)


def test_a_scene_comes_back_from_the_log_as_it_went_in() -> None:
    assert Scene.read(SCENE.facts()) == SCENE
    assert Scene.read({"policy": "x"}) is None
    assert Scene.read({"places": "{", "models": "{}"}) is None


# --- explain

TO = Destination(
    endpoint="abroad", country="US", zone=Zone.FOREIGN, operator="A", data_use=DataUse(trains=False)
)
WHO = Principal(organisation="bank", key="k")


def told(kinds: str, to: Destination = TO, packs: tuple[str, ...] = ("pipa",)):
    one = judge(packs=packs)
    policies = {policy.clause.id: policy for policy in one.policies}
    found = frozenset(kinds.split())
    grade = Grade.SENSITIVE if found else Grade.OPEN
    return explain(one, policies, WHO, [[(to, "x")]], grade, found)


def needs(kinds: str, to: Destination = TO, packs: tuple[str, ...] = ("pipa",)) -> list[list[str]]:
    return [[need.en for need in remedy.needs] for remedy in told(kinds, to, packs).remedies]


def test_forms_are_told_in_the_order_in_which_they_are_tried() -> None:
    assert [(one.form, one.allowed) for one in told("PHONE").asked] == [
        (Form.AS_IS, False),
        (Form.PSEUDONYMISED, True),
    ]
    assert [one.form for one in told("RRN").asked] == list(Form)
    assert told("RRN").leaves is None


def test_single_remedies_are_told_and_each_of_them_would_do() -> None:
    found = needs("PHONE")
    assert ["a basis on record: 개인정보 보호법 제28조의8제1항제…"] in found
    assert ["a model inside the organisation"] in found
    assert ["without PHONE"] in found
    assert all(len(one) == 1 for one in found)


def test_records_that_are_needed_together_are_told_together() -> None:
    found = needs("PASSPORT")
    together = next(one for one in found if len(one) > 1)
    assert {need.partition(": ")[2] for need in together} == {
        "개인정보 보호법 제28조의8제1항제…",
        "개인정보 보호법 제24조제1항제…",
    }


def test_certificates_and_lapsed_records_are_named() -> None:
    domestic = Destination(endpoint="c", country="KR", zone=Zone.DOMESTIC, operator="o", lapsed=("SOC2",))
    assert ["renewal of SOC2"] in needs("", domestic)
    plain = Destination(endpoint="c", country="KR", zone=Zone.DOMESTIC, operator="o")
    assert ["the certificate CSAP:중"] in needs("", plain, ("csap",))
    assert ["the certificate 금융보안원:충족"] in needs("", plain, ("efsr_saas",))


def test_what_goes_as_it_is_needs_nothing() -> None:
    assert (told("").leaves is not None, told("").remedies) == (True, ())


# --- review


def remarks(text: str, packs: tuple[str, ...] = ("pipa",)) -> list[tuple[int, bool, str]]:
    found = review({"ours.cedar": text}, packs, DAY, {"STAFF": "PHONE"})
    return [(one.line, one.error, one.what.en) for one in found]


SAYS = "forbid (principal, action, resource) when"


@pytest.mark.parametrize(
    ("text", "error", "what"),
    [
        (f'@id("a") {NOTES} {SAYS} {{ context.kinds.contains(Kind::"RNN") }};', True, "RNN"),
        (f'@id("a") @in_force("2026-01-01") {SAYS} {{ true }};', True, "@reason_en is missing"),
        (f'@id("pipa.24") {NOTES} {SAYS} {{ true }};', True, "taken by pipa.cedar"),
        (f'@id("a") {NOTES} {SAYS} {{ resource.zon == 1 }};', True, "zon"),
        (
            f'@id("a") {NOTES} {SAYS} {{ resource.zone == Zone::"home" && resource.zone == Zone::"foreign" }};',
            False,
            "it never fires",
        ),
        (f'@id("a") {NOTES} permit (principal, action, resource);', False, "changes nothing"),
        (
            f"""@id("a") {NOTES} {SAYS} {{ context.kinds.contains(Kind::"RRN") && resource.zone == Zone::"foreign"
            && context.grade == Grade::"C" }}
            unless {{ resource.basis like "*개인정보*보호법*제24조의2제1항제*" }};""",
            False,
            "changes nothing",
        ),
        (f'@id("a") {NOTES} @until("2026-01-01") {SAYS} {{ true }};', False, "it never holds"),
        (f'@id("a") {NOTES} @until("2026-11-22") {SAYS} {{ true }};', False, "it ended on 2026-11-22"),
        (
            f'@id("a") {NOTES.replace("2026-01-01", "2027-01-01")} {SAYS} {{ true }};',
            False,
            "from 2027-01-01 on",
        ),
        (f'@id("a") {NOTES.replace("가", "reason")} {SAYS} {{ resource.trains }};', False, "not Korean"),
        (f'@id("a") {NOTES.replace("@article", "@id2")} {SAYS} {{ true }};', True, "@id2 is not known"),
        (
            '@id("a") @in_force("2026-01-01") @reason_ko("가") @reason_en("e") '
            + SAYS
            + " { resource.trains };",
            False,
            "without @article",
        ),
    ],
)
def test_slips_and_policies_that_decide_nothing_are_told(text: str, error: bool, what: str) -> None:
    (found,) = remarks(text)
    assert found[:2] == (1, error)
    assert what in found[2]


@pytest.mark.parametrize(
    "when",
    [
        'resource.country == "CN"',
        'principal in Team::"bank/loans"',
        'principal in Organisation::"bank" && context.model like "gpt-*"',
        'principal.person == "kim"',
        'principal.application == "bot" && principal.use.high_impact',
        'context.kinds.contains(Kind::"STAFF")',
        'context.kinds.containsAll([Kind::"PHONE", Kind::"ACCOUNT"]) && context.form == Form::"masked"',
        "resource has retention_days && resource.retention_days > 30",
        "!(resource has retention_days)",
        '!resource.certificates.contains("SOC2") && resource.zone == Zone::"foreign"',
        'resource.csap < 2 && resource.zone == Zone::"domestic"',
        'resource.operator like "*Corp" && resource.trains',
    ],
)
def test_a_policy_that_decides_something_is_not_complained_of(when: str) -> None:
    assert remarks(f'@id("a") {NOTES} {SAYS} {{ {when} }};') == []


def test_lines_of_several_policies_and_files_are_kept_apart() -> None:
    good = f'@id("a") {NOTES} {SAYS} {{ resource.trains }};'
    found = review({"a.cedar": good, "b.cedar": f"\n\n{good}"}, (), DAY, {})
    assert [(one.file, one.line, one.error) for one in found] == [("b.cedar", 3, True)]


def test_what_nobody_could_read_is_part_of_the_question() -> None:
    log = [settings(SCENE), sent("read"), sent("picture", unread=("image/png",))]
    result = simulate(log, judge(packs=("unread_abroad",)), SCENE, since=SINCE, until=UNTIL)
    assert [(one.call, one.effect) for one in result.examples] == [("picture", Effect.REFUSED)]
    strict = judge(packs=("unread_abroad",))
    policies = {one.clause.id: one for one in strict.policies}
    caller = Principal(organisation="o", key="k")
    told = explain(strict, policies, caller, SCENE.targets("gpt"), Grade.OPEN, frozenset(), unread=True)
    assert told.leaves is None
    assert {need.en for one in told.remedies for need in one.needs} == {
        "a model inside the organisation",
        "without files that cannot be read",
    }
