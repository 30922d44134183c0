"""Two persons for one act: attacked by one person alone, across organisations, by two processes at once."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal
from hanbok.evidence.journal import Journal
from hanbok.evidence.outbox import drain_outbox
from hanbok.policy.approval import canonical, digest
from hanbok.policy.approvals import PLATFORM, Approvals
from hanbok.policy.organisations import Register
from hanbok.policy.parties import PartyKind
from hanbok.policy.people import People
from hanbok.policy.roles import Role, Scope
from hanbok.store.database import Store

CALL = {"call": "call-1", "pseudonym": "[전화번호-1]"}


@dataclass
class Office:
    """An installation with two organisations, and a clock that a test moves."""

    store: Store
    now: datetime = datetime(2026, 11, 22, 3, tzinfo=UTC)
    keys: dict[str, Principal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.people, self.register = People(self.store), Register(self.store)
        for organisation in ("bank", "broker"):
            self.register.create_organisation(organisation, actor="t")
        self.approvals = Approvals(self.store, dual_control=True, clock=lambda: self.now)

    def enter(
        self,
        name: str,
        *roles: Role,
        organisation: str = "bank",
        scope: Scope = Scope.ORGANISATION,
        issuer: str = "",
    ) -> Principal:
        self.people.add(organisation, PartyKind.PERSON, name, actor="t")
        for role in roles:
            self.people.grant(organisation, name, role, scope=scope, actor="t", reason="t")
        return self.key(name, organisation, issuer)

    def key(self, name: str, organisation: str = "bank", issuer: str = "") -> Principal:
        who = Principal(organisation=organisation, key="", person=name)
        return self.register.create_key(who, actor="t", issuer=issuer).key.principal

    def ask(self, by: Principal, organisation: str = "bank") -> str:
        return self.approvals.request("reveal", organisation, CALL, by=by, reason="민원 2026-117")

    def use(self, approval: str, by: Principal, organisation: str = "bank", **other: str) -> object:
        of = {"kind": "reveal", "digest": digest(CALL)} | other
        return self.approvals.consume(approval, of["kind"], organisation, of["digest"], by=by)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    yield Office(store)
    store.close()


def refused(code: str, act: Callable[[], object]) -> HanbokError:
    with pytest.raises(HanbokError) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def test_what_one_asks_and_another_allows_may_be_done_once(office: Office) -> None:
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    approval = office.ask(kim)
    refused("approval_required", lambda: office.use(approval, kim))
    office.approvals.approve(approval, by=lee, note="확인함")
    leave = office.use(approval, kim)
    assert (leave.requester, leave.approvers) == ("bank/kim", ("bank/lee",))
    refused("approval_settled", lambda: office.use(approval, kim))
    refused("approval_settled", lambda: office.approvals.approve(approval, by=lee))
    assert office.approvals.find(approval, by=lee).state == "used"


def test_nobody_allows_what_they_asked_for(office: Office) -> None:
    kim = office.enter("kim", Role.COMPLIANCE, Role.ADMIN)
    approval = office.ask(kim)
    refused("approval_not_independent", lambda: office.approvals.approve(approval, by=kim))
    refused("approval_not_independent", lambda: office.approvals.decline(approval, by=kim))
    another = office.key("kim")
    assert another.key != kim.key
    refused("approval_not_independent", lambda: office.approvals.approve(approval, by=another))


def test_nobody_allows_it_with_a_key_that_they_made_for_another(office: Office) -> None:
    kim = office.enter("kim", Role.COMPLIANCE, Role.ADMIN)
    puppet = office.enter("puppet", Role.COMPLIANCE, issuer=kim.key)
    second = office.enter("second", Role.COMPLIANCE, issuer=puppet.key)
    rotated = office.register.rotate_key(second.key, actor="t").key.principal
    approval = office.ask(kim)
    for by in (puppet, rotated):
        refused("approval_not_independent", lambda by=by: office.approvals.approve(approval, by=by))
    lee = office.enter("lee", Role.COMPLIANCE)
    office.approvals.approve(approval, by=lee)


def test_roles_are_those_of_this_moment_not_of_the_request(office: Office) -> None:
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    approval = office.ask(kim)
    grant = next(one for one in office.people.grants("bank") if one.person == "lee")
    office.people.revoke("bank", grant.id, actor="t", reason="이동")
    assert "compliance" in lee.roles  # what a caller still holds in memory does not count
    refused("approval_unknown", lambda: office.approvals.approve(approval, by=lee))
    office.people.grant("bank", "lee", Role.AUDITOR, scope=Scope.ORGANISATION, actor="t", reason="t")
    refused("permission_missing", lambda: office.approvals.approve(approval, by=lee))
    office.people.end("bank", PartyKind.PERSON, "lee", actor="t", reason="퇴사")
    office.now = datetime.now(UTC)
    refused("key_revoked", lambda: office.approvals.approve(approval, by=lee))
    park = office.enter("park", Role.COMPLIANCE)
    office.approvals.approve(approval, by=park)
    office.people.revoke(
        "bank",
        next(one.id for one in office.people.grants("bank") if one.person == "kim"),
        actor="t",
        reason="t",
    )
    refused("permission_missing", lambda: office.use(approval, kim))


def test_a_made_up_principal_counts_for_nothing(office: Office) -> None:
    office.enter("kim", Role.OPERATOR)
    forged = Principal(organisation="bank", key="key_forged", person="kim", roles=frozenset({"compliance"}))
    refused("key_unknown", lambda: office.ask(forged))
    machine = office.register.create_key(Principal(organisation="bank", key=""), actor="t").key.principal
    refused("approval_not_yours", lambda: office.ask(machine))


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR])
def test_another_organisation_neither_sees_nor_decides_nor_uses(office: Office, role: Role) -> None:
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    stranger = office.enter("stranger", role, organisation="broker")
    approval = office.ask(kim)
    for act in (
        lambda: office.approvals.approve(approval, by=stranger),
        lambda: office.approvals.decline(approval, by=stranger),
        lambda: office.approvals.withdraw(approval, by=stranger),
        lambda: office.approvals.find(approval, by=stranger),
        lambda: office.approvals.approve("approval_0", by=stranger),
    ):
        assert str(refused("approval_unknown", act)) == "there is no such request for approval"
    refused("organisation_unknown", lambda: office.ask(stranger, "bank"))
    assert office.approvals.list("bank", by=stranger) == []
    office.approvals.approve(approval, by=lee)
    refused("organisation_unknown", lambda: office.use(approval, stranger))


def test_an_approval_serves_what_was_asked_and_nothing_else(office: Office) -> None:
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    park = office.enter("park", Role.OPERATOR, Role.COMPLIANCE)
    approval = office.ask(kim)
    office.approvals.approve(approval, by=lee)
    other = digest(CALL | {"call": "call-2"})
    refused("approval_mismatch", lambda: office.use(approval, kim, digest=other))
    refused("approval_mismatch", lambda: office.use(approval, kim, kind="data_export"))
    refused("approval_kind_unknown", lambda: office.use(approval, kim, kind="anything"))
    refused("approval_not_yours", lambda: office.use(approval, park))
    refused("approval_required", lambda: office.use("", kim))
    office.use(approval, kim)


def test_an_approval_is_void_after_its_time(office: Office) -> None:
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    asked, allowed = office.ask(kim), office.ask(kim)
    office.approvals.approve(allowed, by=lee)
    office.now += timedelta(hours=24)
    refused("approval_expired", lambda: office.approvals.approve(asked, by=lee))
    refused("approval_expired", lambda: office.use(allowed, kim))


def test_what_was_declined_or_withdrawn_cannot_be_used(office: Office) -> None:
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    declined, withdrawn = office.ask(kim), office.ask(kim)
    office.approvals.decline(declined, by=lee)
    office.approvals.approve(withdrawn, by=lee)
    refused("approval_not_yours", lambda: office.approvals.withdraw(withdrawn, by=lee))
    office.approvals.withdraw(withdrawn, by=kim)
    for approval in (declined, withdrawn):
        refused("approval_settled", lambda approval=approval: office.use(approval, kim))


def test_over_the_whole_installation_the_platforms_roles_count(office: Office) -> None:
    chief = office.enter("chief", Role.ADMIN, scope=Scope.PLATFORM)
    watch = office.enter("watch", Role.COMPLIANCE, organisation="broker", scope=Scope.PLATFORM)
    local = office.enter("local", Role.COMPLIANCE, Role.ADMIN)
    policy = {"policy": "sha256:1"}
    approval = office.approvals.request("policy_change", PLATFORM, policy, by=chief, reason="개정")
    refused("permission_missing", lambda: office.ask(local, PLATFORM))
    refused("approval_unknown", lambda: office.approvals.approve(approval, by=local))
    office.approvals.approve(approval, by=watch)
    leave = office.approvals.consume(approval, "policy_change", PLATFORM, digest(policy), by=chief)
    assert leave.approvers == ("broker/watch",)


def test_of_many_threads_one_uses_it(office: Office) -> None:
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    approval = office.ask(kim)
    office.approvals.approve(approval, by=lee)
    ends: list[str] = []

    def use() -> None:
        try:
            office.use(approval, kim)
            ends.append("used")
        except HanbokError as error:
            ends.append(error.code)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["approval_settled"] * 7 + ["used"]


USE = """
import sys
from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal
from hanbok.policy.approvals import Approvals
from hanbok.store.database import Store

url, approval, key, digest = sys.argv[1:]
store = Store.open(url)
sys.stdin.readline()
try:
    by = Principal(organisation="bank", key=key, person="kim")
    Approvals(store, dual_control=True).consume(approval, "reveal", "bank", digest, by=by)
    print("used")
except HanbokError as error:
    print(error.code)
store.close()
"""


def test_of_two_processes_one_uses_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hanbok.db"
    store = Store.open(url)
    office = Office(store, now=datetime.now(UTC))
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    approval = office.ask(kim)
    office.approvals.approve(approval, by=lee)
    store.close()
    words = [sys.executable, "-c", USE, url, approval, kim.key, digest(CALL)]
    running = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [one.communicate("go\n")[0].strip() for one in running]
    assert sorted(said) == ["approval_settled", "approval_settled", "used"]


def test_one_person_is_enough_only_where_the_installation_says_so(office: Office) -> None:
    kim = office.enter("kim", Role.OPERATOR)
    alone = Approvals(office.store, dual_control=False)
    leave = alone.consume("", "reveal", "bank", digest(CALL), by=kim)
    assert (leave.id, leave.approvers) == ("", ())
    assert alone.waive("reveal", "bank", digest(CALL), actor="cli:root").requester == "cli:root"
    refused("approval_required", lambda: office.approvals.waive("reveal", "bank", digest(CALL), actor="cli"))
    refused(
        "permission_missing",
        lambda: alone.consume("", "reveal", "bank", digest(CALL), by=office.enter("member")),
    )


async def test_every_step_is_in_the_log_with_no_word_of_a_person(office: Office, tmp_path: Path) -> None:
    kim, lee = office.enter("kim", Role.OPERATOR), office.enter("lee", Role.COMPLIANCE)
    await asyncio.to_thread(steps, office, kim, lee)
    journal = Journal.open(tmp_path / "log")
    await drain_outbox(office.store, journal, journal.size)
    entries = [json.loads(json.dumps(_facts(record.entry))) for record in journal.read()]
    journal.close()
    steps_told = [one for one in entries if one["verb"].startswith("approval.")]
    assert [one["verb"] for one in steps_told] == ["approval.request", "approval.approve", "approval.use"]
    assert {one["organisation"] for one in steps_told} == {"bank"}
    assert [one["actor"] for one in steps_told] == ["person:bank/kim", "person:bank/lee", "person:bank/kim"]
    assert {one["facts"]["digest"] for one in steps_told} == {digest(CALL)}
    assert steps_told[-1]["approvers"] == ["bank/lee"]
    assert "민원" not in json.dumps(entries, ensure_ascii=False)


def steps(office: Office, kim: Principal, lee: Principal) -> None:
    approval = office.ask(kim)
    office.approvals.approve(approval, by=lee, note="민원 확인")
    office.use(approval, kim)


def _facts(entry: object) -> dict[str, object]:
    names = ("verb", "actor", "organisation", "facts", "approvers")
    return {name: getattr(entry, name, "") for name in names}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, True),
        ({"a": {"c": 1, "b": 2}}, {"a": {"b": 2, "c": 1}}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": None}, {}, False),
        ({"가": 1}, {"가": 1}, True),
    ],
)
def test_arguments_have_one_spelling(one: dict[str, object], other: dict[str, object], same: bool) -> None:
    assert (digest(one) == digest(other)) is same


@pytest.mark.parametrize("wrong", [{"a": object()}, {"a": "x" * 5000}, {"a": {1, 2}, "b": 1j}])
def test_arguments_are_short_and_plain(wrong: dict[str, object]) -> None:
    refused("arguments_unfit", lambda: canonical(wrong))


def test_a_request_needs_a_reason_a_role_and_a_known_kind(office: Office) -> None:
    kim, member = office.enter("kim", Role.OPERATOR), office.enter("member")
    ask = office.approvals.request
    refused("reason_missing", lambda: ask("reveal", "bank", CALL, by=kim, reason="  "))
    refused("approval_kind_unknown", lambda: ask("rm -rf", "bank", CALL, by=kim, reason="r"))
    refused("permission_missing", lambda: ask("reveal", "bank", CALL, by=member, reason="r"))
    refused("organisation_unknown", lambda: ask("reveal", "nowhere", CALL, by=kim, reason="r"))
