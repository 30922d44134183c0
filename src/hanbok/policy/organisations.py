"""The register of organisations and their keys: what `hanbok org` and `hanbok key` do.

Every change and the act that tells of it are one transaction; the act reaches the evidence log by the outbox.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon, Principal, Text
from hanbok.evidence.entry import Act
from hanbok.evidence.outbox import put
from hanbok.policy.key import Key, Limits
from hanbok.policy.keyring import Snapshot
from hanbok.policy.ledger import day_of
from hanbok.policy.secret import digest_of, new_secret
from hanbok.store.database import Store
from hanbok.store.tables import keys, marks, organisations, spend

_VERSION = "keys"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made. `secret` is shown once and kept nowhere."""

    key: Key
    secret: str


class Spent(NamedTuple):
    today: MicroWon = 0
    this_month: MicroWon = 0


class Register:
    """All methods block: call them in a thread. `actor` names who asked, for the log."""

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

    def rename_organisation(self, organisation: str, name: str, *, actor: str) -> None:
        """Change the name that people see. Raises OrganisationUnknown."""
        with self._store.write() as connection:
            change = update(organisations).where(organisations.c.id == organisation).values(name=name)
            if not connection.execute(change).rowcount:
                raise OrganisationUnknown(organisation=organisation)
            _record(connection, actor, "organisation.rename", organisation, {"name": name})

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
    ) -> NewKey:
        """Make a key for `who` (its `key` is chosen here). Raises OrganisationUnknown."""
        new = _new_key(who, models=frozenset(models), limits=limits or Limits(), expires=expires)
        with self._store.write() as connection:
            _add_key(connection, new.key, name, actor)
        return new

    def rename_key(self, key: str, name: str, *, actor: str) -> None:
        """Change the name that administrators see. Raises KeyNotFound."""
        with self._store.write() as connection:
            if not connection.execute(update(keys).where(keys.c.id == key).values(name=name)).rowcount:
                raise KeyNotFound(key=key)
            _record(connection, actor, "key.rename", key, {"name": name})

    def revoke_key(self, key: str, *, actor: str) -> bool:
        """End a key for good; servers refuse it within a second. False if it was revoked before. Raises KeyNotFound."""
        with self._store.write() as connection:
            row = connection.execute(select(keys.c.revoked).where(keys.c.id == key)).one_or_none()
            if row is None:
                raise KeyNotFound(key=key)
            if row.revoked:
                return False
            connection.execute(update(keys).where(keys.c.id == key).values(revoked=stamp()))
            _record(connection, actor, "key.revoke", key, {})
            return True

    def cards(self, organisation: str | None = None) -> list[KeyCard]:
        """Return all keys, or those of one organisation, oldest first."""
        query = select(keys).order_by(keys.c.created, keys.c.id)
        if organisation is not None:
            query = query.where(keys.c.organisation == organisation)
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        return [KeyCard(key=_key(row), name=row.name, created=row.created) for row in rows]

    def bootstrap(self, *, actor: str = "hanbok") -> NewKey | None:
        """On a first run, when there is no organisation, create `default` with one key; else None."""
        with self._store.write() as connection:
            if connection.execute(select(func.count()).select_from(organisations)).scalar():
                return None
            _add_organisation(connection, "default", "기본 조직", Limits(), actor)
            new = _new_key(Principal(organisation="default", key=""))
            _add_key(connection, new.key, "첫 키", actor)
        return new

    def spending(self, moment: datetime, by: Literal["key", "organisation"]) -> dict[str, Spent]:
        """Return what each key or organisation spent on the Korean day and in the month of `moment`.

        As of the server's latest flush, a few seconds ago.
        """
        today = day_of(moment)
        column = spend.c.key if by == "key" else spend.c.organisation
        on_the_day = func.sum(case((spend.c.day == today, spend.c.won), else_=0))
        query = (
            select(column, on_the_day, func.sum(spend.c.won))
            .where(spend.c.day.between(today[:7], today))
            .group_by(column)
        )
        with self._store.read() as connection:
            return {name: Spent(int(day), int(month)) for name, day, month in connection.execute(query)}

    def version(self) -> int:
        """Return the number of the latest change."""
        with self._store.read() as connection:
            return _version(connection)

    def snapshot(self) -> Snapshot:
        """Return what a KeyRing needs."""
        with self._store.read() as connection:
            return Snapshot(
                version=_version(connection),
                keys=[_key(row) for row in connection.execute(select(keys))],
                organisations={
                    row.id: _organisation(row).limits for row in connection.execute(select(organisations))
                },
            )


def _new_key(
    who: Principal,
    *,
    models: frozenset[str] = frozenset(),
    limits: Limits | None = None,
    expires: datetime | None = None,
) -> NewKey:
    secret, key = new_secret(), f"key_{secrets.token_hex(6)}"
    return NewKey(
        key=Key(
            id=key,
            digest=digest_of(secret),
            principal=replace(who, key=key),
            models=models,
            limits=limits or Limits(),
            expires=expires,
        ),
        secret=secret,
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
    _record(connection, actor, "organisation.create", organisation, {"name": name} | _facts(limits))
    return new


def _add_key(connection: Connection, key: Key, name: str, actor: str) -> None:
    who, limits = key.principal, key.limits
    if not connection.execute(
        select(organisations.c.id).where(organisations.c.id == who.organisation)
    ).first():
        raise OrganisationUnknown(organisation=who.organisation)
    expires = _moment(key.expires)
    connection.execute(
        insert(keys).values(
            id=key.id,
            digest=key.digest,
            organisation=who.organisation,
            name=name,
            team=who.team,
            person=who.person,
            application=who.application,
            models=msgspec.json.encode(sorted(key.models)).decode(),
            requests_per_minute=limits.requests_per_minute,
            concurrency=limits.concurrency,
            won_per_day=limits.won_per_day,
            won_per_month=limits.won_per_month,
            created=stamp(),
            expires=expires,
        )
    )
    facts = {
        "organisation": who.organisation,
        "name": name,
        "team": who.team,
        "person": who.person,
        "application": who.application,
        "models": ", ".join(sorted(key.models)),
        "expires": expires or "",
    }
    _record(connection, actor, "key.create", key.id, {k: v for k, v in facts.items() if v} | _facts(limits))


def _record(connection: Connection, actor: str, verb: str, thing: str, facts: dict[str, str]) -> None:
    """Tell the log, by the outbox, and the key rings, by the version."""
    put(connection, Act(at=stamp(), actor=actor, verb=verb, object=thing, facts=facts))
    connection.execute(update(marks).where(marks.c.name == _VERSION).values(value=marks.c.value + 1))


def _facts(limits: Limits) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(limits).items() if value is not None}


def _version(connection: Connection) -> int:
    return int(connection.execute(select(marks.c.value).where(marks.c.name == _VERSION)).scalar_one())


def _organisation(row: Row[Any]) -> Organisation:
    limits = Limits(won_per_day=row.won_per_day, won_per_month=row.won_per_month)
    return Organisation(id=row.id, name=row.name, created=row.created, limits=limits)


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        digest=row.digest,
        principal=Principal(
            organisation=row.organisation,
            key=row.id,
            team=row.team,
            person=row.person,
            application=row.application,
        ),
        models=frozenset(msgspec.json.decode(row.models, type=list[str])),
        limits=Limits(
            requests_per_minute=row.requests_per_minute,
            concurrency=row.concurrency,
            won_per_day=row.won_per_day,
            won_per_month=row.won_per_month,
        ),
        expires=_time(row.expires),
        revoked=_time(row.revoked),
    )


def _moment(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat(timespec="microseconds") if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
