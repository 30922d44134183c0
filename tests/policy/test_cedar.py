"""The default packs as a table, and everything that must stop the start or the call."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import product

import cedarpy
import pytest

from hanbok.core.values import DataUse, Destination, Form, Grade, Principal, Zone
from hanbok.guard.kinds import kinds as known_kinds
from hanbok.policy.cedar import ALWAYS, CedarJudge, load_judge
from hanbok.policy.circumstances import Circumstances, Use
from hanbok.policy.errors import PolicyBroken, PolicyInvalid
from hanbok.policy.pack import packs, read, read_pack, schema_for
from hanbok.policy.ruling import Question, Ruling

DAY = date(2026, 11, 22)
LAWS = ("pipa", "credit_information", "efsr", "n2sf", "network")
TELLER = Principal(organisation="bank", key="k1", team="loans")
HOME = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
DOMESTIC = Destination(
    endpoint="cloud", country="KR", zone=Zone.DOMESTIC, operator="K Cloud", data_use=DataUse(trains=False)
)
FOREIGN = Destination(
    endpoint="abroad", country="US", zone=Zone.FOREIGN, operator="A Corp", data_use=DataUse(trains=False)
)
PLACES = {"home": HOME, "domestic": DOMESTIC, "foreign": FOREIGN}

JUDGE = load_judge(LAWS, {}, DAY)


def on_record(place: Destination, basis: str, *, trains: bool = False) -> Destination:
    return replace(place, data_use=DataUse(trains=trains, basis=basis))


def ask(
    kinds: str,
    place: Destination,
    form: Form = Form.AS_IS,
    *,
    grade: Grade | None = None,
    principal: Principal = TELLER,
) -> Question:
    found = frozenset(kinds.split())
    return Question(
        principal=principal,
        destination=place,
        model="m",
        grade=grade or (Grade.SENSITIVE if found else Grade.OPEN),
        kinds=found,
        form=form,
    )


def forbids(ruling: Ruling) -> list[str]:
    assert not ruling.allowed
    return [clause.id for clause in ruling.clauses]


# Kinds apart by spaces come one by one, those joined by `+` together. Each line lists all that forbids; `-`: none.
TABLE = """
RRN RRN+PHONE: as_is
  home      pipa.24-2.use
  domestic  pipa.24-2.use pipa.24-2.outside pipa.26 n2sf.s.domestic
  foreign   pipa.24-2.use pipa.24-2.outside pipa.28-8 efsr.14-2 n2sf.s.foreign
RRN RRN+PHONE RRN+CI_DI: pseudonymised masked
  home      -
  domestic  pipa.24-2.outside
  foreign   pipa.24-2.outside
PASSPORT FRN DRIVER_LICENSE PASSPORT+PHONE: as_is
  home      -
  domestic  pipa.24 pipa.26 n2sf.s.domestic
  foreign   pipa.24 pipa.28-8 efsr.14-2 n2sf.s.foreign
PHONE ACCOUNT PHONE+ACCOUNT PERSON EMAIL CARD ADDRESS DOB IP VEHICLE HEALTH_INS PCCC A_TYPE_OF_THEIR_OWN: as_is
  home      -
  domestic  pipa.26 n2sf.s.domestic
  foreign   pipa.28-8 n2sf.s.foreign
BRN: as_is
  home      -
  domestic  n2sf.s.domestic
  foreign   n2sf.s.foreign
CREDIT_INFO: as_is
  home      -
  domestic  credit.32 pipa.26 n2sf.s.domestic
  foreign   credit.32 pipa.28-8 efsr.14-2 n2sf.s.foreign
CI_DI: as_is
  home      -
  domestic  network.23-6.outside pipa.26 n2sf.s.domestic
  foreign   network.23-6.outside pipa.28-8 n2sf.s.foreign
CI_DI+RRN: as_is
  home      network.23-6 pipa.24-2.use
  domestic  network.23-6 network.23-6.outside pipa.24-2.use pipa.24-2.outside pipa.26 n2sf.s.domestic
  foreign   network.23-6 network.23-6.outside pipa.24-2.use pipa.24-2.outside pipa.28-8 efsr.14-2 n2sf.s.foreign
SECRET: as_is
  home      -
  domestic  house.secret n2sf.s.domestic
  foreign   house.secret n2sf.s.foreign
PHONE PHONE+ACCOUNT PASSPORT FRN BRN CREDIT_INFO CI_DI SECRET A_TYPE_OF_THEIR_OWN: pseudonymised masked
  home      -
  domestic  -
  foreign   -
SENSITIVE SENSITIVE+PERSON: as_is
  home      -
  domestic  pipa.23 pipa.26 n2sf.s.domestic
  foreign   pipa.23 pipa.28-8 n2sf.s.foreign
SENSITIVE SENSITIVE+PERSON: pseudonymised masked
  home      -
  domestic  pipa.23
  foreign   pipa.23
"""


def rows() -> Iterator[tuple[str, Form, str, set[str]]]:
    for block in re.split(r"\n(?=\S)", TABLE.strip()):
        head, *lines = block.splitlines()
        kinds, forms = head.split(": ")
        for line in lines:
            place, *forbidding = line.split()
            for kind, form in product(kinds.split(), forms.split()):
                yield kind.replace("+", " "), Form(form), place, set(forbidding) - {"-"}


@pytest.mark.parametrize(("kinds", "form", "place", "forbidding"), list(rows()))
def test_the_default_packs_decide_as_the_table_says(
    kinds: str, form: Form, place: str, forbidding: set[str]
) -> None:
    ruling = JUDGE.rule(ask(kinds, PLACES[place], form))
    assert ruling.allowed is not bool(forbidding)
    assert {clause.id for clause in ruling.clauses} == (forbidding or {"house.open"})


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_text_in_which_nothing_is_found_goes_anywhere(place: Destination) -> None:
    assert JUDGE.rule(ask("", place)).allowed
    assert JUDGE.rule(ask("", on_record(place, "", trains=True))).allowed


@pytest.mark.parametrize(
    ("grade", "form", "place", "allowed"),
    [
        (Grade.CLASSIFIED, Form.AS_IS, HOME, True),
        (Grade.CLASSIFIED, Form.AS_IS, DOMESTIC, False),
        (Grade.CLASSIFIED, Form.MASKED, DOMESTIC, False),
        (Grade.CLASSIFIED, Form.MASKED, FOREIGN, False),
        (Grade.CLASSIFIED, Form.MASKED, on_record(FOREIGN, "개인정보 보호법 제28조의8제1항제1호"), False),
        (Grade.SENSITIVE, Form.AS_IS, HOME, True),
        (Grade.SENSITIVE, Form.AS_IS, DOMESTIC, False),
        (Grade.SENSITIVE, Form.AS_IS, replace(DOMESTIC, certificates=("ISMS-P", "CSAP:중")), True),
        (Grade.SENSITIVE, Form.AS_IS, replace(DOMESTIC, certificates=("ISMS-P",)), False),
        (Grade.SENSITIVE, Form.AS_IS, replace(FOREIGN, certificates=("CSAP:중",)), False),
        (Grade.OPEN, Form.AS_IS, FOREIGN, True),
    ],
)
def test_grades_flow_only_to_zones_that_may_hold_them(
    grade: Grade, form: Form, place: Destination, *, allowed: bool
) -> None:
    ruling = JUDGE.rule(ask("", place, form, grade=grade))
    assert ruling.allowed is allowed
    if not allowed:
        assert {clause.article for clause in ruling.clauses} == {"N2SF 보안가이드라인 1.0"}


# What a record of a legal basis lifts, with the packs that bind every organisation.
@pytest.mark.parametrize(
    ("kinds", "place", "basis", "remaining"),
    [
        ("PHONE", FOREIGN, "개인정보 보호법 제28조의8제1항제3호", []),
        ("PHONE", FOREIGN, "개인정보 보호법 제26조제1항", ["pipa.28-8"]),
        ("PHONE", DOMESTIC, "개인정보 보호법 제26조제1항", []),
        ("PHONE", DOMESTIC, "개인정보 보호법 제17조제1항제1호", []),
        ("PASSPORT", DOMESTIC, "개인정보 보호법 제26조제1항", ["pipa.24"]),
        ("PASSPORT", DOMESTIC, "개인정보 보호법 제24조제1항제1호, 제26조제1항", []),
        # The basis for unique identifiers is none for resident registration numbers, and the other way round.
        (
            "RRN",
            DOMESTIC,
            "개인정보 보호법 제24조제1항제1호, 제26조제1항",
            ["pipa.24-2.outside", "pipa.24-2.use"],
        ),
        ("PASSPORT", DOMESTIC, "개인정보 보호법 제24조의2제1항제1호, 제26조제1항", ["pipa.24"]),
        # Consent is no ground: it stands in no item of article 24-2.
        ("RRN", HOME, "정보주체의 동의 (개인정보 보호법 제24조의2)", ["pipa.24-2.use"]),
        ("RRN", HOME, "개인정보 보호법 제24조의2제1항제1호 (금융실명법 제3조)", []),
        ("RRN", DOMESTIC, "개인정보 보호법 제24조의2제1항제1호 (금융실명법 제3조), 제26조제1항", []),
        ("RRN", FOREIGN, "개인정보 보호법 제24조의2제1항제1호 (금융실명법 제3조)", ["pipa.28-8"]),
        ("SENSITIVE", DOMESTIC, "개인정보 보호법 제23조제1항제1호, 제26조제1항", []),
        ("CREDIT_INFO", DOMESTIC, "신용정보법 제17조제1항, 개인정보 보호법 제26조제1항", []),
        ("CREDIT_INFO", DOMESTIC, "개인정보 보호법 제17조제1항제1호", ["credit.32"]),
        # The article of another law is no article of this one.
        ("PHONE", DOMESTIC, "신용정보법 제26조제1항", ["pipa.26"]),
        ("CI_DI", DOMESTIC, "정보통신망법 제23조의5제1항, 개인정보 보호법 제26조제1항", []),
    ],
)
def test_a_basis_on_record_lifts_the_rules_whose_article_it_cites(
    kinds: str, place: Destination, basis: str, remaining: list[str]
) -> None:
    judge = load_judge(("pipa", "credit_information", "network"), {}, DAY)
    ruling = judge.rule(ask(kinds, on_record(place, basis)))
    assert (forbids(ruling) if remaining else []) == remaining
    assert ruling.allowed is not bool(remaining)


def test_an_operator_that_trains_gets_personal_data_only_altered() -> None:
    outsourced = on_record(DOMESTIC, "개인정보 보호법 제26조제1항", trains=True)
    assert forbids(JUDGE.rule(ask("PHONE", outsourced))) == ["pipa.26.trains"]
    assert JUDGE.rule(ask("PHONE", outsourced, Form.PSEUDONYMISED)).allowed
    assert JUDGE.rule(ask("PHONE", on_record(HOME, "", trains=True))).allowed


@pytest.mark.parametrize("pack", packs())
def test_every_forbid_of_a_pack_cites_its_article_and_speaks_both_languages(pack: str) -> None:
    policies = read_pack(pack)
    assert policies
    for policy in policies:
        assert policy.clause.article or pack in {*ALWAYS, "no_training", "unread_abroad", "unread_outside"}, (
            policy.clause.id
        )
        assert re.search("[가-힣]", policy.clause.reason.ko)
        assert policy.clause.reason.en.isascii()
        assert policy.since <= DAY


def kinds_of(pack: str) -> set[str]:
    text = "".join(policy.text for policy in read_pack(pack))
    return set(re.findall(r'Kind::"(\w+)"', text))


SCHEMA = schema_for(JUDGE.kinds)


def of_class(*categories: str) -> set[str]:
    return {key for key, kind in known_kinds().items() if kind.category in categories}


def test_the_packs_speak_of_every_class_in_law() -> None:
    """What the packs list by name is what the guard's table of kinds says."""
    texts = {policy.clause.id: policy.text for policy in JUDGE.policies}
    listed = {name: set(re.findall(r'Kind::"(\w+)"', text)) for name, text in texts.items()}
    harmless = of_class("business", "secret", "attack") | {"POSTAL"}
    for name in ("pipa.28-8", "pipa.26", "pipa.26.trains"):
        assert listed[name] == harmless
    assert listed["pipa.24-2.use"] | listed["pipa.24"] == of_class("unique_id")
    assert listed["pipa.23"] == of_class("sensitive")
    assert listed["credit.32"] == of_class("credit_info")
    assert listed["efsr.14-2"] == of_class("unique_id", "credit_info")
    assert listed["network.23-6.outside"] == of_class("linking")
    assert listed["house.secret"] == of_class("secret")


@pytest.mark.parametrize("kind", sorted(known_kinds()))
def test_no_kind_goes_unruled(kind: str) -> None:
    """Whatever the guard knows has a ruling everywhere; only what is open may go abroad as it is."""
    grade = known_kinds()[kind].grade
    assert JUDGE.rule(ask(kind, FOREIGN, grade=grade)).allowed is (grade is Grade.OPEN)


def test_the_reason_names_article_24_2_in_both_languages() -> None:
    ruling = JUDGE.rule(ask("RRN", FOREIGN, Form.MASKED))
    (clause,) = ruling.clauses
    assert clause.article == "개인정보 보호법 제24조의2"
    assert "주민등록번호" in clause.reason.ko
    assert "resident registration number" in clause.reason.en


def test_the_saas_pack_keeps_even_pseudonymised_credit_information_out_of_a_service_without_designation() -> (
    None
):
    judge = load_judge((*LAWS, "efsr_saas"), {}, DAY)
    evaluated = replace(DOMESTIC, certificates=("금융보안원:충족",))
    assert forbids(judge.rule(ask("CREDIT_INFO", evaluated, Form.PSEUDONYMISED))) == ["efsr.2-3"]
    assert judge.rule(ask("CREDIT_INFO", evaluated, Form.MASKED)).allowed
    assert forbids(judge.rule(ask("CREDIT_INFO", DOMESTIC, Form.MASKED))) == ["efsr.15"]
    designated = replace(DOMESTIC, certificates=("혁신금융서비스",))
    assert judge.rule(ask("CREDIT_INFO", designated, Form.PSEUDONYMISED)).allowed


@pytest.mark.parametrize("form", list(Form))
def test_nothing_goes_where_a_record_has_lapsed(form: Form) -> None:
    lapsed = replace(FOREIGN, lapsed=("SOC2",))
    assert forbids(JUDGE.rule(ask("", lapsed, form))) == ["house.lapsed"]
    assert JUDGE.rule(ask("", replace(HOME, lapsed=("SOC2",)), form)).allowed


def test_what_the_organisation_says_of_itself_decides_and_is_in_the_version() -> None:
    spoken = Circumstances(uses={"chatbot": Use(public=True, reviewed=True, notice=True)})
    packs_of = ("ai_basic_act", "csap")
    judge = load_judge(packs_of, {}, DAY, circumstances=spoken)
    chatbot, stranger = (replace(TELLER, application=name) for name in ("chatbot", "stranger"))
    assert judge.rule(ask("", HOME, principal=chatbot)).allowed
    assert forbids(judge.rule(ask("", HOME, principal=stranger))) == ["ai.33.register"]
    assert forbids(judge.rule(ask("", DOMESTIC, principal=chatbot))) == ["csap.o"]
    free = replace(spoken, csap=dict.fromkeys(Grade, 0))
    assert load_judge(packs_of, {}, DAY, circumstances=free).rule(ask("", DOMESTIC)).allowed
    assert len({load_judge((), {}, DAY, circumstances=one).version for one in (spoken, free)}) == 2


def test_the_no_training_pack_keeps_everything_from_an_operator_without_a_pledge() -> None:
    judge = load_judge((*LAWS, "no_training"), {}, DAY)
    assert forbids(judge.rule(ask("", on_record(FOREIGN, "", trains=True)))) == ["no-training"]
    assert judge.rule(ask("", FOREIGN)).allowed


def test_without_packs_the_door_still_keeps_secrets() -> None:
    judge = load_judge((), {}, DAY)
    assert judge.rule(ask("RRN", FOREIGN)).allowed
    assert forbids(judge.rule(ask("SECRET", FOREIGN))) == ["house.secret"]


# --- the organisation's own policies

NOTES = """@in_force("2026-01-01") @reason_ko("조직의 규칙") @reason_en("a rule of the house")"""


def own(rule: str, notes: str = NOTES, name: str = "ours") -> dict[str, str]:
    return {"ours.cedar": f'@id("{name}") {notes}\n{rule}'}


def test_an_organisation_forbids_by_team_model_country_and_certificate() -> None:
    judge = load_judge(
        LAWS,
        own(
            """forbid (principal in Team::"bank/loans", action, resource)
            when { context.model like "gpt*" || resource.country == "US" };"""
        ),
        DAY,
    )
    assert forbids(judge.rule(ask("", FOREIGN))) == ["ours"]
    assert forbids(judge.rule(replace(ask("", HOME), model="gpt-4o"))) == ["ours"]
    assert judge.rule(ask("", HOME)).allowed
    # The team of the same name in another organisation is another team.
    stranger = Principal(organisation="broker", key="k2", team="loans")
    assert judge.rule(ask("", FOREIGN, principal=stranger)).allowed
    assert judge.rule(ask("", FOREIGN, principal=replace(TELLER, team=""))).allowed


def test_no_permit_of_an_organisation_outweighs_the_law() -> None:
    judge = load_judge(LAWS, own("permit (principal, action, resource);"), DAY)
    assert "pipa.28-8" in forbids(judge.rule(ask("PHONE", FOREIGN)))
    assert [clause.id for clause in judge.rule(ask("", FOREIGN)).clauses] == ["house.open", "ours"]


def test_an_organisation_replaces_a_cautious_reading_but_not_the_letter() -> None:
    masked = """forbid (principal, action, resource) when {
        context.kinds.contains(Kind::"RRN") && resource.zone != Zone::"home" && context.form != Form::"masked" };"""
    judge = load_judge(LAWS, own(masked, name="pipa.24-2.outside"), DAY)
    assert judge.rule(ask("RRN", DOMESTIC, Form.MASKED)).allowed
    assert forbids(judge.rule(ask("RRN", DOMESTIC, Form.PSEUDONYMISED))) == ["pipa.24-2.outside"]
    assert judge.version != JUDGE.version
    with pytest.raises(PolicyInvalid, match=r"taken by pipa\.cedar line"):
        load_judge(LAWS, own(masked, name="pipa.24-2.use"), DAY)


def test_an_organisation_asks_how_long_an_operator_keeps_what_it_is_sent() -> None:
    """A time that is not known is not there: Cedar makes the policy say what that means."""
    rule = """forbid (principal, action, resource)
        when { !(resource has retention_days && resource.retention_days <= 30) };"""
    judge = load_judge((), own(rule), DAY)

    def keeps(days: int | None) -> Destination:
        return replace(FOREIGN, data_use=DataUse(trains=False, retention_days=days))

    assert [judge.rule(ask("", keeps(days))).allowed for days in (0, 30, 31, None)] == [
        True,
        True,
        False,
        False,
    ]


def test_an_organisation_names_its_own_types() -> None:
    rule = """forbid (principal, action, resource) when { context.kinds.contains(Kind::"STAFF_NO") };"""
    judge = load_judge(LAWS, own(rule), DAY, kinds={"STAFF_NO": "PHONE", "OLD_RRN": "RRN"})
    assert forbids(judge.rule(ask("STAFF_NO", HOME))) == ["ours"]
    # What is like a resident registration number is ruled as one.
    assert forbids(judge.rule(ask("OLD_RRN", FOREIGN, Form.MASKED))) == ["pipa.24-2.outside"]
    assert judge.rule(ask("OLD_RRN", HOME, Form.MASKED)).allowed
    with pytest.raises(PolicyInvalid, match="STAFF_NO"):
        load_judge(LAWS, own(rule), DAY)


# --- in force


@pytest.mark.parametrize(
    ("on", "allowed"),
    [
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
        (date(2027, 6, 29), False),
        (date(2027, 6, 30), True),
    ],
)
def test_a_policy_counts_from_its_first_day_until_the_day_before_its_end(on: date, *, allowed: bool) -> None:
    notes = NOTES.replace("2026-01-01", "2027-01-01") + ' @until("2027-06-30")'
    judge = load_judge((), own("forbid (principal, action, resource);", notes), on)
    assert judge.rule(ask("", HOME)).allowed is allowed


def test_the_version_follows_the_texts_in_force() -> None:
    later = NOTES.replace("2026-01-01", "2027-01-01")
    rule = "forbid (principal, action, resource);"
    assert load_judge(LAWS, {}, DAY).version == JUDGE.version
    assert load_judge(LAWS, own(rule, later), DAY).version == JUDGE.version
    assert load_judge(LAWS, own(rule, later), date(2027, 1, 1)).version != JUDGE.version
    softer = own(rule, NOTES.replace("a rule of the house", "another reason"))
    assert load_judge(LAWS, own(rule), DAY).version != load_judge(LAWS, softer, DAY).version
    assert re.fullmatch("[0-9a-f]{16}", JUDGE.version)


# --- what stops the start

GOOD = "permit (principal, action, resource);"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (f"// a comment; with a semicolon\n\n{GOOD}", 3, "@id is missing"),
        (f'@id("") {NOTES} {GOOD}', 1, "@id is missing"),
        (f'@id("a") @in_force("2026-01-01") @reason_ko("가") {GOOD}', 1, "@reason_en is missing"),
        (f'@id("a") {NOTES} @untill("2026-01-01") {GOOD}', 1, "@untill is not known"),
        (f'@id("a") {NOTES.replace("2026-01-01", "soon")} {GOOD}', 1, "@in_force is no date"),
        (f'@id("a") {NOTES} @until("2026-13-01") {GOOD}', 1, "@until is no date"),
        (f'@id("a;//") {NOTES} {GOOD}\n@id("b") {NOTES}\npermt (principal, action, resource);', 2, "permt"),
        (f'@id("a") {NOTES} permit (principal, action, resource)', 1, ""),
        (f'@id("a") {NOTES} {GOOD}\n@id("a") {NOTES} {GOOD}', 2, "taken by ours.cedar line 1"),
        (f'@id("a") {NOTES} {GOOD}\n"', 2, ""),
        (f'@id("a") {NOTES} permit (principal == ?principal, action, resource);', 1, "templates"),
        (f'@id("a") {NOTES} forbid (principal, action, resource) when {{ resource.zon == 1 }};', 1, "zon"),
        (
            f'@id("a") {NOTES} forbid (principal, action, resource) when {{ resource.zone == Zone::"hom" }};',
            1,
            "hom",
        ),
        (f'@id("a") {NOTES} forbid (principal, action == Action::"sand", resource);', 1, "sand"),
        (
            f'@id("a") {NOTES} forbid (principal, action, resource) when {{ resource.retention_days > 3 }};',
            1,
            "retention_days",
        ),
    ],
)
def test_a_text_that_cannot_be_put_in_force_stops_the_start(text: str, line: int, why: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load_judge((), {"ours.cedar": text}, DAY)
    assert (caught.value.facts["file"], caught.value.facts["line"]) == ("ours.cedar", line)
    assert why in str(caught.value.facts["why"])


def test_a_pack_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(PolicyInvalid, match=r"known: .*pipa"):
        load_judge(("pippa",), {}, DAY)


# --- what stops the call


def unchecked(rule: str) -> CedarJudge:
    """A judge whose policy escaped the check of the schema."""
    (policy,) = read("broken.cedar", f'@id("broken") {NOTES} {GOOD}', SCHEMA)
    parsed = cedarpy.PolicySet.from_str(rule)
    judge = CedarJudge([*read_pack("house"), policy], SCHEMA, JUDGE.kinds)
    judge._set = cedarpy.PolicySet.from_str(str(judge._set) + str(parsed))
    return judge


@pytest.mark.parametrize(
    "rule",
    [
        '@id("broken") forbid (principal, action, resource) when { context.kinds > 3 };',
        '@id("broken") forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };',
    ],
)
def test_a_policy_that_fails_while_it_is_evaluated_refuses_though_cedar_would_allow(rule: str) -> None:
    with pytest.raises(PolicyBroken):
        unchecked(rule).rule(ask("", HOME))


def test_a_request_that_does_not_fit_the_schema_refuses() -> None:
    judge = CedarJudge(JUDGE.policies, schema_for(["RRN"]), JUDGE.kinds)
    with pytest.raises(PolicyBroken):
        judge.rule(ask("PHONE", HOME))


# --- speed


def test_the_same_question_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    real: Callable[..., cedarpy.AuthzResult] = cedarpy.is_authorized
    monkeypatch.setattr(cedarpy, "is_authorized", lambda *args: (calls.append(args), real(*args))[1])
    judge = load_judge(LAWS, {}, DAY)
    first = judge.rule(ask("PHONE ACCOUNT", FOREIGN))
    colleague = Principal(organisation="bank", key="k9")
    assert judge.rule(ask("ACCOUNT PHONE", replace(FOREIGN), principal=colleague)) is first
    assert len(calls) == 1
    judge.rule(ask("PHONE ACCOUNT", on_record(FOREIGN, "개인정보 보호법 제28조의8제1항제1호")))
    assert len(calls) == 2


@pytest.mark.parametrize(
    "rule",
    [
        'forbid (principal == Key::"k1", action, resource);',
        'forbid (principal in Organisation::"bank", action, resource);',
        'forbid (principal, action, resource) when { context.model == "m" && principal.person == "kim" };',
    ],
)
def test_callers_share_rulings_only_where_no_policy_asks_who_calls(rule: str) -> None:
    judge = load_judge(LAWS, own(rule), DAY)
    other = Principal(organisation="broker", key="k2")
    assert judge.rule(ask("", HOME, principal=other)).allowed
    assert forbids(judge.rule(ask("", HOME, principal=replace(TELLER, person="kim")))) == ["ours"]
    assert judge.rule(ask("", HOME, principal=other)).allowed


@pytest.mark.parametrize("name", ['quote " and \\', "줄\n바꿈", "", "x" * 2000])
def test_names_of_any_shape_are_judged(name: str) -> None:
    odd = Principal(organisation=name, key=name, team=name, person=name, application=name)
    place = replace(FOREIGN, endpoint=name, operator=name, data_use=DataUse(basis=name), certificates=(name,))
    assert JUDGE.rule(replace(ask("", place, principal=odd), model=name)).allowed
    assert not JUDGE.rule(replace(ask("RRN", place, principal=odd), model=name)).allowed
