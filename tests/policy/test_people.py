"""People and their roles: who is there, what they may do, and a history that nobody can change."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import column, create_engine, delete, insert, select, table, text, update
from sqlalchemy.exc import IntegrityError

from hanbok.core.clock import now
from hanbok.core.values import Principal
from hanbok.policy.identity import Credentials, NotAPerson, PersonalKeys
from hanbok.policy.key import KeyRevoked
from hanbok.policy.keyring import KeyRing
from hanbok.policy.organisations import OrganisationUnknown, Register
from hanbok.policy.parties import InvalidPartyId, PartyEnded, PartyExists, PartyKind, PartyUnknown
from hanbok.policy.people import GrantExists, GrantUnknown, People, ReasonMissing, RoleImplied
from hanbok.policy.roles import Role, Scope, allows, permissions_of, role_table
from hanbok.store.database import Store
from hanbok.store.migrate import upgrade
from hanbok.store.tables import grants, keys, metadata, outbox, parties, role_history


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    Register(opened).create_organisation("bank", actor="t")
    yield opened
    opened.close()


def ring_of(store: Store) -> KeyRing:
    ring = KeyRing(Register(store))
    ring.refresh()
    return ring


def test_roles_are_in_the_key_ring_as_soon_as_it_looks_again(store: Store) -> None:
    people, register = People(store), Register(store)
    secret = register.create_key(Principal(organisation="bank", key="", person="kim"), actor="t").secret
    ring = ring_of(store)
    assert ring.find(secret, now()).principal.roles == {"member"}
    given = people.grant(
        "bank", "kim", Role.AUDITOR, scope=Scope.ORGANISATION, actor="lee", reason="감사 주간"
    )
    over = people.grant("bank", "kim", Role.ADMIN, scope=Scope.PLATFORM, actor="lee", reason="당직")
    assert ring.refresh()
    who = ring.find(secret, now()).principal
    assert (who.roles, who.platform) == ({"member", "auditor"}, {"admin"})
    people.revoke("bank", given.id, actor="lee", reason="감사 끝")
    people.revoke("bank", over.id, actor="lee", reason="당직 끝")
    assert ring.refresh()
    who = ring.find(secret, now()).principal
    assert (who.roles, who.platform) == ({"member"}, frozenset())


def test_a_key_of_a_program_has_no_role_and_opens_no_administration(store: Store) -> None:
    made = Register(store).create_key(Principal(organisation="bank", key="", application="봇"), actor="t")
    ring = ring_of(store)
    assert ring.find(made.secret, now()).principal.roles == frozenset()
    credentials = Credentials(scheme="bearer", secret=made.secret, origin="127.0.0.1")
    with pytest.raises(NotAPerson):
        PersonalKeys(ring).identify(credentials, now())
    assert made.secret not in repr(credentials)


def test_roles_of_one_organisation_are_not_those_of_a_namesake_in_another(store: Store) -> None:
    people, register = People(store), Register(store)
    register.create_organisation("broker", actor="t")
    secrets = {
        organisation: register.create_key(
            Principal(organisation=organisation, key="", person="kim"), actor="t"
        ).secret
        for organisation in ("bank", "broker")
    }
    people.grant("bank", "kim", Role.ADMIN, scope=Scope.ORGANISATION, actor="t", reason="r")
    ring = ring_of(store)
    assert ring.find(secrets["bank"], now()).principal.roles == {"member", "admin"}
    assert ring.find(secrets["broker"], now()).principal.roles == {"member"}


@pytest.mark.parametrize("kind", list(PartyKind))
def test_keys_die_with_whom_they_belong_to(store: Store, kind: PartyKind) -> None:
    people, register = People(store), Register(store)
    who = Principal(organisation="bank", key="", **{str(kind): "이 하나"})
    made, other = (
        register.create_key(who, actor="t"),
        register.create_key(Principal(organisation="bank", key="", **{str(kind): "다른 하나"}), actor="t"),
    )
    ring = ring_of(store)
    people.end("bank", kind, "이 하나", actor="t", reason="끝")
    assert ring.refresh()
    with pytest.raises(KeyRevoked):
        ring.find(made.secret, now())
    ring.find(other.secret, now())
    for again in (
        lambda: people.end("bank", kind, "이 하나", actor="t", reason="끝"),
        lambda: people.change("bank", kind, "이 하나", name="x", actor="t"),
        lambda: register.create_key(who, actor="t"),
    ):
        with pytest.raises(PartyEnded):
            again()
    with pytest.raises(PartyExists):
        people.add("bank", kind, "이 하나", actor="t")


def test_ending_a_person_revokes_their_roles_with_a_line_each(store: Store) -> None:
    people = People(store)
    people.add("bank", PartyKind.PERSON, "kim", actor="t")
    for role in (Role.ADMIN, Role.AUDITOR):
        people.grant("bank", "kim", role, scope=Scope.ORGANISATION, actor="lee", reason="입사")
    people.end("bank", PartyKind.PERSON, "kim", actor="lee", reason="퇴사")
    assert people.grants("bank") == []
    lines = [(one.change, one.role, one.actor, one.reason) for one in people.history("bank", person="kim")]
    assert lines == [
        ("grant", "admin", "lee", "입사"),
        ("grant", "auditor", "lee", "입사"),
        ("revoke", "admin", "lee", "퇴사"),
        ("revoke", "auditor", "lee", "퇴사"),
    ]


def test_the_database_itself_keeps_the_history(store: Store) -> None:
    people = People(store)
    people.add("bank", PartyKind.PERSON, "kim", actor="t")
    people.grant("bank", "kim", Role.ADMIN, scope=Scope.ORGANISATION, actor="t", reason="r")
    for change in (
        update(role_history).values(actor="nobody"),
        delete(role_history),
        update(role_history).where(role_history.c.id == 1).values(reason="another"),
    ):
        with pytest.raises(IntegrityError, match="append-only"), store.write() as connection:
            connection.execute(change)
    assert [(one.actor, one.reason) for one in people.history()] == [("t", "r")]


def test_a_change_of_roles_without_a_reason_does_not_happen(store: Store) -> None:
    people = People(store)
    people.add("bank", PartyKind.PERSON, "kim", actor="t")
    for reason in ("", "  \n"):
        with pytest.raises(ReasonMissing):
            people.grant("bank", "kim", Role.ADMIN, scope=Scope.ORGANISATION, actor="t", reason=reason)
    given = people.grant("bank", "kim", Role.ADMIN, scope=Scope.ORGANISATION, actor="t", reason="r")
    with pytest.raises(ReasonMissing):
        people.revoke("bank", given.id, actor="t", reason="")
    assert [one.change for one in people.history()] == ["grant"]
    assert people.grants() == [given]


def test_what_cannot_be_granted_is_said(store: Store) -> None:
    people = People(store)
    people.add("bank", PartyKind.PERSON, "kim", actor="t")

    def give(person: str, role: Role, organisation: str = "bank") -> None:
        people.grant(organisation, person, role, scope=Scope.ORGANISATION, actor="t", reason="r")

    with pytest.raises(RoleImplied):
        give("kim", Role.MEMBER)
    with pytest.raises(PartyUnknown):
        give("nobody", Role.ADMIN)
    with pytest.raises(PartyUnknown):
        give("kim", Role.ADMIN, "broker")
    give("kim", Role.ADMIN)
    with pytest.raises(GrantExists):
        give("kim", Role.ADMIN)
    with pytest.raises(GrantUnknown):
        people.revoke("broker", people.grants()[0].id, actor="t", reason="r")


@pytest.mark.parametrize(
    "wrong", ["", " kim", "kim ", "a/b", ".", "..", "a\nb", "a\x00b", "김\u200b", "\u1100\u1161", "a" * 201]
)
def test_ids_are_visible_and_have_one_spelling(store: Store, wrong: str) -> None:
    with pytest.raises(InvalidPartyId):
        People(store).add("bank", PartyKind.PERSON, wrong, actor="t")


def test_a_person_of_nowhere_or_of_no_team_is_not_entered(store: Store) -> None:
    people = People(store)
    with pytest.raises(OrganisationUnknown):
        people.add("nowhere", PartyKind.PERSON, "kim", actor="t")
    with pytest.raises(PartyUnknown):
        people.add("bank", PartyKind.PERSON, "kim", team="여신", actor="t")
    assert people.parties("bank", PartyKind.PERSON) == []


def test_the_log_gets_ids_never_names_or_reasons(store: Store) -> None:
    people = People(store)
    people.add("bank", PartyKind.PERSON, "p-17", name="홍길동", actor="t")
    people.change("bank", PartyKind.PERSON, "p-17", name="성춘향", actor="t")
    people.grant("bank", "p-17", Role.ADMIN, scope=Scope.ORGANISATION, actor="t", reason="병가 대신")
    people.end("bank", PartyKind.PERSON, "p-17", actor="t", reason="병으로 퇴사")
    with store.read() as connection:
        told = "".join(row.entry for row in connection.execute(select(outbox)))
    assert "p-17" in told
    assert not any(word in told for word in ("홍길동", "성춘향", "병가", "병으로"))


def test_the_table_of_permissions_is_least_privilege() -> None:
    rules = role_table()
    changes = {name for name in rules.permissions if not name.endswith((".read", ".use"))}
    for role, none in ((Role.AUDITOR, changes), (Role.MEMBER, changes)):
        who = Principal(organisation="o", key="k", person="p", roles=frozenset({"member", role}))
        may = set(permissions_of(who)[Scope.ORGANISATION])
        assert may & none == set(), role
        over = Principal(organisation="o", key="k", person="p", platform=frozenset({role}))
        assert {name for name in rules.permissions if allows(over, name, "other")} & none == set()
    for kind in rules.approvals.values():
        assert Role.MEMBER not in kind.approve
        # Whoever uses tools may ask for leave to call one, and for nothing else.
        assert (Role.MEMBER in kind.request) == (kind.name == "tool_call")
        assert kind.approve, kind.name
    # An organisation does not set its own budget, and nobody of one reaches over it.
    admin = Principal(organisation="o", key="k", person="p", roles=frozenset({"member", "admin"}))
    assert not {"limit.change", "organisation.create", "platform_grant.change"} & set(
        permissions_of(admin)[Scope.ORGANISATION]
    )
    assert not any(allows(admin, name, "other") or allows(admin, name, "") for name in rules.permissions)


def test_a_request_costs_no_more_for_roles(store: Store) -> None:
    """The look-up gives the very object of the snapshot: nothing is worked out for a request."""
    register = Register(store)
    secret = register.create_key(Principal(organisation="bank", key="", person="kim"), actor="t").secret
    ring = ring_of(store)
    first = ring.find(secret, now())
    assert ring.find(secret, now()) is first
    assert ring.find(secret, now()).principal is first.principal
    began = time.process_time()
    for _ in range(2_000):
        ring.find(secret, first.expires or datetime(2026, 11, 22, tzinfo=UTC))
    assert time.process_time() - began < 1


def test_what_keys_named_as_texts_becomes_records(tmp_path: Path) -> None:
    """A database of the first hanbok, with keys in use, is brought up to date; its keys work on."""
    url = f"sqlite:///{tmp_path}/old.db"
    engine = create_engine(url)
    new_columns = {("keys", "issuer"), ("keys", "tokens_per_minute"), ("keys", "used"), ("outbox", "log")}
    old_keys = table("keys", *(column(c.name) for c in keys.c if ("keys", c.name) not in new_columns))
    old = ("organisations", "keys", "spend", "marks", "outbox")
    with engine.begin() as connection:
        for name in old:
            columns = [c for c in metadata.tables[name].c if (name, c.name) not in new_columns]
            spelled = ", ".join(f"{c.name} {c.type.compile(engine.dialect)}" for c in columns)
            connection.execute(text(f"CREATE TABLE {name} ({spelled})"))
        connection.execute(text("INSERT INTO marks (name, value, note) VALUES ('keys', 7, '')"))
        connection.execute(text("INSERT INTO organisations (id, name, created) VALUES ('bank', 'b', 't')"))
        row = {"organisation": "bank", "name": "", "models": "[]", "created": "2026-01-01T00:00:00+00:00"}
        for number, names in enumerate(
            [("여신", "사번 17", ""), ("여신", "", "상담봇"), ("", "사번 17", ""), ("", "", "")]
        ):
            who = dict(zip(("team", "person", "application"), names, strict=True))
            values = row | who | {"id": f"key_{number}", "digest": str(number) * 64}
            connection.execute(insert(old_keys).values(values))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
        upgrade(connection)
    engine.dispose()
    store = Store.open(url)
    people = People(store)
    found = {kind: [one.id for one in people.parties("bank", kind)] for kind in PartyKind}
    assert found == {
        PartyKind.TEAM: ["여신"],
        PartyKind.PERSON: ["사번 17"],
        PartyKind.APPLICATION: ["상담봇"],
    }
    cards = {card.key.id: card.key.principal for card in Register(store).cards("bank")}
    assert [cards[f"key_{number}"].roles for number in range(4)] == [
        {"member"},
        frozenset(),
        {"member"},
        frozenset(),
    ]
    people.grant("bank", "사번 17", Role.ADMIN, scope=Scope.ORGANISATION, actor="t", reason="r")
    with pytest.raises(IntegrityError, match="append-only"), store.write() as connection:
        connection.execute(delete(role_history))
    store.close()


async def test_a_grant_and_an_end_at_once_leave_no_role_behind(store: Store) -> None:
    people = People(store)
    for number in range(10):
        person = f"p{number}"
        people.add("bank", PartyKind.PERSON, person, actor="t")
        grant = asyncio.to_thread(
            people.grant, "bank", person, Role.ADMIN, scope=Scope.ORGANISATION, actor="t", reason="r"
        )
        end = asyncio.to_thread(people.end, "bank", PartyKind.PERSON, person, actor="t", reason="r")
        await asyncio.gather(grant, end, return_exceptions=True)
    assert people.grants("bank") == []
    with store.read() as connection:
        assert connection.execute(select(grants)).all() == []
        assert all(row.ended for row in connection.execute(select(parties)))
        assert connection.execute(select(keys)).all() == []
