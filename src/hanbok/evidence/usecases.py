"""The register of uses of AI: each change and the act that tells of it are one transaction."""

import re

import msgspec
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from hanbok.core.clock import stamp, today, years_after
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.documents import Documents
from hanbok.evidence.entry import Act
from hanbok.evidence.outbox import put
from hanbok.evidence.usecase import Document, UseCase, areas
from hanbok.store.database import Store
from hanbok.store.errors import StoreBusy
from hanbok.store.tables import usecases

YEARS = 5
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_OF_PEOPLE = frozenset({"supervisor", "contact"})


class UseCaseUnknown(HanbokError):
    code = "usecase_unknown"
    message = Text(ko="이용사례 {usecase!r}이(가) 없습니다", en="there is no use of AI {usecase!r}")
    hint = Text(ko="`hanbok usecase list`로 확인하십시오.", en="`hanbok usecase list` shows all.")


class UseCaseExists(HanbokError):
    code = "usecase_exists"
    message = Text(
        ko="이용사례 {usecase!r}이(가) 이미 있습니다", en="the use of AI {usecase!r} exists already"
    )
    hint = Text(ko="다른 식별자를 쓰십시오.", en="Use another id.")


class UseCaseInvalid(HanbokError):
    code = "usecase_invalid"
    message = Text(ko="이용사례에 적을 수 없습니다: {what}", en="cannot stand in the register: {what}")
    hint = Text(
        ko="식별자는 영어 소문자·숫자·붙임표, 고영향 영역은 `hanbok usecase questions`의 이름을 쓰십시오.",
        en="Ids are lower-case letters, digits and hyphens; areas are the names of `hanbok usecase questions`.",
    )


class UseCases:
    """All methods block. `actor` names who asked, for the log."""

    def __init__(self, store: Store, documents: Documents) -> None:
        self._store = store
        self._documents = documents

    def all(self, organisation: str = "") -> tuple[UseCase, ...]:
        """Return the uses of an organisation, or all, by id."""
        query = select(usecases.c.document).order_by(usecases.c.id)
        if organisation:
            query = query.where(usecases.c.organisation == organisation)
        with self._store.read() as connection:
            rows = connection.execute(query).scalars().all()
        return tuple(msgspec.json.decode(row, type=UseCase) for row in rows)

    def get(self, usecase: str) -> UseCase:
        """Return one. Raises UseCaseUnknown."""
        with self._store.read() as connection:
            return _get(connection, usecase)[0]

    def add(
        self,
        usecase: str,
        *,
        organisation: str,
        name: str,
        purpose: str,
        models: tuple[str, ...] = (),
        actor: str,
    ) -> UseCase:
        """Register a use. Raises UseCaseExists, UseCaseInvalid."""
        if not _ID.fullmatch(usecase):
            raise UseCaseInvalid(what=usecase[:80])
        one = UseCase(
            id=usecase, organisation=organisation, name=name, purpose=purpose, models=models, created=stamp()
        )
        try:
            with self._store.write() as connection:
                row = {"id": usecase, "organisation": organisation, "version": 1, "document": _text(one)}
                connection.execute(insert(usecases).values(row))
                _record(connection, one, "usecase.add", actor, {"name": name})
        except IntegrityError as error:
            raise UseCaseExists(usecase=usecase) from error
        return one

    def answer(self, usecase: str, answers: dict[str, bool], *, assessor: str, actor: str) -> UseCase:
        """Answer questions of the questionnaire. Raises UseCaseUnknown, UseCaseInvalid."""
        if unknown := sorted(answers.keys() - areas().keys()):
            raise UseCaseInvalid(what=", ".join(unknown)[:80])
        with self._store.write() as connection:
            before, version = _get(connection, usecase)
            merged = before.answers | answers
            after = msgspec.structs.replace(before, answers=merged, assessor=assessor, assessed=stamp())
            told = {area: "yes" if merged[area] else "no" for area in sorted(answers)}
            facts = told | {"impact": after.impact, "assessor": assessor}
            _put(connection, after, version, "usecase.assess", actor, facts)
        return after

    def describe(
        self,
        usecase: str,
        *,
        actor: str,
        notice: str | None = None,
        supervisor: str | None = None,
        contact: str | None = None,
        internal_reason: str | None = None,
        closed: bool = False,
    ) -> UseCase:
        """Note the notice to users, the human supervisor, why no notice is due, or that the use has ended."""
        given = {
            "notice": notice,
            "supervisor": supervisor,
            "contact": contact,
            "internal_reason": internal_reason,
            "closed": stamp() if closed else None,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        with self._store.write() as connection:
            before, version = _get(connection, usecase)
            after = msgspec.structs.replace(before, **changes)  # pyright: ignore[reportArgumentType] - all are texts
            # Who it is stands in the register, which can be corrected; an entry of the log cannot.
            facts = {name: "noted" if name in _OF_PEOPLE else value for name, value in changes.items()}
            _put(connection, after, version, "usecase.close" if closed else "usecase.describe", actor, facts)
        return after

    def keep(self, usecase: str, content: bytes, *, kind: str, name: str, actor: str) -> Document:
        """Keep a document of the use for five years. Raises UseCaseUnknown."""
        with self._store.write() as connection:
            before, version = _get(connection, usecase)
            digest = self._documents.put(content)
            until = years_after(today(), YEARS)
            document = Document(
                kind=kind, name=name, digest=digest, added=stamp(), keep_until=until.isoformat()
            )
            after = msgspec.structs.replace(before, documents=(*before.documents, document))
            facts = {"kind": kind, "digest": digest, "keep_until": document.keep_until}
            _put(connection, after, version, "usecase.document", actor, facts)
        return document


def _get(connection: Connection, usecase: str) -> tuple[UseCase, int]:
    query = select(usecases.c.document, usecases.c.version).where(usecases.c.id == usecase)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UseCaseUnknown(usecase=usecase[:80])
    return msgspec.json.decode(row.document, type=UseCase), int(row.version)


def _put(
    connection: Connection, one: UseCase, version: int, verb: str, actor: str, facts: dict[str, str]
) -> None:
    mine = (usecases.c.id == one.id) & (usecases.c.version == version)
    change = update(usecases).where(mine).values(document=_text(one), version=version + 1)
    if not connection.execute(change).rowcount:
        raise StoreBusy(why="usecases")
    _record(connection, one, verb, actor, facts)


def _record(connection: Connection, one: UseCase, verb: str, actor: str, facts: dict[str, str]) -> None:
    told = {"organisation": one.organisation} | facts
    put(connection, Act(at=stamp(), actor=actor, verb=verb, object=one.id, facts=told))


def _text(one: UseCase) -> str:
    return msgspec.json.encode(one).decode()
