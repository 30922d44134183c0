"""Changes of policy: proposed, approved by a second person, put in force with evidence, and taken back.

Two sources are kept apart: `organisation` holds the policies that people propose, `settings` what the operator's
`hanbok.yaml` says (packs, files, facts). Of each, at most one text is in force.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.entry import PolicyChange
from hanbok.evidence.outbox import put
from hanbok.policy.approval import Approved
from hanbok.policy.recording import Actor
from hanbok.store.database import Store
from hanbok.store.tables import marks, policy_changes

ORGANISATION: Final = "organisation"
SETTINGS: Final = "settings"
KIND: Final = "policy_change"
"""The kind of approval that a change needs under dual control."""
PROPOSED, IN_FORCE, REPLACED, WITHDRAWN = "proposed", "in_force", "replaced", "withdrawn"
_MARK: Final = "policy"


class ChangeUnknown(HanbokError):
    code = "change_unknown"
    message = Text(ko="정책 변경 {change}이(가) 없습니다", en="there is no policy change {change}")
    hint = Text(ko="`hanbok policy history`로 확인하십시오.", en="`hanbok policy history` shows all.")


class ChangeSettled(HanbokError):
    code = "change_settled"
    message = Text(
        ko="정책 변경 {change}은(는) 이미 끝났습니다 ({state})",
        en="policy change {change} is settled ({state})",
    )
    hint = Text(ko="새로 제안하십시오.", en="Propose it anew.")


class ChangeOvertaken(HanbokError):
    code = "change_overtaken"
    message = Text(
        ko="정책 변경 {change}을(를) 승인받은 뒤에 다른 변경이 적용되었습니다",
        en="another change came in force after policy change {change} was allowed",
    )
    hint = Text(
        ko="`hanbok policy diff`로 지금 정책과 견주어 보고 다시 승인받으십시오.",
        en="Compare it with what is in force now (`hanbok policy diff`), and ask for leave again.",
    )


class Rules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a change puts in force, as a whole."""

    files: dict[str, str] = {}
    """Texts of Cedar by file name."""
    cases: dict[str, str] = {}
    """Their cases by file name."""
    packs: tuple[str, ...] = ()
    facts: dict[str, Any] = {}
    """What the settings say of the organisation itself (uses, CSAP grades)."""
    dual_control: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the whole, hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def text(self) -> str:
        """Canonical JSON."""
        return msgspec.json.encode(self, order="sorted").decode()


NOTHING: Final = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    id: int
    source: str
    digest: str
    rules: Rules
    note: str
    proposer: str
    proposed: str
    state: str
    approver: str
    applier: str
    applied: str | None


class Changes:
    """All methods block: call them in a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def propose(self, source: str, rules: Rules, *, proposer: str, note: str = "") -> Change:
        """Keep a text for others to look at. The same one that still waits is not kept twice."""
        with self._store.write() as connection:
            same = connection.execute(
                select(policy_changes).where(
                    policy_changes.c.source == source,
                    policy_changes.c.digest == rules.digest,
                    policy_changes.c.state == PROPOSED,
                )
            ).first()
            if same is not None:
                return _change(same)
            return _insert(connection, source, rules, proposer, note)

    def apply(
        self,
        change: int,
        *,
        applier: str,
        approved: Approved | None = None,
        articles: tuple[str, ...] = (),
        instead_of: str | None = None,
    ) -> Change:
        """Put a proposed text, or one that was in force before, in force. Raises ChangeUnknown, ChangeSettled,
        ChangeOvertaken.

        The leave of a second person is for the caller to get; it is named in the evidence. It was given for putting
        this text in the place of the one with the digest `instead_of`.
        """
        with self._store.write() as connection:
            row = _find(connection, change)
            if row.state in (IN_FORCE, WITHDRAWN):
                raise ChangeSettled(change=change, state=row.state)
            now = _in_force(connection, row.source)
            if instead_of is not None and instead_of != (now.digest if now else ""):
                raise ChangeOvertaken(change=change)
            if row.state == REPLACED:
                # Taken back to: history stays as it was, so it comes as a change of its own.
                again = _insert(connection, row.source, _rules(row), applier, f"rollback to {change}")
                row = _find(connection, again.id)
            return _put_in_force(connection, row, applier, approved, articles)

    def adopt(self, source: str, rules: Rules, *, actor: str, note: str = "") -> Change:
        """Put a text in force at once: what an operator's settings say where no second person is asked for."""
        with self._store.write() as connection:
            now = _in_force(connection, source)
            if now is not None and now.digest == rules.digest:
                return now
            new = _insert(connection, source, rules, actor, note)
            return _put_in_force(connection, _find(connection, new.id), actor, None, ())

    def withdraw(self, change: int, *, actor: str) -> Change:
        """Take a proposal back. Raises ChangeUnknown, ChangeSettled."""
        with self._store.write() as connection:
            row = _find(connection, change)
            if row.state != PROPOSED:
                raise ChangeSettled(change=change, state=row.state)
            connection.execute(
                update(policy_changes)
                .where(policy_changes.c.id == change)
                .values(state=WITHDRAWN, applier=actor, applied=stamp())
            )
            return _change(_find(connection, change))

    def find(self, change: int) -> Change:
        """Raise ChangeUnknown."""
        with self._store.read() as connection:
            return _change(_find(connection, change))

    def history(self, source: str | None = None) -> list[Change]:
        """Return all changes, newest first."""
        query = select(policy_changes).order_by(policy_changes.c.id.desc())
        if source is not None:
            query = query.where(policy_changes.c.source == source)
        with self._store.read() as connection:
            return [_change(row) for row in connection.execute(query)]

    def in_force(self, source: str) -> Change | None:
        """Return what is in force of a source."""
        with self._store.read() as connection:
            return _in_force(connection, source)

    def version(self) -> int:
        """Return a number that grows with every change that comes in force."""
        with self._store.read() as connection:
            return _version(connection)


def arguments_of(change: Change, before: Change | None) -> Mapping[str, object]:
    """Return what exactly a second person agrees to: this text in place of that one."""
    return {
        "change": change.id,
        "source": change.source,
        "after": change.digest,
        "before": before.digest if before else "",
    }


def _insert(connection: Connection, source: str, rules: Rules, proposer: str, note: str) -> Change:
    made = connection.execute(
        insert(policy_changes).values(
            source=source,
            digest=rules.digest,
            content=rules.text,
            note=note,
            proposer=proposer,
            proposed=stamp(),
            state=PROPOSED,
        )
    )
    key = made.inserted_primary_key
    if key is None:
        raise RuntimeError("the database gave no number to a policy change")
    return _change(_find(connection, int(key[0])))


def _put_in_force(
    connection: Connection, row: Row[Any], applier: str, approved: Approved | None, articles: tuple[str, ...]
) -> Change:
    before, moment = _in_force(connection, row.source), stamp()
    approvers = approved.approvers if approved else ()
    if before is not None:
        connection.execute(
            update(policy_changes).where(policy_changes.c.id == before.id).values(state=REPLACED)
        )
    connection.execute(
        update(policy_changes)
        .where(policy_changes.c.id == row.id)
        .values(state=IN_FORCE, applier=applier, applied=moment, approver=", ".join(approvers))
    )
    _count(connection)
    facts = {"change": str(row.id), "proposer": row.proposer, "approval": approved.id if approved else ""}
    entry = PolicyChange(
        at=moment,
        actor=str(applier),
        origin=applier.origin if isinstance(applier, Actor) else "",
        verb="policy.apply",
        object=row.source,
        before=before.digest if before else "",
        after=row.digest,
        articles=articles,
        approvers=approvers,
        facts={name: fact for name, fact in facts.items() if fact},
    )
    put(connection, entry)
    return _change(_find(connection, row.id))


def _count(connection: Connection) -> None:
    change = update(marks).where(marks.c.name == _MARK).values(value=marks.c.value + 1)
    if not connection.execute(change).rowcount:
        connection.execute(insert(marks).values(name=_MARK, value=1))


def _version(connection: Connection) -> int:
    found = connection.execute(select(marks.c.value).where(marks.c.name == _MARK)).scalar()
    return int(found or 0)


def _in_force(connection: Connection, source: str) -> Change | None:
    row = connection.execute(
        select(policy_changes).where(policy_changes.c.source == source, policy_changes.c.state == IN_FORCE)
    ).first()
    return None if row is None else _change(row)


def _find(connection: Connection, change: int) -> Row[Any]:
    row = connection.execute(select(policy_changes).where(policy_changes.c.id == change)).one_or_none()
    if row is None:
        raise ChangeUnknown(change=change)
    return row


def _rules(row: Row[Any]) -> Rules:
    return msgspec.json.decode(row.content, type=Rules)


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        source=row.source,
        digest=row.digest,
        rules=_rules(row),
        note=row.note,
        proposer=row.proposer,
        proposed=row.proposed,
        state=row.state,
        approver=row.approver,
        applier=row.applier,
        applied=row.applied,
    )
