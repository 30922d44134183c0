"""The register of processors: what holds on which day, what it tells, and the rules that follow from it."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest
import yaml

from hanbok.core.metrics import Registry, exposition
from hanbok.core.values import DataUse, Destination, Form, Grade, Language, Principal, Zone
from hanbok.policy.cedar import load_judge
from hanbok.policy.disclosure import Register, disclosure, processor_register
from hanbok.policy.firewall import Style, Way, rules
from hanbok.policy.paper import Grid, Heading, Paper, Sentence, html, markdown
from hanbok.policy.records_left import RecordsLeft
from hanbok.policy.ruling import Question
from hanbok.policy.transfers import Controller, Ground, Placed, Processor, incomplete, running_out

DAY = date(2026, 11, 22)
NEXT = DAY + timedelta(days=1)
ABROAD = Destination(endpoint="abroad", country="US", zone=Zone.FOREIGN, operator="A Corp")
CLOUD = Destination(endpoint="cloud", country="KR", zone=Zone.DOMESTIC, operator="K Cloud")
HOME = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
TOLD = {
    "items": ["휴대전화번호", "이름"],
    "when": "질문할 때마다",
    "method": "암호화된 통신망을 통한 전송",
    "purpose": "답변 생성",
    "period": "전송 뒤 30일",
    "refusal": "고객센터로 거부할 수 있으며, 거부하면 상담 요약을 쓸 수 없습니다",
}


def record(**facts: object) -> Processor:
    return msgspec.convert(
        {"name": "A Corp", "country": "US", "contact": "privacy@a.test", **facts}, Processor
    )


def basis(ground: str = "consent", **facts: object) -> dict[str, object]:
    return {"ground": ground, "issued": "2026-01-01", **facts}


def on(
    to: Destination, processor: Processor | None, day: date = DAY, *, records_only: bool = False
) -> Destination:
    return Placed(declared=to, processor=processor).on(day, records_only=records_only)


JUDGE = load_judge(("pipa",), {}, DAY)


def may(to: Destination, kinds: str = "PHONE", form: Form = Form.AS_IS) -> list[str]:
    """Return the policies that forbid it."""
    question = Question(
        principal=Principal(organisation="o", key="k"),
        destination=to,
        model="m",
        grade=Grade.SENSITIVE,
        kinds=frozenset(kinds.split()),
        form=form,
    )
    ruling = JUDGE.rule(question)
    return [] if ruling.allowed else [clause.id for clause in ruling.clauses]


PLEDGE = {"no_training": {"issued": "2026-01-01", "expires": "2026-12-31"}}


@pytest.mark.parametrize("ground", list(Ground))
def test_each_ground_of_article_28_8_lets_personal_data_go_abroad_while_it_is_in_force(
    ground: Ground,
) -> None:
    told = {"disclosed": "2026-01-01"} if ground is Ground.CONTRACT else {}
    there = record(bases=[basis(ground, expires=DAY, **told)], **PLEDGE)
    assert on(ABROAD, there).data_use.basis == ground.citation
    assert may(on(ABROAD, there)) == []
    assert may(on(ABROAD, there, NEXT)) == ["pipa.28-8"]
    assert may(on(ABROAD, there, date(2025, 12, 31))) == ["pipa.26.trains", "pipa.28-8"]


def test_the_items_of_the_paragraph_are_numbered_as_the_act_does() -> None:
    assert [one.citation[-2:] for one in Ground] == ["1호", "2호", "3호", "4호", "5호"]


def test_personal_data_does_not_go_abroad_without_a_record() -> None:
    assert may(on(ABROAD, record(**PLEDGE))) == ["pipa.28-8"]
    assert may(on(ABROAD, record(**PLEDGE)), form=Form.PSEUDONYMISED) == []


def test_necessity_for_a_contract_is_a_ground_only_from_its_disclosure_on() -> None:
    untold = record(bases=[basis("contract")], **PLEDGE)
    told = record(bases=[basis("contract", disclosed=DAY)], **PLEDGE)
    assert may(on(ABROAD, untold)) == ["pipa.28-8"]
    assert may(on(ABROAD, told)) == []
    assert may(on(ABROAD, told, DAY - timedelta(days=1))) == ["pipa.28-8"]


def test_a_pledge_not_to_train_holds_until_its_last_midnight_and_then_nothing_goes_there() -> None:
    there = record(bases=[basis()], no_training={"issued": "2026-01-01", "expires": DAY})
    assert not on(ABROAD, there).data_use.trains
    assert may(on(ABROAD, there)) == []
    lapsed = on(ABROAD, there, NEXT)
    assert lapsed.data_use.trains
    assert lapsed.lapsed == ("no_training",)
    assert may(lapsed, "", Form.AS_IS) == ["house.lapsed"]
    assert "house.lapsed" in may(lapsed, "PHONE", Form.MASKED)


def test_a_certificate_that_lapsed_blocks_unless_another_of_its_name_is_in_force() -> None:
    old = {"name": "SOC2", "issued": "2025-01-01", "expires": DAY}
    new = {"name": "SOC2", "issued": NEXT, "expires": "2027-12-31"}
    assert on(ABROAD, record(certificates=[old])).certificates == ("SOC2",)
    assert on(ABROAD, record(certificates=[old]), NEXT).lapsed == ("SOC2",)
    renewed = on(ABROAD, record(certificates=[old, new]), NEXT)
    assert (renewed.certificates, renewed.lapsed) == (("SOC2",), ())


def test_a_dated_record_goes_before_a_declaration_of_the_same_certificate() -> None:
    declared = replace(ABROAD, certificates=("SOC2", "ISO27017"))
    there = record(certificates=[{"name": "SOC2", "issued": "2025-01-01", "expires": DAY}])
    assert on(declared, there).certificates == ("ISO27017", "SOC2")
    assert on(declared, there, NEXT).certificates == ("ISO27017",)


def test_with_records_only_nothing_that_is_merely_declared_counts() -> None:
    use = DataUse(trains=False, basis="개인정보 보호법 제28조의8제1항제1호")
    declared = replace(ABROAD, data_use=use, certificates=("SOC2",))
    assert on(declared, None) == declared
    for processor in (None, record()):
        bare = on(declared, processor, records_only=True)
        assert (bare.data_use.basis, bare.data_use.trains, bare.certificates) == ("", True, ())
        assert may(bare) == ["pipa.26.trains", "pipa.28-8"]
    assert on(HOME, None, records_only=True) == HOME


def test_what_a_processor_in_korea_passes_on_abroad_is_a_transfer_abroad() -> None:
    contract = {"contract": {"issued": "2026-01-01"}, **PLEDGE}
    here = record(country="KR", sub_processors=[{"name": "B", "country": "KR"}], **contract)
    there = record(country="KR", sub_processors=[{"name": "B", "country": "SG"}], **contract)
    assert may(on(CLOUD, here)) == []
    assert on(CLOUD, there).zone is Zone.FOREIGN
    assert may(on(CLOUD, there)) == ["pipa.28-8"]


def test_a_contract_of_outsourcing_ends_too() -> None:
    there = record(country="KR", contract={"issued": "2026-01-01", "expires": DAY}, **PLEDGE)
    assert may(on(CLOUD, there)) == []
    assert may(on(CLOUD, there, NEXT)) == ["pipa.26"]


def test_a_time_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="before `issued`"):
        record(no_training={"issued": "2026-02-01", "expires": "2026-01-31"})


def test_records_are_warned_of_thirty_days_before_their_end_and_no_sooner() -> None:
    there = {"a": record(certificates=[{"name": "SOC2", "issued": "2026-01-01", "expires": "2026-12-22"}])}
    assert [one.days for one in running_out(there, DAY, 30)] == [30]
    assert running_out(there, DAY - timedelta(days=1), 30) == []
    assert [one.days for one in running_out(there, date(2026, 12, 24), 30)] == [-2]


def test_a_record_with_a_longer_successor_is_no_concern() -> None:
    pair = [
        {"name": "SOC2", "issued": "2026-01-01", "expires": "2026-11-30"},
        {"name": "SOC2", "issued": "2026-11-01", "expires": "2027-11-30"},
    ]
    assert running_out({"a": record(certificates=pair)}, DAY, 30) == []


def test_the_metric_and_the_warnings_tell_how_long_records_hold() -> None:
    registry = Registry()
    left = RecordsLeft(registry)
    left.note({"a": record(no_training={"issued": "2026-01-01", "expires": "2026-12-01"})}, DAY, within=30)
    assert (
        'hanbok_record_days_left{processor="a",record="no_training"} 9.0'
        in exposition(registry.families()).decode()
    )
    assert "9일" in left.warnings[0].ko
    left.note({}, DAY, within=30)
    assert left.warnings == ()


def test_what_is_missing_is_named() -> None:
    processors = {"a": record(bases=[basis("contract")], sub_processors=[{"name": "Sub"}]), "idle": record()}
    places = {
        "abroad": ("a", Placed(declared=ABROAD, processor=processors["a"])),
        "cloud": ("", Placed(declared=CLOUD)),
        "home": ("", Placed(declared=HOME)),
    }
    found = {(one.processor, one.what) for one in incomplete(processors, places, DAY)}
    assert found >= {
        ("", "cloud"),
        ("idle", "endpoint"),
        ("a", "work"),
        ("a", "contract"),
        ("a", "no_training"),
        ("a", "basis"),
        ("a", "basis:contract"),
        ("a", "Sub"),
    }
    assert ("", "home") not in found
    whole = record(
        work="답변 생성",
        contract={"issued": "2026-01-01"},
        bases=[basis(**TOLD)],
        sub_processors=[{"name": "S", "consent": "2026-01-01"}],
        **PLEDGE,
    )
    assert list(incomplete({"a": whole}, {"x": ("a", Placed(declared=ABROAD, processor=whole))}, DAY)) == []


def register(*bases: dict[str, object], name: str = "A Corp") -> Register:
    there = record(
        name=name,
        work="답변 생성",
        bases=list(bases),
        sub_processors=[{"name": "B", "country": "JP"}],
        **PLEDGE,
    )
    return Register(
        controller=Controller(name="한빛은행", officer="개인정보보호팀", contact="02-000-0000"),
        processors={"a": there},
        places={"abroad": ("a", Placed(declared=ABROAD, processor=there))},
    )


@pytest.mark.parametrize("write", [markdown, html])
def test_the_disclosure_tells_the_five_items_of_article_28_8(write) -> None:
    text = write(disclosure(register(basis(**TOLD)), DAY, Language.KO))
    for number in range(1, 6):
        assert re.search(rf"[|>]\s*{number}\. ", text)
    for said in (
        *TOLD["items"],
        *(one for one in TOLD.values() if isinstance(one, str)),
        "US, JP",
        "privacy@a.test",
    ):
        assert said in text
    assert "개인정보 보호법 제28조의8제1항제1호" in text
    assert "기록 없음" not in text


def test_the_disclosure_says_what_is_not_on_record_and_leaves_out_what_is_not_in_force() -> None:
    assert "(기록 없음)" in markdown(disclosure(register(basis()), DAY, Language.KO))
    ended = disclosure(register(basis(expires="2026-11-21", **TOLD)), DAY, Language.EN)
    assert "No personal data is transferred abroad." in markdown(ended)


def test_the_register_of_processors_says_which_proofs_are_not_in_force() -> None:
    text = markdown(processor_register(register(), date(2027, 1, 1), Language.KO))
    assert "2026-01-01 ~ 2026-12-31 (효력 없음)" in text
    assert "B (JP)" in text


def test_what_a_record_says_is_words_in_both_forms_and_never_markup() -> None:
    evil = 'x" onload=1><script>alert(1)</script>|\n# h [a](javascript:b)'
    paper = Paper(
        language=Language.KO,
        title=evil,
        parts=(Heading(evil), Sentence(evil), Grid(("a", "b"), ((evil, evil),))),
    )
    assert "<script" not in html(paper)
    text = markdown(paper)
    assert "<script" not in text.replace("\\<script", "")
    assert len(text.splitlines()) == 9
    assert "](javascript" not in text.replace("\\](javascript", "")


WAYS = [
    Way("api.a.test", 443, "a"),
    Way("10.0.0.5", 8000, "home"),
    Way("api.a.test", 8443, "b"),
    Way("fd00::5", 443, "six"),
]


def lookup(name: str) -> list[str]:
    return {"api.a.test": ["203.0.113.9", "2001:db8::9"]}.get(name, [])


def test_nftables_lists_every_address_with_its_port_and_rejects_the_rest() -> None:
    text = rules(Style.NFTABLES, WAYS, lookup).text
    for element in (
        "203.0.113.9 . 443",
        "203.0.113.9 . 8443",
        "10.0.0.5 . 8000",
        "2001:db8::9 . 443",
        "fd00::5 . 443",
    ):
        assert f"      {element}, #" in text
    assert "203.0.113.9 . 8000" not in text
    assert text.count("{") == text.count("}")
    assert text.rstrip().splitlines()[-3].strip().startswith("counter reject")


def test_squid_allows_a_host_on_its_own_port_only() -> None:
    lines = rules(Style.SQUID, WAYS, lookup).text.splitlines()
    assert "acl hanbok_names_8443 dstdomain -n api.a.test" in lines
    assert "http_access allow hanbok_port_8000 hanbok_addresses_8000" in lines
    assert not any("names_8000" in line for line in lines)
    assert lines[-1] == "http_access deny all"


def test_kubernetes_and_cilium_write_manifests() -> None:
    manifest = yaml.safe_load(rules(Style.KUBERNETES, WAYS, lookup).text)
    ports = {
        rule["ports"][0]["port"]: [one["ipBlock"]["cidr"] for one in rule.get("to", [])]
        for rule in manifest["spec"]["egress"]
    }
    assert ports[8000] == ["10.0.0.5/32"]
    assert ports[443] == ["2001:db8::9/128", "203.0.113.9/32", "fd00::5/128"]
    named = json.loads(rules(Style.CILIUM, WAYS, lookup).text)["spec"]["egress"]
    assert {"matchName": "api.a.test"} in [name for rule in named for name in rule.get("toFQDNs", [])]


def test_a_name_without_an_address_is_told_and_written_nowhere() -> None:
    written = rules(Style.NFTABLES, [Way("gone.test", 443, "a")], lookup)
    assert written.unresolved == ("gone.test",)
    assert "gone.test" not in written.text
