"""What the administration takes and gives, as JSON. Money is in micro-won: whole millionths of a won."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hanbok.policy.approval import Approval
from hanbok.policy.key import Limits
from hanbok.policy.organisations import KeyCard, Organisation
from hanbok.policy.parties import Party
from hanbok.policy.people import Grant, RoleChange

_LINE = r"^[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]*$"
_WORDS = r"^[^\u0000\ud800-\udfff]*\S[^\u0000\ud800-\udfff]*$"
Line = Annotated[str, Meta(max_length=200, pattern=_LINE)]
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
Reason = Annotated[str, Meta(min_length=1, max_length=2000, pattern=_WORDS, description="Why; kept with it.")]
Note = Annotated[str, Meta(max_length=2000, pattern=r"^[^\u0000\ud800-\udfff]*$")]
Won = Annotated[int, Meta(ge=0, le=10**17, description="micro-won")]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Tokens = Annotated[int, Meta(ge=0, le=10**12)]
Cursor = Annotated[str, Meta(max_length=1000, description="The `next` of the page before.")]
Size = Annotated[int, Meta(ge=1, le=200, description="How many at most.")]
RoleName = Literal["admin", "operator", "compliance", "auditor"]
ScopeName = Literal["organisation", "platform"]


class Shown(Struct, frozen=True, kw_only=True):
    """What is given."""


class Taken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is taken."""


class Paging(Taken, frozen=True, kw_only=True):
    cursor: Cursor = ""
    limit: Size = 50


class NewOrganisation(Taken, frozen=True, kw_only=True):
    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    name: Line = ""


class Name(Taken, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]


class OrganisationLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an organisation as a whole may spend. Null: no limit."""

    won_per_day: Won | None = None
    won_per_month: Won | None = None


class OrganisationView(Shown, frozen=True, kw_only=True):
    id: str
    name: str
    created: str
    limits: OrganisationLimits

    @classmethod
    def of(cls, one: Organisation) -> "OrganisationView":
        return cls(id=one.id, name=one.name, created=one.created, limits=limits_of(one.limits))


def limits_of(limits: Limits) -> OrganisationLimits:
    """Return the money of limits as it is shown."""
    return OrganisationLimits(won_per_day=limits.won_per_day, won_per_month=limits.won_per_month)


class NewParty(Taken, frozen=True, kw_only=True):
    id: Id
    name: Line = ""
    team: Line = ""


class PartyChange(Taken, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)] | UnsetType = UNSET
    team: Line | UnsetType = UNSET


class Why(Taken, frozen=True, kw_only=True):
    reason: Reason


class PartyView(Shown, frozen=True, kw_only=True):
    organisation: str
    kind: str
    id: str
    name: str
    team: str
    created: str
    ended: datetime | None

    @classmethod
    def of(cls, one: Party) -> "PartyView":
        return cls(
            organisation=one.organisation,
            kind=str(one.kind),
            id=one.id,
            name=one.name,
            team=one.team,
            created=one.created,
            ended=one.ended,
        )


class KeyLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key may use. Null: no limit."""

    requests_per_minute: Count | None = None
    tokens_per_minute: Tokens | None = None
    concurrency: Count | None = None
    won_per_day: Won | None = None
    won_per_month: Won | None = None

    def made(self) -> Limits:
        """Return the limits themselves."""
        return Limits(
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
            concurrency=self.concurrency,
            won_per_day=self.won_per_day,
            won_per_month=self.won_per_month,
        )


class NewKeyOf(Taken, frozen=True, kw_only=True):
    """Whom it names must have been entered before."""

    name: Line = ""
    team: Line = ""
    person: Line = ""
    application: Line = ""
    models: Annotated[list[Line], Meta(max_length=100, description="Names it may ask; empty: all.")] = []
    limits: KeyLimits = KeyLimits()
    expires: Annotated[datetime, Meta(tz=True)] | None = None


class KeyChange(Taken, frozen=True, kw_only=True):
    name: Line | UnsetType = UNSET
    limits: KeyLimits | UnsetType = UNSET


class KeyView(Shown, frozen=True, kw_only=True):
    """A key without its secret, which is kept nowhere."""

    id: str
    organisation: str
    name: str
    team: str
    person: str
    application: str
    models: list[str]
    limits: KeyLimits
    created: str
    expires: datetime | None
    revoked: datetime | None

    @classmethod
    def of(cls, card: KeyCard) -> "KeyView":
        one, who, limits = card.key, card.key.principal, card.key.limits
        return cls(
            id=one.id,
            organisation=who.organisation,
            name=card.name,
            team=who.team,
            person=who.person,
            application=who.application,
            models=sorted(one.models),
            limits=KeyLimits(
                requests_per_minute=limits.requests_per_minute,
                tokens_per_minute=limits.tokens_per_minute,
                concurrency=limits.concurrency,
                won_per_day=limits.won_per_day,
                won_per_month=limits.won_per_month,
            ),
            created=card.created,
            expires=one.expires,
            revoked=one.revoked,
        )


class MadeKey(Shown, frozen=True, kw_only=True):
    """The only time that the secret is shown."""

    key: KeyView
    secret: str


class NewGrant(Taken, frozen=True, kw_only=True):
    person: Id
    role: RoleName
    reason: Reason
    scope: ScopeName = "organisation"


class GrantView(Shown, frozen=True, kw_only=True):
    id: str
    organisation: str
    person: str
    role: str
    scope: str
    created: str

    @classmethod
    def of(cls, one: Grant) -> "GrantView":
        return cls(
            id=one.id,
            organisation=one.organisation,
            person=one.person,
            role=str(one.role),
            scope=str(one.scope),
            created=one.created,
        )


class RoleChangeView(Shown, frozen=True, kw_only=True):
    at: str
    organisation: str
    person: str
    role: str
    scope: str
    change: str
    actor: str
    reason: str

    @classmethod
    def of(cls, one: RoleChange) -> "RoleChangeView":
        return cls(
            at=one.at,
            organisation=one.organisation,
            person=one.person,
            role=str(one.role),
            scope=str(one.scope),
            change=one.change,
            actor=one.actor,
            reason=one.reason,
        )


class NewApproval(Taken, frozen=True, kw_only=True):
    """`arguments` say what exactly would be done, by ids and digests: never contents."""

    kind: Annotated[str, Meta(min_length=1, max_length=32, pattern=_LINE)]
    arguments: dict[Line, str | int | bool | list[str] | None]
    reason: Reason


class Decision(Taken, frozen=True, kw_only=True):
    note: Note = ""


class ApprovalQuery(Paging, frozen=True, kw_only=True):
    state: Literal["", "waiting", "approved", "declined", "withdrawn", "used"] = ""


class ApprovalView(Shown, frozen=True, kw_only=True):
    id: str
    kind: str
    organisation: str
    requester: str
    arguments: Raw
    digest: str
    reason: str
    created: datetime
    expires: datetime
    state: str
    decider: str
    note: str
    decided: datetime | None
    used: datetime | None

    @classmethod
    def of(cls, one: Approval) -> "ApprovalView":
        fields: dict[str, Any] = {
            name: getattr(one, name) for name in cls.__struct_fields__ if name != "arguments"
        }
        return cls(arguments=Raw(one.arguments.encode()), **fields)
