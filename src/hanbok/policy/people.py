"""The people of an organisation, and the roles they were given: what `hanbok team`, `person` and `role` do.

Roles are granted and revoked by somebody, for a reason; every change is a line of the history, which the database
itself keeps from being changed or removed (safety measures notice art. 5: three years), and an act in the log.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.entry import AdminAct
from hanbok.policy.key_records import time_of
from hanbok.policy.organisations import OrganisationUnknown
from hanbok.policy.parties import (
    KINDS,
    Party,
    PartyExists,
    PartyKind,
    PartyUnknown,
    find_party,
    insert_party,
    living_party,
    party_of,
)
from hanbok.policy.recording import record_change
from hanbok.policy.roles import Role, Scope
from hanbok.store.database import Store
from hanbok.store.tables import grants, organisations, parties, role_history

_GRANT: Final = "grant"
_REVOKE: Final = "revoke"


class GrantUnknown(HanbokError):
    code = "grant_unknown"
    message = Text(ko="조직에 그런 역할 부여가 없습니다", en="the organisation has no such grant")
    hint = Text(ko="`hanbok role list`로 확인하십시오.", en="`hanbok role list` shows all.")


class GrantExists(HanbokError):
    code = "grant_exists"
    message = Text(ko="그 사람은 이미 {role} 역할입니다", en="that person has the role {role} already")
    hint = Text(ko="바꿀 것이 없습니다.", en="There is nothing to change.")


class ReasonMissing(HanbokError):
    code = "reason_missing"
    message = Text(ko="까닭을 적어야 합니다", en="a reason must be given")
    hint = Text(
        ko="누가, 언제, 왜 바꾸었는지 3년 동안 보관합니다(안전성 확보조치 기준 제5조).",
        en="Who changed it, when and why is kept for three years (safety measures notice art. 5).",
    )


class RoleImplied(HanbokError):
    code = "role_implied"
    message = Text(
        ko="등록된 사람은 모두 member입니다: 따로 주지 않습니다",
        en="every person is a member: it is not granted",
    )
    hint = Text(ko="거두려면 그 사람을 끝내십시오.", en="To take it away, end the person.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role in force."""

    id: str
    organisation: str
    person: str
    role: Role
    scope: Scope
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChange:
    """One line of the history."""

    id: int
    at: str
    organisation: str
    person: str
    role: Role
    scope: Scope
    change: str
    actor: str
    reason: str


class People:
    """All methods block: call them in a thread. `actor` names who asked, for the log and the history.

    A `check` gets what is there, in the transaction of the change, and may raise to stop it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, organisation: str, kind: PartyKind, party: str, *, actor: str, name: str = "", team: str = ""
    ) -> Party:
        """Enter one. Raises OrganisationUnknown, PartyExists, InvalidPartyId, PartyUnknown (its team)."""
        try:
            with self._store.write() as connection:
                _needs_organisation(connection, organisation)
                if find_party(connection, organisation, kind, party):
                    raise PartyExists(kind=KINDS[kind])
                new = Party(
                    organisation=organisation,
                    kind=kind,
                    id=party,
                    name=name or party,
                    team=team,
                    created=stamp(),
                )
                return insert_party(connection, new, actor)
        except IntegrityError as error:  # another process was a moment faster
            raise PartyExists(kind=KINDS[kind]) from error

    def change(
        self,
        organisation: str,
        kind: PartyKind,
        party: str,
        *,
        actor: str,
        name: str | None = None,
        team: str | None = None,
        check: Callable[[Party], None] | None = None,
    ) -> Party:
        """Change the name or the team. Raises PartyUnknown, PartyEnded."""
        with self._store.write() as connection:
            _lock(connection, organisation, kind, party)
            now = living_party(connection, organisation, kind, party)
            if check is not None:
                check(now)
            if team:
                living_party(connection, organisation, PartyKind.TEAM, team)
            new = replace(
                now, name=now.name if name is None else name, team=now.team if team is None else team
            )
            values = {"name": new.name, "team": new.team}
            connection.execute(update(parties).where(_is(now)).values(values))
            changed = ", ".join(one for one in values if getattr(now, one) != getattr(new, one))
            facts = {"changed": changed, "team": new.team}
            record_change(connection, actor, f"{kind}.change", party, facts, organisation=organisation)
        return new

    def end(
        self,
        organisation: str,
        kind: PartyKind,
        party: str,
        *,
        actor: str,
        reason: str,
        check: Callable[[Party], None] | None = None,
    ) -> Party:
        """End one for good: its keys are refused within a second, and a person's roles are revoked. Raises
        PartyUnknown, PartyEnded, ReasonMissing.
        """
        with self._store.write() as connection:
            _lock(connection, organisation, kind, party)
            now = living_party(connection, organisation, kind, party)
            if check is not None:
                check(now)
            at = stamp()
            connection.execute(update(parties).where(_is(now)).values(ended=at))
            if kind is PartyKind.PERSON:
                for row in connection.execute(_grants_of(organisation, party)).all():
                    _change(connection, _grant(row), _REVOKE, actor, reason)
            facts = {"reason_sha256": _digest(reason)}
            record_change(connection, actor, f"{kind}.end", party, facts, organisation=organisation)
        return replace(now, ended=time_of(at))

    def party(self, organisation: str, kind: PartyKind, party: str) -> Party:
        """Return one, ended or not. Raises PartyUnknown."""
        with self._store.read() as connection:
            found = find_party(connection, organisation, kind, party)
        if found is None:
            raise PartyUnknown(kind=KINDS[kind])
        return found

    def parties(self, organisation: str, kind: PartyKind, *, after: str = "", limit: int = -1) -> list[Party]:
        """Return those of an organisation by id, from behind `after` on. Raises OrganisationUnknown."""
        query = select(parties).where(parties.c.organisation == organisation, parties.c.kind == kind)
        query = query.where(parties.c.id > after).order_by(parties.c.id)
        with self._store.read() as connection:
            _needs_organisation(connection, organisation)
            rows = connection.execute(query.limit(limit) if limit >= 0 else query)
            return [party_of(row) for row in rows]

    def grant(
        self, organisation: str, person: str, role: Role, *, scope: Scope, actor: str, reason: str
    ) -> Grant:
        """Give a person a role. Raises PartyUnknown, PartyEnded, GrantExists, ReasonMissing, RoleImplied."""
        if role is Role.MEMBER:
            raise RoleImplied
        new = Grant(
            id=f"grant_{secrets.token_hex(6)}",
            organisation=organisation,
            person=person,
            role=role,
            scope=scope,
            created=stamp(),
        )
        try:
            with self._store.write() as connection:
                _lock(connection, organisation, PartyKind.PERSON, person)
                living_party(connection, organisation, PartyKind.PERSON, person)
                _change(connection, new, _GRANT, actor, reason)
        except IntegrityError as error:
            raise GrantExists(role=role) from error
        return new

    def revoke(
        self,
        organisation: str,
        grant: str,
        *,
        actor: str,
        reason: str,
        check: Callable[[Grant], None] | None = None,
    ) -> Grant:
        """Take a role away; it is gone within a second. Raises GrantUnknown, ReasonMissing."""
        with self._store.write() as connection:
            found = _find_grant(connection, organisation, grant)
            if check is not None:
                check(found)
            _change(connection, found, _REVOKE, actor, reason)
        return found

    def grants(self, organisation: str | None = None, person: str | None = None) -> list[Grant]:
        """Return the roles in force, of everyone, an organisation or a person."""
        query = select(grants).order_by(grants.c.organisation, grants.c.person, grants.c.role, grants.c.scope)
        if organisation is not None:
            query = query.where(grants.c.organisation == organisation)
        if person is not None:
            query = query.where(grants.c.person == person)
        with self._store.read() as connection:
            return [_grant(row) for row in connection.execute(query)]

    def history(
        self, organisation: str | None = None, *, person: str | None = None, after: int = 0, limit: int = -1
    ) -> list[RoleChange]:
        """Return every change of roles, oldest first, from behind line `after` on."""
        query = select(role_history).where(role_history.c.id > after).order_by(role_history.c.id)
        if organisation is not None:
            query = query.where(role_history.c.organisation == organisation)
        if person is not None:
            query = query.where(role_history.c.person == person)
        with self._store.read() as connection:
            rows = connection.execute(query.limit(limit) if limit >= 0 else query)
            return [_role_change(row) for row in rows]


def _change(connection: Connection, grant: Grant, change: str, actor: str, reason: str) -> None:
    """Put a grant in force or out of it, with its line in the history and its act."""
    if not reason.strip():
        raise ReasonMissing
    facts = {
        "organisation": grant.organisation,
        "person": grant.person,
        "role": str(grant.role),
        "scope": str(grant.scope),
    }
    if change == _GRANT:
        connection.execute(insert(grants).values(id=grant.id, created=grant.created, **facts))
    elif not connection.execute(delete(grants).where(grants.c.id == grant.id)).rowcount:
        raise GrantUnknown
    line = {"at": stamp(), "change": change, "actor": str(actor), "reason": reason}
    connection.execute(insert(role_history).values(line | facts))
    told = {"grant": grant.id, "reason_sha256": _digest(reason)}
    record_change(
        connection,
        actor,
        f"role.{change}",
        grant.person,
        told,
        organisation=grant.organisation,
        deed=partial(AdminAct, role=str(grant.role), scope=str(grant.scope)),
    )


def _needs_organisation(connection: Connection, organisation: str) -> None:
    if not connection.execute(select(organisations.c.id).where(organisations.c.id == organisation)).first():
        raise OrganisationUnknown(organisation=organisation)


def _find_grant(connection: Connection, organisation: str, grant: str) -> Grant:
    mine = select(grants).where(grants.c.id == grant, grants.c.organisation == organisation)
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise GrantUnknown
    return _grant(row)


def _lock(connection: Connection, organisation: str, kind: PartyKind, party: str) -> None:
    """Let nobody else change it until the transaction ends, where writers do not wait anyway (PostgreSQL)."""
    mine = (parties.c.organisation == organisation) & (parties.c.kind == kind) & (parties.c.id == party)
    connection.execute(select(parties.c.id).where(mine).with_for_update())


def _is(party: Party) -> Any:  # noqa: ANN401 -- a condition of SQLAlchemy
    same = (parties.c.organisation == party.organisation) & (parties.c.kind == party.kind)
    return same & (parties.c.id == party.id)


def _grants_of(organisation: str, person: str) -> Any:  # noqa: ANN401 -- as above
    return select(grants).where(grants.c.organisation == organisation, grants.c.person == person)


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        organisation=row.organisation,
        person=row.person,
        role=Role(row.role),
        scope=Scope(row.scope),
        created=row.created,
    )


def _role_change(row: Row[Any]) -> RoleChange:
    fields = {name: getattr(row, name) for name in ("id", "at", "organisation", "person", "change", "actor")}
    return RoleChange(role=Role(row.role), scope=Scope(row.scope), reason=row.reason, **fields)


def _digest(reason: str) -> str:
    """Reasons are people's words: the log holds what binds them, the history holds them."""
    return sha256(reason.encode()).hexdigest()
