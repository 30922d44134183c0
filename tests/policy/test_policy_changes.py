"""Changes of policy: kept, applied, taken back, and under dual control only by two people."""

import asyncio
from pathlib import Path

import pytest

from hanbok.core.values import Principal
from hanbok.evidence.entry import PolicyChange
from hanbok.evidence.journal import Journal
from hanbok.evidence.outbox import drain_outbox
from hanbok.policy.approval import Approved, digest
from hanbok.policy.approval_errors import ApprovalMismatch, ApprovalNotIndependent, ApprovalRequired
from hanbok.policy.approvals import PLATFORM, Approvals
from hanbok.policy.changes import (
    IN_FORCE,
    KIND,
    ORGANISATION,
    REPLACED,
    SETTINGS,
    ChangeOvertaken,
    Changes,
    ChangeSettled,
    ChangeUnknown,
    Rules,
    arguments_of,
)
from hanbok.policy.governing import govern, take_up
from hanbok.policy.organisations import Register
from hanbok.policy.parties import PartyKind
from hanbok.policy.people import People
from hanbok.policy.roles import Role, Scope
from hanbok.store.database import Store


@pytest.fixture
def store(tmp_path: Path):
    opened = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    yield opened
    opened.close()


def rules(text: str, *, dual_control: bool = False) -> Rules:
    return Rules(files={"ours.cedar": text}, packs=("pipa",), dual_control=dual_control)


def acts(store: Store, folder: Path) -> list[PolicyChange]:
    async def drained() -> list[PolicyChange]:
        log = Journal.open(folder / "evidence")
        try:
            await drain_outbox(store, log, log.size)
            return [one.entry for one in log.read() if isinstance(one.entry, PolicyChange)]
        finally:
            log.close()

    return asyncio.run(drained())


def test_a_change_comes_in_force_with_evidence_of_both_digests_and_persons(
    store: Store, tmp_path: Path
) -> None:
    changes = Changes(store)
    first = changes.propose(ORGANISATION, rules("a"), proposer="kim")
    assert changes.in_force(ORGANISATION) is None
    changes.apply(
        first.id, applier="kim", approved=Approved(id="approval_1", requester="kim", approvers=("lee",))
    )
    second = changes.propose(ORGANISATION, rules("b"), proposer="kim", note="민원")
    changes.apply(second.id, applier="lee", articles=("제1조",))
    assert [(one.id, one.state) for one in changes.history()] == [(second.id, IN_FORCE), (first.id, REPLACED)]
    told = acts(store, tmp_path)
    assert [(one.before, one.after) for one in told] == [("", first.digest), (first.digest, second.digest)]
    assert (told[0].approvers, told[0].facts["proposer"], told[0].facts["approval"]) == (
        ("lee",),
        "kim",
        "approval_1",
    )
    assert (told[1].actor, told[1].articles) == ("lee", ("제1조",))


def test_a_rollback_is_a_change_of_its_own_and_history_stays(store: Store) -> None:
    changes = Changes(store)
    first, second = (changes.propose(ORGANISATION, rules(text), proposer="kim") for text in "ab")
    changes.apply(first.id, applier="kim")
    changes.apply(second.id, applier="kim")
    back = changes.apply(first.id, applier="lee")
    assert (back.id, back.digest, back.state) == (second.id + 1, first.digest, IN_FORCE)
    assert [one.state for one in changes.history()] == [IN_FORCE, REPLACED, REPLACED]


def test_what_is_settled_is_not_applied_again(store: Store) -> None:
    changes = Changes(store)
    one = changes.propose(ORGANISATION, rules("a"), proposer="kim")
    assert changes.propose(ORGANISATION, rules("a"), proposer="lee").id == one.id
    changes.withdraw(one.id, actor="kim")
    for verb in (lambda: changes.apply(one.id, applier="kim"), lambda: changes.withdraw(one.id, actor="kim")):
        with pytest.raises(ChangeSettled):
            verb()
    with pytest.raises(ChangeUnknown):
        changes.find(99)


def test_every_change_that_comes_in_force_is_seen_by_other_processes(store: Store) -> None:
    changes, seen = Changes(store), set[int]()
    for text in "abc":
        seen.add(changes.version())
        changes.apply(changes.propose(ORGANISATION, rules(text), proposer="kim").id, applier="kim")
    assert len(seen | {changes.version()}) == 4


# --- dual control


def person(store: Store, name: str) -> Principal:
    people = People(store)
    people.add("default", PartyKind.PERSON, name, name="", team="", actor="test")
    people.grant("default", name, Role.ADMIN, scope=Scope.PLATFORM, reason="test", actor="test")
    who = Principal(organisation="default", key="", person=name)
    return Register(store).create_key(who, actor="test").key.principal


def test_under_dual_control_only_the_text_that_another_person_allowed_comes_in_force(store: Store) -> None:
    Register(store).bootstrap()
    kim, lee = person(store, "kim"), person(store, "lee")
    changes, approvals = Changes(store), Approvals(store, dual_control=True)
    change = changes.propose(ORGANISATION, rules("a"), proposer="kim")
    what = arguments_of(change, None)
    with pytest.raises(ApprovalRequired):
        approvals.waive(KIND, PLATFORM, digest(what), actor="kim")
    leave = approvals.request(KIND, PLATFORM, what, by=kim, reason="새 내규")
    with pytest.raises(ApprovalNotIndependent):
        approvals.approve(leave, by=kim)
    with pytest.raises(ApprovalRequired):
        approvals.consume(leave, KIND, PLATFORM, digest(what), by=kim)
    approvals.approve(leave, by=lee)
    other = arguments_of(changes.propose(ORGANISATION, rules("b"), proposer="kim"), None)
    with pytest.raises(ApprovalMismatch):
        approvals.consume(leave, KIND, PLATFORM, digest(other), by=kim)
    used = approvals.consume(leave, KIND, PLATFORM, digest(what), by=kim)
    done = changes.apply(change.id, applier="kim", approved=used)
    assert done.approver == "default/lee"


def test_a_leave_is_for_the_place_of_what_was_in_force_when_it_was_given(store: Store) -> None:
    changes = Changes(store)
    first, second, third = (changes.propose(ORGANISATION, rules(text), proposer="kim") for text in "abc")
    changes.apply(first.id, applier="kim")
    asked = digest(arguments_of(third, changes.in_force(ORGANISATION)))
    changes.apply(second.id, applier="kim")
    assert digest(arguments_of(third, changes.in_force(ORGANISATION))) != asked


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [(False, False, False), (False, True, True), (True, True, True), (True, False, True)],
)
def test_settings_that_changed_are_held_back_where_either_text_asks_for_two(
    store: Store, before: bool, after: bool, held: bool
) -> None:
    changes = Changes(store)
    old, new = rules("a", dual_control=before), rules("b", dual_control=after)
    take_up(changes, govern(changes, old), actor="hanbok")
    governing = govern(changes, new)
    assert (bool(governing.held), governing.settings) == ((True, old) if held else (False, new))
    take_up(changes, governing, actor="hanbok")
    now = changes.in_force(SETTINGS)
    assert now is not None
    assert now.rules == (old if held else new)
    if held:
        changes.apply(changes.propose(SETTINGS, new, proposer="kim").id, applier="kim")
        assert govern(changes, new) == govern(changes, new).__class__(settings=new, organisation=Rules())


def test_the_organisations_policies_come_on_top(store: Store) -> None:
    changes = Changes(store)
    changes.apply(changes.propose(ORGANISATION, rules("b"), proposer="kim").id, applier="kim")
    assert govern(changes, rules("a")).files == {"ours.cedar": "a", "store/ours.cedar": "b"}


def test_leave_for_a_change_holds_only_while_what_it_replaces_is_in_force(store: Store) -> None:
    changes = Changes(store)
    first = changes.propose(ORGANISATION, rules("// first"), proposer="a")
    second = changes.propose(ORGANISATION, rules("// second"), proposer="b")
    seen = str(arguments_of(second, changes.in_force(ORGANISATION))["before"])
    changes.apply(first.id, applier="a", instead_of="")
    with pytest.raises(ChangeOvertaken):
        changes.apply(second.id, applier="b", instead_of=seen)
    assert changes.apply(second.id, applier="b", instead_of=first.digest).state == IN_FORCE
