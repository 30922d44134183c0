"""One pass over a log: what is counted, what is not, and how little is held."""

import tracemalloc
from dataclasses import replace
from importlib import import_module
from pkgutil import walk_packages

import pytest

import hanbok.gateway
from hanbok.core.values import Language
from hanbok.evidence.attestation import attest
from hanbok.evidence.entry import Act, Refusal
from hanbok.evidence.gather import NOTHING_SENT, gather
from hanbok.evidence.log import Record
from hanbok.evidence.report import Keys, Status
from hanbok.evidence.reporting import SHARED, BadPeriod, load_report, make, period, report_names
from hanbok.gateway.answering.second_look import JudgeForbidden, Unjudged
from hanbok.gateway.errors import EndpointUnavailable, UnsupportedRequest, UpstreamUnreachable
from hanbok.policy.errors import ConcurrencyExceeded, RateLimited, TokenRateLimited, TokensOverLimit
from hanbok.policy.ledger import BudgetExceeded
from reports.entries import QUESTION, SETUP, at, facts_of, hop, intent, outcome, records


def told(name, *entries, setup=SETUP, question=QUESTION):
    return SHARED[name](facts_of(*entries, question=question), setup)


def test_a_call_is_counted_where_it_began():
    facts = facts_of(
        intent("early", at(30, month=9)),
        intent("in"),
        outcome("early", at(1)),
        outcome("in", at(2, month=11)),
        intent("late", at(1, month=11)),
        outcome("late", at(1, month=11)),
    )
    assert (facts.intents.count, facts.closed.count, facts.orphans.count, facts.unclosed.count) == (
        1,
        1,
        0,
        0,
    )


def test_an_outcome_without_an_intent_contradicts_the_log():
    answer = told("calls_logged", intent("a"), outcome("a"), outcome("ghost"))
    assert answer.status is Status.CONTRADICTED
    assert [proof.index for proof in answer.proofs] == [2]


def test_a_call_that_was_never_closed_is_named():
    answer = told("calls_closed", intent("a"), outcome("a"), intent("b"))
    assert answer.status is Status.CONTRADICTED
    assert [proof.index for proof in answer.proofs] == [2]


@pytest.mark.parametrize(
    "error", [RateLimited, TokenRateLimited, TokensOverLimit, ConcurrencyExceeded, BudgetExceeded]
)
def test_a_limit_that_stopped_a_call_is_told(error):
    stopped = Refusal(at=at(), call="r", organisation="bank", key="k1", route="/v1", code=error.code)
    limited = replace(SETUP, keys=Keys(active=1, rated=1))
    assert told("rate_limited", stopped, setup=limited).status is Status.PROVEN
    assert told("rate_limited", intent("a"), outcome("a"), setup=limited).status is Status.CONFIGURED


def test_a_call_that_was_not_inspected_is_named():
    assert told("guard_ran", intent("a"), outcome("a")).status is Status.PROVEN
    assert told("guard_ran", intent("a"), outcome("a", steps={})).status is Status.CONTRADICTED
    owed = (intent("b"), outcome("b", steps={"inspect": "nothing left"}))
    assert told("guard_ran", intent("a"), outcome("a"), *owed).status is Status.PROVEN
    part = outcome("a", steps={"inspect": "ran; 1 not read: image/png"})
    assert told("guard_ran", intent("a"), part).status is Status.CONTRADICTED
    assert told(
        "replies_inspected", intent("a"), outcome("a", steps={"inspect_reply": "not run"})
    ).status is (Status.CONTRADICTED)


@pytest.mark.parametrize(
    ("kind", "form", "zone", "status"),
    [
        ("RRN", "as_is", "foreign", Status.CONTRADICTED),
        ("RRN", "pseudonymised", "foreign", Status.PROVEN),
        ("RRN", "as_is", "home", Status.PROVEN),
        ("CREDIT_INFO", "as_is", "domestic", Status.CONTRADICTED),
        ("EMAIL", "as_is", "foreign", Status.PROVEN),
    ],
)
def test_credit_information_that_left_as_it_was_is_shown(kind, form, zone, status):
    country = "US" if zone == "foreign" else "KR"
    plan = (hop(zone=zone, form=form, country=country),)
    call = intent("a", findings={kind: 1}, plan=plan, grade="S")
    assert told("credit_kept_out", call, outcome("a")).status is status


def test_a_destination_that_was_tried_has_had_the_data():
    plan = (hop("first"), hop("second", zone="home", country="KR"))
    ended = outcome("a", endpoint="second", attempts=("first:upstream_timeout",))
    flows = facts_of(intent("a", findings={"PHONE": 2}, plan=plan), ended).flows
    assert {where.endpoint for where in flows} == {"first", "second"}


def test_an_attempt_that_did_not_arrive_is_no_flow_and_an_answer_is_told_from_what_was_sent():
    plan = tuple(hop(name) for name in ("first", "second", "judge"))
    facts = facts_of(
        intent("a", findings={"PHONE": 2}, plan=plan),
        outcome("a", endpoint="second", attempts=("first:upstream_unreachable", "judge:upstream_timeout")),
        intent("b", plan=plan),
        outcome("b", endpoint="first", attempts=("first:upstream_unreachable", "judge:judged good")),
        intent("c", plan=plan),
        outcome("c", endpoint="first", status="failed", code="upstream_unreachable"),
    )
    assert {where.endpoint: (flow.calls.count, flow.answered) for where, flow in facts.flows.items()} == {
        "second": (1, 1),
        "judge": (2, 1),
        "first": (1, 1),
    }
    assert {where.endpoint: tally.count for where, tally in facts.missed.items()} == {"first": 2}


@pytest.mark.parametrize("code", ["egress_forbidden", "model_starting"])
def test_what_was_kept_from_going_is_not_told_to_have_gone(code):
    plan = (hop("first"), hop("abroad", zone="foreign", country="US"))
    facts = facts_of(intent("a", plan=plan), outcome("a", endpoint="first", attempts=(f"abroad:{code}",)))
    assert {where.endpoint for where in facts.flows} == {"first"}
    assert {where.endpoint for where in facts.missed} == {"abroad"}


def test_every_error_of_a_place_that_was_sent_nothing_is_known_as_one():
    def codes(error):
        return {error.code}.union(*map(codes, error.__subclasses__()))

    for module in walk_packages(hanbok.gateway.__path__, "hanbok.gateway."):
        if module.name.rpartition(".")[2] in {"errors", "egress", "second_look"}:
            import_module(module.name)
    silent = codes(EndpointUnavailable) | codes(UnsupportedRequest) | codes(UpstreamUnreachable)
    # Those of judges are told with another place, which has answered.
    assert silent - {JudgeForbidden.code, Unjudged.code} == NOTHING_SENT


def test_a_crashed_call_may_have_reached_all_of_its_plan():
    plan = (hop("first"), hop("second"))
    flows = facts_of(intent("a", plan=plan), outcome("a", status="crashed", endpoint="")).flows
    assert {where.endpoint: flow.unsure for where, flow in flows.items()} == {"first": 1, "second": 1}


def test_another_organisation_is_nowhere_in_the_facts():
    asked = replace(QUESTION, organisation="bank")
    facts = facts_of(
        intent("a"),
        outcome("a"),
        intent("x", organisation="rival", key="secret-key", findings={"RRN": 1}),
        outcome("x", organisation="rival", key="secret-key"),
        Refusal(
            at=at(), call="r", organisation="rival", key="secret-key", route="/v1", code="policy_refused"
        ),
        Act(at=at(), actor="admin", organisation="rival", verb="key.create", object="secret-key"),
        Act(at=at(), actor="admin", verb="key.create", object="other", facts={"organisation": "rival"}),
        Act(at=at(), actor="hanbok", verb="settings", object="in force"),
        question=asked,
    )
    assert facts.intents.count == 1
    assert facts.refusals.count == 0
    assert set(facts.kinds) == set()
    assert set(facts.acts) == {"settings"}
    for name in report_names():
        assert "secret-key" not in repr(make(name, facts, SETUP))


def test_an_incident_counts_whose_data_went_to_the_place_and_whose_as_it_was():
    known = {"a": ("t1", "t2"), "b": ("t2", "t3"), "c": ("t9",)}
    calls = [
        intent("a", findings={"RRN": 2}, plan=(hop(form="pseudonymised"),)),
        outcome("a"),
        intent("b", findings={"PHONE": 1}),
        outcome("b"),
        intent("c", plan=(hop("elsewhere"),)),
        outcome("c", endpoint="elsewhere"),
    ]
    asked = replace(QUESTION, endpoint="abroad")
    facts = gather(records(calls), asked, lambda _, call: known[call])
    assert set(facts.subjects) == {"t1", "t2", "t3"}
    assert facts.exposed == {"t2", "t3"}
    rows = {row.id: row for row in make("incident", facts, SETUP).rows}
    assert "3 distinct identifiers went there, 2 of them" in rows["3"].answers[0].statement.en
    assert "every call with unique identifiers" in rows["3"].answers[1].statement.en


def test_a_thousand_persons_make_an_incident_one_to_report():
    asked = replace(QUESTION, endpoint="abroad")
    people = tuple(f"t{number}" for number in range(1000))
    facts = gather(records([intent("a"), outcome("a")]), asked, lambda *_: people)
    rows = {row.id: row for row in make("incident", facts, SETUP).rows}
    assert "would have to be reported to the PIPC" in rows["3"].answers[1].statement.en


def test_an_entry_without_an_origin_breaks_the_access_log():
    assert told("five_items", intent("a"), outcome("a")).status is Status.PROVEN
    answer = told("five_items", intent("a", origin=""), outcome("a"))
    assert answer.status is Status.CONTRADICTED
    assert "origin 1" in answer.statement.en


def test_a_log_that_does_not_verify_says_so():
    broken = replace(SETUP, log=replace(SETUP.log, ok=False, fault="000.jsonl:3"))
    assert told("log_whole", intent("a"), setup=broken).status is Status.CONTRADICTED


@pytest.mark.parametrize("name", report_names())
def test_an_empty_log_proves_nothing(name):
    made = make(name, facts_of(), SETUP)
    assert made.count(Status.PROVEN) == 0
    assert made.proofs == ()
    assert all(answer.statement.ko and answer.statement.en for row in made.rows for answer in row.answers)


@pytest.mark.parametrize("name", report_names())
def test_every_row_is_answered_by_checks_or_people(name):
    report = load_report(name)
    for row in report.sheet.row:
        assert row.checks or row.people, row.id
        assert set(row.checks) <= {*SHARED, *report.checks}, row.id
        assert row.text.of(Language.KO) != row.text.of(Language.EN)


def test_the_fsc_sheet_has_22_rows():
    assert len(load_report("fsc_generative_ai").sheet.row) == 22


def test_an_attestation_counts_until_its_day_and_only_for_its_row():
    act = attest("fsc_generative_ai/1.4", actor="cli:a", by="CISO", text="교육함", until="2026-10-20")
    held = {row.id: row.status for row in make("fsc_generative_ai", facts_of(act), SETUP).rows}
    assert held["1.4"] is Status.MISSING  # it lapses before the period ends
    act = attest("fsc_generative_ai/1.4", actor="cli:a", by="CISO", text="교육함", until="2026-12-31")
    entry = Act(at=at(), actor=act.actor, verb=act.verb, object=act.object, facts=act.facts)
    held = {row.id: row.status for row in make("fsc_generative_ai", facts_of(entry), SETUP).rows}
    assert held["1.4"] is Status.ATTESTED
    assert held["2.7"] is Status.MISSING


def test_an_attestation_made_after_the_period_does_not_count():
    entry = Act(
        at=at(1, month=12), actor="a", verb="report.attest", object="fsc_generative_ai/1.4", facts={"by": "x"}
    )
    held = {row.id: row.status for row in make("fsc_generative_ai", facts_of(entry), SETUP).rows}
    assert held["1.4"] is Status.MISSING


def test_memory_does_not_grow_with_the_log():
    def calls(number):
        for index in range(number):
            name = f"call-{index}"
            yield Record(index=2 * index, digest="0" * 64, entry=intent(name, findings={"PHONE": 1}))
            yield Record(index=2 * index + 1, digest="0" * 64, entry=outcome(name))

    def peak(number):
        tracemalloc.start()
        facts = gather(calls(number), QUESTION)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert facts.intents.count == number
        return most

    peak(100)  # what is loaded once
    assert peak(5000) < peak(500) + 64 * 1024


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (
            "2026-10-01",
            "2026-10-31",
            ("2026-09-30T15:00:00.000000+00:00", "2026-10-31T15:00:00.000000+00:00"),
        ),
        (
            "2026-10-01T09:30",
            "2026-10-01T10:00",
            ("2026-10-01T00:30:00.000000+00:00", "2026-10-01T01:00:00.000000+00:00"),
        ),
    ],
)
def test_days_and_times_are_korean(since, until, expected):
    assert period(since, until) == expected


@pytest.mark.parametrize(("since", "until"), [("2026-10-02", "2026-10-01"), ("어제", "오늘"), ("", "")])
def test_a_period_that_is_none_is_refused(since, until):
    with pytest.raises(BadPeriod):
        period(since, until)
