"""Rows of keys, and what the records say of those whom the keys belong to."""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import msgspec
from sqlalchemy import Connection, Row, insert, select

from hanbok.core.clock import stamp, written
from hanbok.core.values import Principal
from hanbok.policy.key import Key, Limits
from hanbok.policy.ledger import account_of
from hanbok.policy.secret import digest_of, new_secret
from hanbok.store.tables import budgets, grants, keys, organisations, parties

MEMBER = "member"
"""What every person is without a grant."""
_PLATFORM = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made. `secret` is shown once and kept nowhere."""

    key: Key
    secret: str


class _Party(NamedTuple):
    organisation: str
    kind: str
    id: str


_Roles: TypeAlias = Mapping[tuple[str, str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is there no longer, and who has which roles."""

    ended: Mapping[_Party, str] = field(default_factory=dict[_Party, str])
    roles: _Roles = field(default_factory=dict[tuple[str, str], frozenset[str]])
    platform: _Roles = field(default_factory=dict[tuple[str, str], frozenset[str]])

    def key_of(self, row: Row[Any]) -> Key:
        """Return the key of a row with the roles of its person; dead when one that it belongs to has ended."""
        who = Principal(
            organisation=row.organisation,
            key=row.id,
            team=row.team,
            person=row.person,
            application=row.application,
        )
        return Key(
            id=row.id,
            digest=row.digest,
            principal=self.with_roles(who),
            models=frozenset(msgspec.json.decode(row.models, type=list[str])),
            limits=limits_of(row),
            expires=time_of(row.expires),
            revoked=time_of(min(self._ends(who, row.revoked), default=None)),
        )

    def with_roles(self, who: Principal) -> Principal:
        """Return `who` with the roles that the records give the person now."""
        if not who.person:
            return replace(who, roles=frozenset[str](), platform=frozenset[str]())
        person = who.organisation, who.person
        own, platform = self.roles.get(person, frozenset()), self.platform.get(person, frozenset())
        return replace(who, roles=own | {MEMBER}, platform=platform)

    def _ends(self, who: Principal, revoked: str | None) -> list[str]:
        owners = {"team": who.team, "person": who.person, "application": who.application}
        ends = [self.ended.get(_Party(who.organisation, *owner)) for owner in owners.items()]
        return [end for end in (revoked, *ends) if end]


def standing(connection: Connection) -> Standing:
    """Return what the records say of everyone."""
    own, platform = defaultdict[tuple[str, str], set[str]](set), defaultdict[tuple[str, str], set[str]](set)
    for row in connection.execute(select(grants)):
        (platform if row.scope == _PLATFORM else own)[row.organisation, row.person].add(row.role)
    gone = select(parties.c.organisation, parties.c.kind, parties.c.id, parties.c.ended)
    return Standing(
        ended={
            _Party(row.organisation, row.kind, row.id): row.ended
            for row in connection.execute(gone.where(parties.c.ended.is_not(None)))
        },
        roles={person: frozenset(roles) for person, roles in own.items()},
        platform={person: frozenset(roles) for person, roles in platform.items()},
    )


def make_key(
    who: Principal,
    *,
    models: frozenset[str] = frozenset(),
    limits: Limits | None = None,
    expires: datetime | None = None,
) -> NewKey:
    """Make a key with a fresh secret and id; nothing is written yet."""
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


def insert_key(connection: Connection, key: Key, name: str, issuer: str) -> None:
    """Write the row of a new key. `issuer` is the id of the key that made it."""
    who, limits = key.principal, key.limits
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
            tokens_per_minute=limits.tokens_per_minute,
            concurrency=limits.concurrency,
            won_per_day=limits.won_per_day,
            won_per_month=limits.won_per_month,
            created=stamp(),
            expires=_text(key.expires),
            issuer=issuer,
        )
    )


def facts_of(key: Key, name: str) -> dict[str, str]:
    """Return what the log is told of a new key."""
    who = key.principal
    return {
        "name": name,
        "team": who.team,
        "person": who.person,
        "application": who.application,
        "models": ", ".join(sorted(key.models)),
        "expires": _text(key.expires) or "",
    } | facts_of_limits(key.limits)


def facts_of_limits(limits: Limits) -> dict[str, str]:
    """Return limits as facts for the log."""
    return {name: str(value) for name, value in asdict(limits).items() if value is not None}


def limits_of(row: Row[Any]) -> Limits:
    """Return the limits that a row of a key holds."""
    return Limits(
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
        concurrency=row.concurrency,
        won_per_day=row.won_per_day,
        won_per_month=row.won_per_month,
    )


def time_of(text: str | None) -> datetime | None:
    """Return the time that a column holds."""
    return datetime.fromisoformat(text) if text else None


def _text(time: datetime | None) -> str | None:
    return written(time) if time else None


def budgets_in(connection: Connection) -> Mapping[str, Limits]:
    """Return what each account may spend, but for those of keys."""
    columns = (organisations.c.won_per_day, organisations.c.won_per_month)
    wholes = connection.execute(select(organisations.c.id, *columns)).all()
    parts = connection.execute(
        select(budgets.c.account, budgets.c.won_per_day, budgets.c.won_per_month)
    ).all()
    named = [(account_of("organisation", name, ""), day, month) for name, day, month in wholes]
    named += [(account, day, month) for account, day, month in parts]
    return {name: Limits(won_per_day=day, won_per_month=month) for name, day, month in named}
