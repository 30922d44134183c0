"""What the administration shows of the log, of money and of the caller."""

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import Meta, to_builtins

from hanbok.evidence.entry import AnyEntry, Refusal
from hanbok.http.admin.views import Line, Paging, Shown
from hanbok.policy.audit import CallFound
from hanbok.policy.spending import SpentOnDay


class SpendQuery(Paging, frozen=True, kw_only=True):
    """Korean days; none: this month."""

    since: date | None = None
    until: date | None = None


class SpendView(Shown, frozen=True, kw_only=True):
    day: str
    key: str
    won: Annotated[int, Meta(description="micro-won")]
    calls: int

    @classmethod
    def of(cls, one: SpentOnDay) -> "SpendView":
        return cls(day=one.day, key=one.key, won=one.won, calls=one.calls)


class CallQuery(Paging, frozen=True, kw_only=True):
    since: Annotated[datetime, Meta(tz=True)] | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    person: Line = ""
    team: Line = ""
    application: Line = ""
    key: Line = ""
    kind: Annotated[Line, Meta(description="A kind of personal data, such as RRN.")] = ""


class ActQuery(Paging, frozen=True, kw_only=True):
    since: Annotated[datetime, Meta(tz=True)] | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    actor: Line = ""
    verb: Annotated[Line, Meta(description="Or how it begins: `role.`")] = ""


class CallView(Shown, frozen=True, kw_only=True):
    """A call: facts and digests, never what was said."""

    index: int
    call: str
    at: str
    key: str
    person: str
    team: str
    application: str
    origin: str
    route: str
    model: str
    grade: str
    findings: dict[str, int]
    status: str
    """`refused`, `under way`, or how it ended."""
    code: str
    endpoint: str
    form: str
    cost: int

    @classmethod
    def of(cls, found: CallFound) -> "CallView":
        began, outcome = found.began, found.outcome
        refused = isinstance(began, Refusal)
        status = "refused" if refused else outcome.status if outcome else "under way"
        return cls(
            index=found.index,
            call=began.call,
            at=began.at,
            key=began.key,
            person=getattr(began, "person", ""),
            team=getattr(began, "team", ""),
            application=getattr(began, "application", ""),
            origin=began.origin,
            route=began.route,
            model=began.model,
            grade=began.grade,
            findings=began.findings,
            status=status,
            code=began.code if isinstance(began, Refusal) else outcome.code if outcome else "",
            endpoint=outcome.endpoint if outcome else "",
            form=outcome.form if outcome else "",
            cost=outcome.cost if outcome else 0,
        )


class ActView(Shown, frozen=True, kw_only=True):
    index: int
    at: str
    actor: str
    verb: str
    object: str
    entry: dict[str, Any]
    """The whole of it."""

    @classmethod
    def of(cls, index: int, entry: AnyEntry) -> "ActView":
        return cls(
            index=index,
            at=entry.at,
            actor=str(getattr(entry, "actor", "")),
            verb=str(getattr(entry, "verb", "")),
            object=str(getattr(entry, "object", "")),
            entry=to_builtins(entry),
        )


class MeView(Shown, frozen=True, kw_only=True):
    organisation: str
    person: str
    team: str
    key: str
    roles: list[str]
    platform_roles: list[str]
    permissions: list[str]
    """In one's own organisation."""
    platform_permissions: list[str]
    """In every organisation."""
    dual_control: bool


class PermissionView(Shown, frozen=True, kw_only=True):
    name: str
    ko: str
    en: str
    own: list[str]
    all: list[str]


class ApprovalKindView(Shown, frozen=True, kw_only=True):
    name: str
    ko: str
    en: str
    request: list[str]
    approve: list[str]
    hours: float


class RoleTableView(Shown, frozen=True, kw_only=True):
    permissions: list[PermissionView]
    approvals: list[ApprovalKindView]
