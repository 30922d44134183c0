"""The register of organisations and their keys: what `hanbok org` and `hanbok key` do.

Every change and the act that tells of it are one transaction; the act reaches the evidence log by the outbox.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from hanbok.core.clock import stamp, written
from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon, Principal, Text
from hanbok.policy.key import Key, Limits
from hanbok.policy.key_records import (
    NewKey,
    Standing,
    budgets_in,
    facts_of,
    facts_of_limits,
    insert_key,
    make_key,
    standing,
    time_of,
)
from hanbok.policy.keyring import Snapshot
from hanbok.policy.ledger import day_of
from hanbok.policy.parties import keep_parties
from hanbok.policy.recording import VERSION, record_change
from hanbok.policy.spending import sums
from hanbok.store.database import Store
from hanbok.store.tables import keys, marks, organisations, spend

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_USE_NOTED_EVERY = timedelta(minutes=1)


class OrganisationExists(HanbokError):
    code = "organisation_exists"
    message = Text(
        ko="조직 {organisation!r}이(가) 이미 있습니다", en="organisation {organisation!r} exists already"
    )
    hint = Text(ko="다른 식별자를 쓰십시오.", en="Use another id.")


class OrganisationUnknown(HanbokError):
    code = "organisation_unknown"
    message = Text(ko="조직 {organisation!r}이(가) 없습니다", en="there is no organisation {organisation!r}")
    hint = Text(ko="`hanbok org list`로 확인하십시오.", en="`hanbok org list` shows all.")


class InvalidId(HanbokError):
    code = "invalid_id"
    message = Text(ko="{id!r}은(는) 식별자로 쓸 수 없습니다", en="{id!r} cannot be an id")
    hint = Text(
        ko="영어 소문자와 숫자, 붙임표로 63자까지 쓸 수 있습니다.",
        en="Use up to 63 lower-case letters, digits and hyphens.",
    )


class KeyNotFound(HanbokError):
    code = "key_not_found"
    message = Text(ko="키 {key!r}이(가) 없습니다", en="there is no key {key!r}")
    hint = Text(ko="`hanbok key list`로 확인하십시오.", en="`hanbok key list` shows all.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    id: str
    name: str
    created: str
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCard:
    """A key and what only administrators see of it."""

    key: Key
    name: str
    created: str
    issuer: str = ""
    """Id of the key that made it; empty: made on the machine itself."""
    used: datetime | None = None
    """When it last opened the administration, to the minute."""


class Spent(NamedTuple):
    today: MicroWon = 0
    this_month: MicroWon = 0


class Register:
    """All methods block: call them in a thread. `actor` names who asked, for the log.

    A `check` gets what is there, in the transaction of the change, and may raise to stop it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_organisation(
        self, organisation: str, *, actor: str, name: str = "", limits: Limits | None = None
    ) -> Organisation:
        """Add an organisation. Raises InvalidId, OrganisationExists."""
        limits = limits or Limits()
        try:
            with self._store.write() as connection:
                return _add_organisation(connection, organisation, name or organisation, limits, actor)
        except IntegrityError as error:  # another process was a moment faster
            raise OrganisationExists(organisation=organisation) from error

    def rename_organisation(
        self, organisation: str, name: str, *, actor: str, check: Callable[[Organisation], None] | None = None
    ) -> Organisation:
        """Change the name that people see. Raises OrganisationUnknown."""
        with self._store.write() as connection:
            now = _find(connection, organisation, check)
            change = update(organisations).where(organisations.c.id == organisation).values(name=name)
            connection.execute(change)
            record_change(
                connection,
                actor,
                "organisation.rename",
                organisation,
                {"name": name},
                organisation=organisation,
            )
        return replace(now, name=name)

    def limit_organisation(
        self,
        organisation: str,
        limits: Limits,
        *,
        actor: str,
        check: Callable[[Organisation], None] | None = None,
    ) -> Organisation:
        """Change what the organisation as a whole may spend. Raises OrganisationUnknown."""
        with self._store.write() as connection:
            now = _find(connection, organisation, check)
            change = update(organisations).where(organisations.c.id == organisation)
            money = {"won_per_day": limits.won_per_day, "won_per_month": limits.won_per_month}
            connection.execute(change.values(money))
            facts = facts_of_limits(limits)
            record_change(
                connection, actor, "organisation.limit", organisation, facts, organisation=organisation
            )
        return replace(now, limits=limits)

    def organisation(self, organisation: str) -> Organisation:
        """Return one organisation. Raises OrganisationUnknown."""
        with self._store.read() as connection:
            return _find(connection, organisation)

    def organisations(self) -> list[Organisation]:
        """Return all organisations by id."""
        with self._store.read() as connection:
            return [_organisation(row) for row in connection.execute(select(organisations).order_by("id"))]

    def create_key(
        self,
        who: Principal,
        *,
        actor: str,
        name: str = "",
        models: Iterable[str] = (),
        limits: Limits | None = None,
        expires: datetime | None = None,
        issuer: str = "",
    ) -> NewKey:
        """Make a key for `who` (its `key` is chosen here); a team, person or application that is new is entered.

        `issuer` is the id of the key that asks for it. Raises OrganisationUnknown, InvalidPartyId, PartyEnded.
        """
        new = make_key(who, models=frozenset(models), limits=limits or Limits(), expires=expires)
        with self._store.write() as connection:
            return _add_key(connection, new, name, actor, issuer)

    def rename_key(self, key: str, name: str, *, actor: str) -> None:
        """Change the name that administrators see. Raises KeyNotFound."""
        self.change_key(key, actor=actor, name=name)

    def change_key(
        self,
        key: str,
        *,
        actor: str,
        name: str | None = None,
        limits: Limits | None = None,
        check: Callable[[KeyCard], None] | None = None,
    ) -> KeyCard:
        """Change a key's name or limits. Raises KeyNotFound."""
        with self._store.write() as connection:
            card = _find_card(connection, key, lock=True)
            if check is not None:
                check(card)
            organisation = card.key.principal.organisation
            if name is not None:
                connection.execute(update(keys).where(keys.c.id == key).values(name=name))
                record_change(connection, actor, "key.rename", key, {"name": name}, organisation=organisation)
            if limits is not None:
                values = {field: getattr(limits, field) for field in Limits.__slots__}
                connection.execute(update(keys).where(keys.c.id == key).values(values))
                facts = facts_of_limits(limits)
                record_change(connection, actor, "key.limit", key, facts, organisation=organisation)
            return _find_card(connection, key)

    def revoke_key(
        self, key: str, *, actor: str, reason: str = "", check: Callable[[KeyCard], None] | None = None
    ) -> bool:
        """End a key for good; servers refuse it within a second. False if it was revoked before. Raises KeyNotFound."""
        with self._store.write() as connection:
            card = _find_card(connection, key, lock=True)
            if check is not None:
                check(card)
            fresh = update(keys).where(keys.c.id == key, keys.c.revoked.is_(None)).values(revoked=stamp())
            if not connection.execute(fresh).rowcount:
                return False
            organisation = card.key.principal.organisation
            record_change(connection, actor, "key.revoke", key, {"reason": reason}, organisation=organisation)
            return True

    def rotate_key(self, key: str, *, actor: str) -> NewKey:
        """Put a new key with the same properties in the place of one, which ends now. Raises KeyNotFound.

        The new one keeps the old one's issuer: whoever made a person's first key may know the ones after it.
        """
        with self._store.write() as connection:
            card = _find_card(connection, key, lock=True)
            if card.key.revoked is not None:
                raise KeyNotFound(key=key)
            old = card.key
            new = make_key(old.principal, models=old.models, limits=old.limits, expires=old.expires)
            connection.execute(update(keys).where(keys.c.id == key).values(revoked=stamp()))
            organisation = old.principal.organisation
            record_change(
                connection, actor, "key.revoke", key, {"reason": "rotated"}, organisation=organisation
            )
            return _add_key(connection, new, card.name, actor, card.issuer)

    def card(self, key: str) -> KeyCard:
        """Return one key. Raises KeyNotFound."""
        with self._store.read() as connection:
            return _find_card(connection, key)

    def cards(self, organisation: str | None = None) -> list[KeyCard]:
        """Return all keys, or those of one organisation, oldest first."""
        query = select(keys).order_by(keys.c.created, keys.c.id)
        if organisation is not None:
            query = query.where(keys.c.organisation == organisation)
        with self._store.read() as connection:
            records = standing(connection)
            return [_card(row, records) for row in connection.execute(query)]

    def note_use(self, key: str, at: datetime) -> None:
        """Note that a key opens the administration now."""
        moment = at.astimezone(UTC)
        stale = written(moment - _USE_NOTED_EVERY)
        values = {"used": written(moment)}
        change = update(keys).where(keys.c.id == key, keys.c.used.is_(None) | (keys.c.used < stale))
        with self._store.read() as connection:
            noted = connection.execute(select(keys.c.used).where(keys.c.id == key)).scalar()
        if noted is None or noted < stale:
            with self._store.write() as connection:
                connection.execute(change.values(values))

    def bootstrap(self, *, actor: str = "hanbok") -> NewKey | None:
        """On a first run, when there is no organisation, create `default` with one key; else None."""
        try:
            with self._store.write() as connection:
                if connection.execute(select(func.count()).select_from(organisations)).scalar():
                    return None
                _add_organisation(connection, "default", "기본 조직", Limits(), actor)
                new = make_key(Principal(organisation="default", key=""))
                return _add_key(connection, new, "첫 키", actor, "")
        except IntegrityError:
            return None  # another server that began at the same moment did

    def spending(self, moment: datetime, by: Literal["key", "organisation"]) -> dict[str, Spent]:
        """Return what each key or organisation spent on the Korean day and in the month of `moment`.

        As of the server's latest flush, a few seconds ago.
        """
        query = sums(spend, day_of(moment), spend.c.key if by == "key" else spend.c.organisation)
        with self._store.read() as connection:
            return {name: Spent(int(day), int(month)) for name, day, month in connection.execute(query)}

    def version(self) -> int:
        """Return the number of the latest change."""
        with self._store.read() as connection:
            return _version(connection)

    def snapshot(self) -> Snapshot:
        """Return what a KeyRing needs."""
        with self._store.read() as connection:
            records = standing(connection)
            return Snapshot(
                version=_version(connection),
                keys=[records.key_of(row) for row in connection.execute(select(keys))],
                budgets=budgets_in(connection),
            )


def _add_organisation(
    connection: Connection, organisation: str, name: str, limits: Limits, actor: str
) -> Organisation:
    if not _ID.fullmatch(organisation):
        raise InvalidId(id=organisation)
    if connection.execute(select(organisations.c.id).where(organisations.c.id == organisation)).first():
        raise OrganisationExists(organisation=organisation)
    new = Organisation(id=organisation, name=name, created=stamp(), limits=limits)
    connection.execute(
        insert(organisations).values(
            id=organisation,
            name=name,
            created=new.created,
            won_per_day=limits.won_per_day,
            won_per_month=limits.won_per_month,
        )
    )
    facts = {"name": name} | facts_of_limits(limits)
    record_change(connection, actor, "organisation.create", organisation, facts, organisation=organisation)
    return new


def _add_key(connection: Connection, new: NewKey, name: str, actor: str, issuer: str) -> NewKey:
    key = new.key
    organisation = key.principal.organisation
    _find(connection, organisation)
    keep_parties(connection, key.principal, actor)
    insert_key(connection, key, name, issuer)
    record_change(connection, actor, "key.create", key.id, facts_of(key, name), organisation=organisation)
    return replace(new, key=replace(key, principal=standing(connection).with_roles(key.principal)))


def _find(
    connection: Connection, organisation: str, check: Callable[[Organisation], None] | None = None
) -> Organisation:
    query = select(organisations).where(organisations.c.id == organisation)
    # What is checked must not change before the transaction ends.
    row = connection.execute(query if check is None else query.with_for_update()).one_or_none()
    if row is None:
        raise OrganisationUnknown(organisation=organisation)
    found = _organisation(row)
    if check is not None:
        check(found)
    return found


def _find_card(connection: Connection, key: str, *, lock: bool = False) -> KeyCard:
    query = select(keys).where(keys.c.id == key)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise KeyNotFound(key=key)
    return _card(row, standing(connection))


def _card(row: Row[Any], records: Standing) -> KeyCard:
    return KeyCard(
        key=records.key_of(row),
        name=row.name,
        created=row.created,
        issuer=row.issuer,
        used=time_of(row.used),
    )


def _version(connection: Connection) -> int:
    return int(connection.execute(select(marks.c.value).where(marks.c.name == VERSION)).scalar_one())


def _organisation(row: Row[Any]) -> Organisation:
    limits = Limits(won_per_day=row.won_per_day, won_per_month=row.won_per_month)
    return Organisation(id=row.id, name=row.name, created=row.created, limits=limits)
