"""The table of spending: a view of the evidence log, kept by reading the log from where it was read last.

The log is the source of truth. The table, its cursor into the log and the index of the oldest open call change in
one transaction, so a kill at any moment leaves a table that is true for its cursor. The cursor also keeps the digest
of the last entry read: a log that has since lost its tail, or been put in the place of another, stops the start.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import Connection, Table, and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from hanbok.core.clock import now
from hanbok.core.values import MicroWon
from hanbok.evidence.chained import VERB as MIGRATED
from hanbok.evidence.crashed import settle_crashed
from hanbok.evidence.entry import Act, Intent
from hanbok.evidence.errors import LogShortened
from hanbok.evidence.journal import Journal
from hanbok.evidence.postings import BEGAN, ENDED, Posting
from hanbok.policy.key import Limits
from hanbok.policy.ledger import Ledger, account_of, day_of, shares_of
from hanbok.policy.spending import spent_since
from hanbok.store.database import Store
from hanbok.store.errors import StoreBusy
from hanbok.store.tables import marks, shares, spend


class Line(NamedTuple):
    """Whose money, on which Korean day."""

    organisation: str
    key: str
    day: str
    team: str = ""
    person: str = ""
    model: str = ""
    """As the client named it."""


class _Moved(Exception):
    """The marks changed behind our back; the transaction is undone."""


class _Open(NamedTuple):
    place: int
    day: str
    team: str
    person: str
    model: str


@dataclass(slots=True, kw_only=True)
class _Reading:
    """How far the log has been read, and which calls are open there."""

    log: str = ""
    """Digest of the log's first entry: what tells it from other logs in the same database."""
    cursor: int = 0
    head: str = ""
    open: dict[str, _Open] = field(default_factory=dict[str, _Open])

    @property
    def unsettled(self) -> int:
        """No intent before this index is open."""
        return min((one.place for one in self.open.values()), default=self.cursor)

    def on(self, found: Iterable[Posting]) -> "tuple[_Reading, Counter[Line], Counter[Line]]":
        """Read on; return where that leads, the money charged on the way and the number of calls."""
        then = _Reading(log=self.log, cursor=self.cursor, head=self.head, open=dict(self.open))
        won, calls = Counter[Line](), Counter[Line]()
        for posting in found:
            if posting.index == 0:
                then.log = posting.leaf
            charge = then.note(posting)
            if charge:
                line, cost = charge
                won[line] += cost
                calls[line] += 1
            then.cursor, then.head = posting.index + 1, posting.leaf
        return then, won, calls

    def note(self, posting: Posting) -> tuple[Line, MicroWon] | None:
        """Follow which calls are open; return what an outcome charges, to the day on which its call began."""
        entry = posting.entry
        if entry.entry == BEGAN:
            day = _day(entry.at[:13])
            self.open[entry.call] = _Open(posting.index, day, entry.team, entry.person, entry.model)
        elif entry.entry == ENDED:
            began = self.open.pop(entry.call, None)
            line = Line(entry.organisation, entry.key, _day(entry.at[:13]))
            return (Line(*line[:2], *began[1:]) if began else line), entry.cost
        return None


class Books:
    """Keeps `ledger` (for the path) and the table (for everyone else) in step with the log."""

    def __init__(self, store: Store, log: Journal, ledger: Ledger, reading: _Reading) -> None:
        """Use `open`."""
        self.ledger = ledger
        self.claimed: list[Intent] = []
        self._store = store
        self._log = log
        self._reading = reading

    @classmethod
    async def open(
        cls, store: Store, log: Journal, limits_of: Callable[[str], Limits], claimed: Container[str] = ()
    ) -> "Books":
        """Close the calls that a crash cut off, but for the `claimed` ones, which others carry on, and rebuild this
        month's sums. To be called before the first call.

        Raises LogShortened when entries that were read before are no longer in the log.
        """
        reading = await asyncio.to_thread(_resume, store, log)
        left = await settle_crashed(log, reading.unsettled, claimed)
        books = cls(store, log, Ledger(limits_of), reading)
        books.claimed = left
        await asyncio.to_thread(books.flush)
        await asyncio.to_thread(books._load)
        return books

    def flush(self) -> int:
        """Bring the table up to the log's durable end; return how many entries were read. Blocks: use a thread."""
        before = self._reading
        then, won, calls = before.on(self._log.postings(before.cursor))
        if then.cursor == before.cursor:
            return 0
        if not self._write(before, then, won, calls):
            # The marks are not where we left them, as when the database was put back from a copy: go on from there.
            # Or another server made the same new row a moment ago, and it can be updated now.
            before = _resume(self._store, self._log)
            then, won, calls = before.on(self._log.postings(before.cursor))
            if not self._write(before, then, won, calls):
                raise StoreBusy(why="marks")
        self._reading = then
        return then.cursor - before.cursor

    def _write(self, before: _Reading, then: _Reading, won: Counter[Line], calls: Counter[Line]) -> bool:
        try:
            with self._store.write() as connection:
                _add_all(connection, won, calls)
                _advance(connection, before, then)
        except (IntegrityError, _Moved):
            return False
        return True

    def _load(self) -> None:
        month = day_of(now())[:7]
        with self._store.read() as connection:
            rows = connection.execute(select(spend).where(spend.c.day >= month)).all()
            parts = connection.execute(select(shares).where(shares.c.day >= month)).all()
        for row in rows:
            own = account_of("key", row.organisation, row.key)
            self.ledger.charge((own, account_of("organisation", row.organisation, "")), row.day, row.won)
        for row in parts:
            self.ledger.charge((row.account,), row.day, row.won)


class Place(NamedTuple):
    """How far a log is in the table."""

    read: int = 0
    unsettled: int = 0
    """No intent before this index was open there."""


def table_since(store: Store, day: str) -> tuple[dict[tuple[str, str], MicroWon], dict[str, Place]]:
    """Return what each account spent on each day since then and in each of their months, and how far each log, by
    the digest of its first entry, is in these very sums. Blocks.
    """
    while True:
        with store.read() as connection:
            before, spent, after = _places(connection), spent_since(connection, day), _places(connection)
        if before == after:
            return spent, before


def charged(log: Journal, since: Place, until: int) -> Counter[tuple[str, str]]:
    """Return what a log charges beyond that place and before an index, by account and day. Blocks."""
    reading = _Reading(cursor=since.read)
    for posting in takewhile(lambda one: one.index < since.read, log.postings(since.unsettled)):
        reading.note(posting)
    _, won, _ = reading.on(takewhile(lambda one: one.index < until, log.postings(since.read)))
    found = Counter[tuple[str, str]]()
    for line, amount in won.items():
        own = (
            account_of("key", line.organisation, line.key),
            account_of("organisation", line.organisation, ""),
        )
        for account in (*own, *shares_of(line.organisation, line.team, line.person, line.model)):
            found[account, line.day] += amount
    return found


def _places(connection: Connection) -> dict[str, Place]:
    read = _read_mark("")
    rows = connection.execute(select(marks.c.name, marks.c.value)).all()
    found = {str(row.name): int(row.value) for row in rows}
    logs = [name.removeprefix(read) for name in found if name.startswith(read)]
    return {log: Place(found[_read_mark(log)], found.get(_open_mark(log), 0)) for log in logs}


@lru_cache(maxsize=64)
def _day(hour: str) -> str:
    """Return the Korean day of an hour in UTC, `2026-11-22T15`: Korea is whole hours ahead."""
    return day_of(datetime.fromisoformat(f"{hour}:00:00+00:00"))


def _resume(store: Store, log: Journal) -> _Reading:
    """Return the reading as it was written down last, with the calls that were open there."""
    first = next(iter(log.read(0)), None)
    if first is None:
        return _Reading()
    with store.read() as connection:
        read = _mark(connection, _read_mark(first.digest))
        unsettled = _mark(connection, _open_mark(first.digest))
    if read is None or unsettled is None:
        return _resume_migrated(store, log, first.digest)
    reading = _Reading(log=first.digest, cursor=read[0], head=read[1])
    head = ""
    for posting in log.postings(min(unsettled[0], reading.cursor - 1)):
        if posting.index >= reading.cursor:
            break
        reading.note(posting)
        head = posting.leaf
    if head != reading.head:
        raise LogShortened(index=reading.cursor - 1)
    return reading


def _resume_migrated(store: Store, log: Journal, name: str) -> _Reading:
    """Take over the marks of a log that was a chain when it was read last; nothing to take over: begin at 0.

    Its entries have the same indexes as then, and a `migrate` act that holds the digests that they had.
    """
    acts = (record.entry for record in log.read(0))
    act = next((one for one in acts if isinstance(one, Act) and one.verb == MIGRATED), None)
    if act is None:
        return _Reading()
    before = act.facts["first"]
    with store.write() as connection:
        read = _mark(connection, _read_mark(before))
        if read is None:
            return _Reading()
        last = next(iter(log.read(read[0] - 1)), None)
        if last is None or (read[0] == int(act.facts["entries"]) and read[1] != act.facts["head"]):
            raise LogShortened(index=read[0] - 1)
        for old, new in ((_read_mark(before), _read_mark(name)), (_open_mark(before), _open_mark(name))):
            connection.execute(update(marks).where(marks.c.name == old).values(name=new))
        mine = marks.c.name == _read_mark(name)
        connection.execute(update(marks).where(mine).values(note=last.digest))
    return _resume(store, log)


def _advance(connection: Connection, before: _Reading, then: _Reading) -> None:
    """Move the marks of this log. Raises _Moved or IntegrityError when they are not where we left them."""
    if not before.cursor:
        connection.execute(insert(marks).values(name=_read_mark(then.log), value=then.cursor, note=then.head))
        connection.execute(insert(marks).values(name=_open_mark(then.log), value=then.unsettled))
        return
    mine = (marks.c.name == _read_mark(then.log)) & (marks.c.value == before.cursor)
    moved = connection.execute(update(marks).where(mine).values(value=then.cursor, note=then.head)).rowcount
    oldest = update(marks).where(marks.c.name == _open_mark(then.log)).values(value=then.unsettled)
    if not (moved and connection.execute(oldest).rowcount):
        raise _Moved


def _add_all(connection: Connection, won: Counter[Line], calls: Counter[Line]) -> None:
    keys, numbers, parts = Counter[tuple[str, ...]](), Counter[tuple[str, ...]](), Counter[tuple[str, str]]()
    for line, number in calls.items():
        keys[line[:3]] += won[line]
        numbers[line[:3]] += number
        for account in shares_of(line.organisation, line.team, line.person, line.model):
            parts[account, line.day] += won[line]
    for (organisation, key, day), number in numbers.items():
        whose = {"organisation": organisation, "key": key, "day": day}
        _add(connection, spend, whose, {"won": keys[organisation, key, day], "calls": number})
    for (account, day), amount in parts.items():
        _add(connection, shares, {"account": account, "day": day}, {"won": amount})


def _add(connection: Connection, table: Table, whose: dict[str, str], amounts: dict[str, int]) -> None:
    row = and_(*(table.c[name] == value for name, value in whose.items()))
    change = update(table).where(row).values({name: table.c[name] + more for name, more in amounts.items()})
    if not connection.execute(change).rowcount:
        connection.execute(insert(table).values(whose | amounts))


def _mark(connection: Connection, name: str) -> tuple[int, str] | None:
    row = connection.execute(select(marks.c.value, marks.c.note).where(marks.c.name == name)).one_or_none()
    return (int(row.value), str(row.note)) if row else None


def _read_mark(log: str) -> str:
    return f"read {log}"


def _open_mark(log: str) -> str:
    return f"open {log}"
