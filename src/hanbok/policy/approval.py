"""A request for approval, and the leave that comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy import Row

from hanbok.policy.approval_errors import ArgumentsUnfit

_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request and what became of it. Persons are named as `organisation/person`."""

    id: str
    kind: str
    organisation: str
    requester: str
    arguments: str
    """Canonical JSON: what exactly would be done."""
    digest: str
    reason: str
    created: datetime
    expires: datetime
    state: str
    decider: str
    note: str
    decided: datetime | None
    used: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The leave to do one thing once, for the entry that tells of it."""

    id: str
    """Empty where the installation asks for no second person."""
    requester: str
    approvers: tuple[str, ...]


def canonical(arguments: Mapping[str, object]) -> str:
    """Return arguments as JSON that is the same for the same values. Raises ArgumentsUnfit."""
    try:
        text = msgspec.json.encode(arguments, order="sorted").decode()
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise ArgumentsUnfit(longest=_LONGEST) from error
    if len(text) > _LONGEST:
        raise ArgumentsUnfit(longest=_LONGEST)
    return text


def digest(arguments: Mapping[str, object]) -> str:
    """Return the SHA-256 of the arguments' canonical JSON, hex."""
    return sha256(canonical(arguments).encode()).hexdigest()


def approval_of(row: Row[Any]) -> Approval:
    """Return what a row holds."""
    return Approval(
        id=row.id,
        kind=row.kind,
        organisation=row.organisation,
        requester=party_name(row.requester_organisation, row.requester),
        arguments=row.arguments,
        digest=row.digest,
        reason=row.reason,
        created=datetime.fromisoformat(row.created),
        expires=datetime.fromisoformat(row.expires),
        state=row.state,
        decider=party_name(row.decider_organisation, row.decider) if row.decider else "",
        note=row.note,
        decided=datetime.fromisoformat(row.decided) if row.decided else None,
        used=datetime.fromisoformat(row.used) if row.used else None,
    )


def party_name(organisation: str, person: str) -> str:
    """Return how a person is named outside their organisation."""
    return f"{organisation}/{person}"
