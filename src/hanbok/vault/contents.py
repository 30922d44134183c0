"""What was asked and answered, sealed for each organisation and day, in a store of its own."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, text, update

from hanbok.core.clock import stamp, today
from hanbok.core.errors import HanbokError
from hanbok.store.database import Store, unless_there
from hanbok.vault.data_keys import DataKey, DataKeys, Purpose
from hanbok.vault.errors import ContentsUnknown
from hanbok.vault.identifiers import canonical
from hanbok.vault.tables import contents, contents_metadata, schema_of, shredded, subjects

_TRIES: Final = 3


class Body(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed: the bytes as they went, in the pieces in which they went, and how the sending ended."""

    pieces: tuple[bytes, ...]
    state: str = "completed"

    @property
    def whole(self) -> bytes:
        """The bytes that the log's digest was made of."""
        return b"".join(self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing to keep: the request or the reply of a call, and the identifiers of people found in it."""

    organisation: str
    call: str
    part: str
    body: Body
    identifiers: tuple[tuple[str, str], ...] = ()
    """Kind and value of each."""
    also: str = ""
    """Another record that holds the same identifiers, and goes with this one when they are erased."""

    @property
    def size(self) -> int:
        return sum(map(len, self.body.pieces))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One thing that was kept, opened."""

    call: str
    part: str
    at: str
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A call that concerns a person, by an identifier."""

    call: str
    day: str
    kinds: tuple[str, ...]
    kept: tuple[str, ...]
    """The parts of it whose contents are kept."""


class _Shredded(Exception):
    """A key was ended while we sealed with it; the transaction is undone."""


_decode = msgspec.msgpack.Decoder(Body).decode


class Contents:
    """All methods block."""

    def __init__(self, store: Store, keys: DataKeys) -> None:
        """Use `open`."""
        self._store = store
        self._keys = keys

    @classmethod
    def open(cls, url: str, keys: DataKeys) -> "Contents":
        """Open the store apart. Raises StoreUnavailable and its kin."""
        return cls(Store.open(url, schema_of(contents_metadata)), keys)

    def close(self) -> None:
        self._store.close()

    def put(self, pieces: Sequence[Piece]) -> list[HanbokError | None]:
        """Keep all in one transaction; for each return None when it is durable, or why its organisation's key failed.

        Raises StoreUnavailable and its kin when nothing was kept.
        """
        for _ in range(_TRIES):
            results, rows, tags, used = self._seal(pieces)
            if not rows:
                return results
            try:
                with self._store.write() as connection:
                    connection.execute(insert(contents), rows)
                    _note(connection, tags)
                    # After the rows, so that one who shreds either waits for them or is seen here.
                    _refuse_shredded(connection, used)
            except _Shredded:
                for organisation in {piece.organisation for piece in pieces}:
                    self._keys.forget(organisation)
            else:
                return results
        raise RuntimeError("keys are ended faster than they are made")

    def _seal(
        self, pieces: Sequence[Piece]
    ) -> tuple[list[HanbokError | None], list[dict[str, Any]], list[dict[str, str]], set[str]]:
        results: list[HanbokError | None] = []
        rows, tags, used, day = (
            list[dict[str, Any]](),
            list[dict[str, str]](),
            set[str](),
            today().isoformat(),
        )
        for one in pieces:
            who = {"organisation": one.organisation, "call": one.call}
            try:
                key = self._keys.current(one.organisation, Purpose.CONTENTS, day)
                sealed = key.seal(msgspec.msgpack.encode(one.body), _record(one.call, one.part))
                found = {(kind, self._tag(one.organisation, value)) for kind, value in one.identifiers}
            except HanbokError as error:
                results.append(error)
                continue
            rows.append(who | {"part": one.part, "day": day, "at": stamp(), "key": key.id, "sealed": sealed})
            for call in filter(None, (one.call, one.also)):
                here = who | {"call": call, "day": day}
                tags += [here | {"tag": tag, "kind": kind} for kind, tag in sorted(found)]
            used.add(key.id)
            results.append(None)
        return results, rows, tags, used

    def read(self, organisation: str, call: str) -> list[Kept]:
        """Return what is kept of a call, request first. Raises ContentsUnknown, DataKeyDestroyed, SealBroken."""
        query = (
            select(contents)
            .where(contents.c.organisation == organisation, contents.c.call == call)
            .order_by(contents.c.part.desc())
        )
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            raise ContentsUnknown(call=call)
        return [self._open(row) for row in rows]

    def find(self, organisation: str, call: str, part: str) -> Kept | None:
        """Return one part of a call; None: it is not kept. Raises DataKeyDestroyed, SealBroken."""
        one = (
            (contents.c.organisation == organisation) & (contents.c.call == call) & (contents.c.part == part)
        )
        with self._store.read() as connection:
            row = connection.execute(select(contents).where(one)).one_or_none()
        return None if row is None else self._open(row)

    def names(self, organisation: str, first: str, last: str, part: str) -> list[str]:
        """Return which calls from `first` to `last` have this part, in their order."""
        which = _between(organisation, first, last) & (contents.c.part == part)
        with self._store.read() as connection:
            rows = connection.execute(select(contents.c.call).where(which).order_by(contents.c.call))
            return list(rows.scalars())

    def remove(self, organisation: str, first: str, last: str, parts: Sequence[str]) -> int:
        """Delete parts of calls that their owner no longer wants; return how many there were."""
        which = _between(organisation, first, last) & contents.c.part.in_(parts)
        with self._store.write() as connection:
            return connection.execute(delete(contents).where(which)).rowcount

    def _open(self, row: Row[Any]) -> Kept:
        plain = self._keys.open(row.key, row.organisation).open(row.sealed, _record(row.call, row.part))
        return Kept(call=row.call, part=row.part, at=row.at, body=_decode(plain))

    def mentions(self, organisation: str, value: str) -> list[Mention]:
        """Return the calls that hold an identifier, oldest first."""
        tag = self._tag(organisation, value)
        with self._store.read() as connection:
            found = connection.execute(
                select(subjects.c.call, subjects.c.kind, subjects.c.day).where(
                    subjects.c.organisation == organisation, subjects.c.tag == tag
                )
            ).all()
            kept = connection.execute(
                select(contents.c.call, contents.c.part).where(
                    contents.c.organisation == organisation,
                    contents.c.call.in_({row.call for row in found}),
                )
            ).all()
        kinds, parts, days = (
            defaultdict[str, set[str]](set),
            defaultdict[str, set[str]](set),
            dict[str, str](),
        )
        for row in found:
            kinds[row.call].add(row.kind)
            days[row.call] = row.day
        for call, part in kept:
            parts[call].add(part)
        return [
            Mention(call=call, day=day, kinds=tuple(sorted(kinds[call])), kept=tuple(sorted(parts[call])))
            for call, day in sorted(days.items(), key=lambda pair: (pair[1], pair[0]))
        ]

    def tag(self, organisation: str, value: str) -> str:
        """Return the keyed digest that stands for an identifier."""
        return self._tag(organisation, value)

    def _tag(self, organisation: str, value: str) -> str:
        return self._keys.current(organisation, Purpose.INDEX).digest(canonical(value))

    def erase(self, organisation: str, calls: Iterable[str]) -> set[str]:
        """Delete calls with all that points to them; return the days whose keys still could open copies of them."""
        wanted = list(calls)
        with self._store.write() as connection:
            theirs = (contents.c.organisation == organisation) & contents.c.call.in_(wanted)
            days = set(connection.execute(select(contents.c.day).where(theirs)).scalars())
            connection.execute(delete(contents).where(theirs))
            connection.execute(
                delete(subjects).where(subjects.c.organisation == organisation, subjects.c.call.in_(wanted))
            )
        return days

    def reseal(self, organisation: str, day: str, old: Iterable[str], new: DataKey) -> int:
        """Seal what old keys still seal with a new one, and let nothing be sealed with the old ones any more."""
        ended = list(old)
        with self._store.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE contents IN SHARE ROW EXCLUSIVE MODE"))
            there = set(connection.execute(select(shredded.c.key)).scalars())
            if fresh := [{"key": key} for key in ended if key not in there]:
                connection.execute(insert(shredded), fresh)
            rows = connection.execute(
                select(contents).where(contents.c.organisation == organisation, contents.c.key.in_(ended))
            ).all()
            for row in rows:
                record = _record(row.call, row.part)
                plain = self._keys.open(row.key, row.organisation).open(row.sealed, record)
                mine = (contents.c.organisation == organisation) & (contents.c.call == row.call)
                connection.execute(
                    update(contents)
                    .where(mine, contents.c.part == row.part)
                    .values(key=new.id, sealed=new.seal(plain, record), day=day)
                )
        return len(rows)

    def expire(self, first: str) -> int:
        """Delete what is older than the Korean day `first`; return how many rows that were."""
        with self._store.write() as connection:
            gone = connection.execute(delete(contents).where(contents.c.day < first)).rowcount
            connection.execute(delete(subjects).where(subjects.c.day < first))
        return gone


def _between(organisation: str, first: str, last: str) -> ColumnElement[bool]:
    return (contents.c.organisation == organisation) & contents.c.call.between(first, last)


def _record(call: str, part: str) -> str:
    return f"{call}/{part}"


def _refuse_shredded(connection: Connection, used: set[str]) -> None:
    if connection.execute(select(shredded).where(shredded.c.key.in_(used))).first():
        raise _Shredded


def _note(connection: Connection, tags: list[dict[str, str]]) -> None:
    if tags:
        connection.execute(unless_there(connection, subjects), tags)
