"""Administrators' acts: written to the database with the change itself, moved to the log exactly once.

Whoever changes a key may be another process than the one that writes the log. So the act is put into the outbox in
the same transaction as the change, and the log's process moves it. Before it writes an act it notes the log's size in
the act's row (`since`): after a kill between writing and removing, only entries from there on can be the act. Of
several servers with one database, the one whose log is noted with it (`log`) moves an act, and no other.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from hanbok.evidence.claim import is_elsewhere
from hanbok.evidence.entry import AnyDeed, AnyEntry
from hanbok.evidence.errors import LogLocked
from hanbok.evidence.journal import Journal, Options
from hanbok.evidence.log import Log
from hanbok.store.database import Store
from hanbok.store.tables import outbox

_MARK = "outbox"
"""The fact that joins an act in the log to its row."""
_decode = msgspec.json.Decoder(AnyEntry).decode


class _Waiting(NamedTuple):
    id: int
    act: AnyDeed
    since: int | None
    log: str | None


def put(connection: Connection, act: AnyDeed) -> None:
    """Put an act on its way, in the transaction of the change that it tells of."""
    connection.execute(insert(outbox).values(entry=msgspec.json.encode(act).decode()))


async def drain_outbox(store: Store, log: Journal, size: int) -> int:
    """Move every waiting act to the log, each exactly once; return how many were written now.

    `size` is how many entries the log has, or less. Only one caller for a log at a time: the process that writes it.
    """
    waiting = await asyncio.to_thread(_waiting, store, log.name)
    if not waiting:
        return 0
    done = await asyncio.to_thread(_already_written, log, waiting)
    fresh = [one for one in waiting if str(one.id) not in done]
    theirs = await asyncio.to_thread(
        _begin, store, [one.id for one in fresh if one.log is None], log.name, size
    )
    waiting, fresh = ([one for one in some if one.id not in theirs] for some in (waiting, fresh))
    for one in fresh:
        facts = one.act.facts | {_MARK: str(one.id)}
        await log.append(msgspec.structs.replace(one.act, facts=facts))
    await asyncio.to_thread(_remove, store, [one.id for one in waiting])
    return len(fresh)


def _waiting(store: Store, log: str) -> list[_Waiting]:
    mine = outbox.c.log.is_(None) | (outbox.c.log == log)
    with store.read() as connection:
        rows = connection.execute(select(outbox).where(mine).order_by(outbox.c.id)).all()
    found: list[_Waiting] = []
    for row in rows:
        act = _decode(row.entry)
        if not isinstance(act, AnyDeed):
            raise TypeError(f"row {row.id} of the outbox holds no act")
        found.append(_Waiting(row.id, act, row.since, row.log))
    return found


def _already_written(log: Log, waiting: Iterable[_Waiting]) -> set[str]:
    since = [one.since for one in waiting if one.since is not None]
    if not since:
        return set()
    acts = (record.entry for record in log.read(min(since)))
    return {act.facts[_MARK] for act in acts if isinstance(act, AnyDeed) and _MARK in act.facts}


def _begin(store: Store, ids: list[int], log: str, size: int) -> set[int]:
    """Take acts upon this log; return those that another one took a moment ago."""
    if not ids:
        return set()
    free = outbox.c.id.in_(ids) & outbox.c.log.is_(None)
    with store.write() as connection:
        connection.execute(update(outbox).where(free).values(since=size, log=log))
        mine = outbox.c.id.in_(ids) & (outbox.c.log == log)
        taken = set(connection.execute(select(outbox.c.id).where(mine)).scalars())
    return set(ids) - taken


def _remove(store: Store, ids: list[int]) -> None:
    with store.write() as connection:
        connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))


async def deliver(store: Store, directory: Path, options: Options) -> int | None:
    """Move waiting acts to the log in this directory if no other process writes it, here or in the folder that this
    one was copied from; None: that process will.

    Whoever comes first makes the log: `options` are those of the settings, or its origin and retention are not.
    """
    try:
        journal = await asyncio.to_thread(Journal.open, directory, options, patience=0)
    except LogLocked:
        return None
    try:
        if await asyncio.to_thread(is_elsewhere, store, journal):
            return None
        return await drain_outbox(store, journal, journal.size)
    finally:
        await asyncio.to_thread(journal.close)
