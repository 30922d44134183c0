"""Where writers do not wait for each other: one use of an approval, no role left behind, a history that stays."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, update

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal
from hanbok.policy.approval import digest
from hanbok.policy.approvals import Approvals
from hanbok.policy.organisations import Register
from hanbok.policy.parties import PartyKind
from hanbok.policy.people import People
from hanbok.policy.roles import Role, Scope
from hanbok.store.database import Store
from hanbok.store.tables import role_history
from policy.together import at_once, postgres, store, url

__all__ = ["postgres", "store", "url"]  # fixtures


def person(store: Store, name: str, role: Role) -> Principal:
    people = People(store)
    people.add("bank", PartyKind.PERSON, name, actor="t")
    people.grant("bank", name, role, scope=Scope.ORGANISATION, actor="t", reason="r")
    who = Principal(organisation="bank", key="", person=name)
    return Register(store).create_key(who, actor="t").key.principal


def ends_of(*acts: Callable[[], object]) -> list[str]:
    """Run all of them at once; return how each ended."""
    return sorted(end.code if isinstance(end, HanbokError) else "done" for end in at_once(*acts))


def test_of_many_uses_of_one_approval_one_succeeds(store: Store) -> None:
    kim, lee = person(store, "kim", Role.OPERATOR), person(store, "lee", Role.COMPLIANCE)
    approvals = Approvals(store, dual_control=True)
    for _ in range(3):
        approval = approvals.request("reveal", "bank", {"call": "c"}, by=kim, reason="r")
        approvals.approve(approval, by=lee)

        def use(approval: str = approval) -> None:
            approvals.consume(approval, "reveal", "bank", digest({"call": "c"}), by=kim)

        assert ends_of(use, use, use) == ["approval_settled", "approval_settled", "done"]


def test_of_two_who_decide_at_once_one_does(store: Store) -> None:
    kim = person(store, "kim", Role.OPERATOR)
    deciders = [person(store, name, Role.COMPLIANCE) for name in ("lee", "park")]
    approvals = Approvals(store, dual_control=True)
    approval = approvals.request("reveal", "bank", {"call": "c"}, by=kim, reason="r")
    ends = ends_of(
        lambda: approvals.approve(approval, by=deciders[0]),
        lambda: approvals.decline(approval, by=deciders[1]),
    )
    assert ends == ["approval_settled", "done"]
    assert approvals.find(approval, by=kim).state in {"approved", "declined"}


def test_no_grant_slips_in_while_its_person_ends(store: Store) -> None:
    people = People(store)
    for number in range(5):
        name = f"p{number}"
        person(store, name, Role.AUDITOR)

        def give(name: str = name) -> None:
            people.grant("bank", name, Role.ADMIN, scope=Scope.ORGANISATION, actor="t", reason="r")

        def end(name: str = name) -> None:
            people.end("bank", PartyKind.PERSON, name, actor="t", reason="r")

        assert ends_of(give, end) in (["done", "done"], ["done", "party_ended"])
        assert people.grants("bank", name) == []
        lines = [one.change for one in people.history("bank", person=name)]
        assert lines.count("grant") == lines.count("revoke")


@pytest.mark.parametrize("change", [update(role_history).values(actor="nobody"), delete(role_history)])
def test_the_database_refuses_to_change_the_history(store: Store, change: object) -> None:
    person(store, "kim", Role.ADMIN)
    with pytest.raises(Exception) as caught, store.write() as connection:
        connection.execute(change)
    assert "append-only" in str(caught.value) or "append-only" in str(caught.value.__cause__)
    assert [one.actor for one in People(store).history()] == ["t"]
