"""Two persons for what one alone must not do: one asks, another allows, and then it may be done once.

    approval = approvals.request("reveal", "bank", {"call": call}, by=kim, reason="민원 2026-117")
    approvals.approve(approval, by=lee)
    approvals.consume(approval, "reveal", "bank", digest({"call": call}), by=kim)   # raises, or it may be done

Who may ask and allow is in `roles.toml`. Persons and their roles are read again from the records at every step, in
its transaction. Nobody allows what they asked for: not by another key, and not by a key, however far back, that they
made for somebody else. Each step is an act in the evidence log.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from hanbok.core.clock import now, written
from hanbok.core.values import Principal
from hanbok.policy.approval import Approval, Approved, approval_of, canonical, party_name
from hanbok.policy.approval_errors import (
    ApprovalExpired,
    ApprovalKindUnknown,
    ApprovalMismatch,
    ApprovalNotIndependent,
    ApprovalNotYours,
    ApprovalRequired,
    ApprovalSettled,
    ApprovalUnknown,
)
from hanbok.policy.identity import person_name
from hanbok.policy.key_records import standing
from hanbok.policy.keyring import in_force
from hanbok.policy.organisations import OrganisationUnknown
from hanbok.policy.people import ReasonMissing
from hanbok.policy.recording import record_act
from hanbok.policy.roles import ApprovalKind, PermissionMissing, Role, allows, role_table
from hanbok.store.database import Store
from hanbok.store.tables import approvals, keys, organisations

PLATFORM: Final = ""
"""In the place of an organisation: the request is about the whole installation."""
WAITING, APPROVED, DECLINED, WITHDRAWN, USED = "waiting", "approved", "declined", "withdrawn", "used"


class Approvals:
    """All methods block: call them in a thread. `by` is a person, as an `Identity` tells them."""

    def __init__(self, store: Store, *, dual_control: bool, clock: Callable[[], datetime] = now) -> None:
        """Without `dual_control` one person is enough, and the log says so of each act (a first run, a laptop)."""
        self._store = store
        self.dual_control = dual_control
        self._clock = clock

    def request(
        self,
        kind: str,
        organisation: str,
        arguments: Mapping[str, object],
        *,
        by: Principal,
        reason: str,
        origin: str = "",
    ) -> str:
        """Ask for leave and return its id. `arguments` are facts that say what exactly would be done, no contents.

        Raises ApprovalKindUnknown, PermissionMissing, OrganisationUnknown, ReasonMissing, ArgumentsUnfit.
        """
        rule, text = _rule(kind), canonical(arguments)
        if not reason.strip():
            raise ReasonMissing
        new, moment = f"approval_{secrets.token_hex(8)}", self._clock()
        with self._store.write() as connection:
            by = _fresh(connection, by, moment)
            _needs_role(by, rule.request, organisation, f"{kind}.request")
            _needs_organisation(connection, organisation)
            connection.execute(
                insert(approvals).values(
                    id=new,
                    kind=kind,
                    organisation=organisation,
                    requester_organisation=by.organisation,
                    requester=by.person,
                    arguments=text,
                    digest=sha256(text.encode()).hexdigest(),
                    reason=reason,
                    created=written(moment),
                    expires=written(moment + rule.lasts),
                    state=WAITING,
                )
            )
            _tell(connection, "request", _find(connection, new), by, origin, reason)
        return new

    def approve(self, approval: str, *, by: Principal, note: str = "", origin: str = "") -> Approval:
        """Allow it. Raises ApprovalUnknown, ApprovalSettled, ApprovalExpired, ApprovalNotIndependent,
        PermissionMissing.
        """
        return self._decide(approval, APPROVED, by, note, origin)

    def decline(self, approval: str, *, by: Principal, note: str = "", origin: str = "") -> Approval:
        """Refuse it. Raises as `approve` does."""
        return self._decide(approval, DECLINED, by, note, origin)

    def withdraw(self, approval: str, *, by: Principal, origin: str = "") -> Approval:
        """Take one's own request back, allowed or not. Raises ApprovalUnknown, ApprovalNotYours, ApprovalSettled."""
        with self._store.write() as connection:
            by, row = _fresh(connection, by, self._clock()), _find(connection, approval)
            _see(by, row)
            _needs_requester(by, row)
            change = {"state": WITHDRAWN, "decided": written(self._clock())}
            _move(connection, row, (WAITING, APPROVED), change)
            _tell(connection, "withdraw", row, by, origin, "")
            return approval_of(_find(connection, approval))

    def consume(
        self, approval: str, kind: str, organisation: str, digest: str, *, by: Principal, origin: str = ""
    ) -> Approved:
        """Use the leave, once, for exactly what was asked; only who asked may. An empty id does where the
        installation needs no second person. Raises ApprovalRequired, ApprovalUnknown, ApprovalMismatch,
        ApprovalNotYours, ApprovalSettled, ApprovalExpired, PermissionMissing.
        """
        rule, moment = _rule(kind), self._clock()
        with self._store.write() as connection:
            by = _fresh(connection, by, moment)
            _needs_role(by, rule.request, organisation, f"{kind}.request")
            if not approval:
                return self._waive(connection, kind, organisation, digest, person_name(by, origin=origin))
            row = _find(connection, approval)
            _see(by, row)
            _needs_requester(by, row)
            if (row.kind, row.organisation, row.digest) != (kind, organisation, digest):
                raise ApprovalMismatch(approval=approval)
            if row.state == WAITING and self.dual_control:
                raise ApprovalRequired(kind=rule.title, approval=approval)
            _in_time(row, moment)
            open_states = (APPROVED,) if self.dual_control else (APPROVED, WAITING)
            _move(connection, row, open_states, {"state": USED, "used": written(moment)})
            _tell(connection, "use", row, by, origin, "")
        done = approval_of(row)
        return Approved(
            id=approval, requester=done.requester, approvers=(done.decider,) if done.decider else ()
        )

    def waive(self, kind: str, organisation: str, digest: str, *, actor: str) -> Approved:
        """Do without a second person where the installation asks for none, as on its own machine before anybody is
        entered; the log says so. Raises ApprovalRequired under dual control.
        """
        with self._store.write() as connection:
            return self._waive(connection, kind, organisation, digest, actor)

    def find(self, approval: str, *, by: Principal) -> Approval:
        """Return one that `by` may see: their own, or by the permission `approval.read`. Raises ApprovalUnknown."""
        with self._store.read() as connection:
            row = _find(connection, approval)
        _see(by, row)
        return approval_of(row)

    def list(
        self, organisation: str, *, by: Principal, state: str = "", after: str = "", limit: int = -1
    ) -> list[Approval]:
        """Return those of an organisation that `by` may see, newest first, from behind the id `after` on."""
        query = select(approvals).where(approvals.c.organisation == organisation)
        query = query.order_by(approvals.c.created.desc(), approvals.c.id.desc())
        if state:
            query = query.where(approvals.c.state == state)
        if not allows(by, "approval.read", organisation):
            mine = (approvals.c.requester == by.person) & (
                approvals.c.requester_organisation == by.organisation
            )
            roles = by.platform | (by.roles if organisation == by.organisation else frozenset[str]())
            to_decide = [kind for kind, rule in role_table().approvals.items() if rule.approve & roles]
            query = query.where(mine | approvals.c.kind.in_(to_decide))
        with self._store.read() as connection:
            if after:
                last = _find(connection, after)
                earlier = approvals.c.created < last.created
                same = (approvals.c.created == last.created) & (approvals.c.id < last.id)
                query = query.where(earlier | same)
            rows = connection.execute(query.limit(limit) if limit >= 0 else query)
            return [approval_of(row) for row in rows]

    def standing(self, kind: str, organisation: str, digest: str, *, by: Principal) -> Sequence[Approval]:
        """Return a person's own requests for exactly this that can still be decided or used, oldest first."""
        query = (
            select(approvals)
            .where(
                approvals.c.kind == kind,
                approvals.c.organisation == organisation,
                approvals.c.digest == digest,
                approvals.c.requester_organisation == by.organisation,
                approvals.c.requester == by.person,
                approvals.c.state.in_((WAITING, APPROVED)),
                approvals.c.expires > written(self._clock()),
            )
            .order_by(approvals.c.created, approvals.c.id)
        )
        with self._store.read() as connection:
            return [approval_of(row) for row in connection.execute(query)]

    def _decide(self, approval: str, state: str, by: Principal, note: str, origin: str) -> Approval:
        moment = self._clock()
        with self._store.write() as connection:
            by, row = _fresh(connection, by, moment), _find(connection, approval)
            _see(by, row, _rule(row.kind).approve)
            if _requested(row, by) or _made_by_requester(connection, by.key, row):
                raise ApprovalNotIndependent(approval=approval)
            _needs_role(by, _rule(row.kind).approve, row.organisation, f"{row.kind}.approve")
            _in_time(row, moment)
            decider = {"decider_organisation": by.organisation, "decider": by.person, "note": note}
            _move(connection, row, (WAITING,), decider | {"state": state, "decided": written(moment)})
            row = _find(connection, approval)
            _tell(connection, "approve" if state == APPROVED else "decline", row, by, origin, note)
        return approval_of(row)

    def _waive(
        self, connection: Connection, kind: str, organisation: str, digest: str, actor: str
    ) -> Approved:
        if self.dual_control:
            raise ApprovalRequired(kind=_rule(kind).title, approval="-")
        facts = {"kind": kind, "digest": digest}
        record_act(connection, actor, "approval.waive", kind, facts, organisation=organisation)
        return Approved(id="", requester=str(actor), approvers=())


def _rule(kind: str) -> ApprovalKind:
    known = role_table().approvals
    if kind not in known:
        raise ApprovalKindUnknown(kind=kind[:50], known=", ".join(known))
    return known[kind]


def _fresh(connection: Connection, by: Principal, moment: datetime) -> Principal:
    """Return the person as the records tell them now. Raises KeyUnknown, KeyRevoked, KeyExpired."""
    row = connection.execute(select(keys).where(keys.c.id == by.key)).one_or_none()
    key = in_force(None if row is None else standing(connection).key_of(row), moment)
    if not key.principal.person:
        raise ApprovalNotYours(approval="-")
    return key.principal


def _needs_role(by: Principal, roles: frozenset[Role], organisation: str, what: str) -> None:
    """Roles count in the person's own organisation; over others and over all, the platform's do."""
    if roles & by.platform or (organisation == by.organisation and roles & by.roles):
        return
    if organisation not in (by.organisation, PLATFORM) and not by.platform:
        raise OrganisationUnknown(organisation=organisation)
    named = sorted(roles) if organisation else [f"{role} (platform)" for role in sorted(roles)]
    raise PermissionMissing(permission=f"approvals.{what}", roles=", ".join(named))


def _needs_organisation(connection: Connection, organisation: str) -> None:
    if organisation == PLATFORM:
        return
    if not connection.execute(select(organisations.c.id).where(organisations.c.id == organisation)).first():
        raise OrganisationUnknown(organisation=organisation)


def _see(by: Principal, row: Row[Any], roles: frozenset[Role] = frozenset()) -> None:
    """Hide what is another organisation's as if it were not there."""
    own = row.organisation == by.organisation
    if not (
        _requested(row, by)
        or allows(by, "approval.read", row.organisation)
        or roles & by.platform
        or (own and roles & by.roles)
    ):
        raise ApprovalUnknown


def _requested(row: Row[Any], by: Principal) -> bool:
    return (row.requester_organisation, row.requester) == (by.organisation, by.person)


def _needs_requester(by: Principal, row: Row[Any]) -> None:
    if not _requested(row, by):
        raise ApprovalNotYours(approval=row.id)


def _made_by_requester(connection: Connection, key: str, row: Row[Any]) -> bool:
    """Tell whether the requester made this key, or the key that made it, and so on: they may hold it themselves."""
    seen = set[str]()
    while key and key not in seen:
        seen.add(key)
        made = connection.execute(
            select(keys.c.organisation, keys.c.person, keys.c.issuer).where(keys.c.id == key)
        ).one_or_none()
        if made is None:
            return False
        if (made.organisation, made.person) == (row.requester_organisation, row.requester):
            return True
        key = made.issuer
    return False


def _in_time(row: Row[Any], moment: datetime) -> None:
    if datetime.fromisoformat(row.expires) <= moment:
        raise ApprovalExpired(approval=row.id)


def _move(connection: Connection, row: Row[Any], states: tuple[str, ...], values: dict[str, str]) -> None:
    """Change the state if it is still one of these: of two at once, one does it and the other is told."""
    change = update(approvals).where(approvals.c.id == row.id, approvals.c.state.in_(states))
    if not connection.execute(change.values(values)).rowcount:
        raise ApprovalSettled(approval=row.id, state=_find(connection, row.id).state)


def _find(connection: Connection, approval: str) -> Row[Any]:
    row = connection.execute(select(approvals).where(approvals.c.id == approval)).one_or_none()
    if row is None:
        raise ApprovalUnknown
    return row


def _tell(connection: Connection, verb: str, row: Row[Any], by: Principal, origin: str, words: str) -> None:
    """Reasons and notes are people's words: the log holds their digest, which binds them."""
    facts = {
        "kind": row.kind,
        "digest": row.digest,
        "requester": party_name(row.requester_organisation, row.requester),
        "reason_sha256": sha256(words.encode()).hexdigest() if words else "",
    }
    approvers = (party_name(row.decider_organisation, row.decider),) if row.decider else ()
    record_act(
        connection,
        person_name(by, origin=origin),
        f"approval.{verb}",
        row.id,
        facts,
        organisation=row.organisation,
        approvers=approvers,
    )
