"""Who writes a log, noted in the database that machines share: so a copy of its folder is noticed.

A copy has the log's name and all its keys. What tells it apart is where it lies (`Journal.folder`), and, where even
that is the same, as with a machine that was cloned whole, that its process is another one. No clocks are compared: one
that writes is seen to count.
"""

import asyncio
import secrets
from typing import Final

from sqlalchemy import select, update

from hanbok.evidence.errors import MachineTwice
from hanbok.evidence.journal import Journal
from hanbok.store.database import Store, unless_there
from hanbok.store.tables import marks

BEAT: Final = 4.0
"""Seconds from one count to the next."""
_SILENT: Final = 3 * BEAT
"""Who did not count for so long is gone."""
_LOOKS: Final = 6
"""How often it is looked at in that time."""


class Claim:
    """One process's claim to the log that it writes."""

    def __init__(self, store: Store, journal: Journal, *, silent: float = _SILENT) -> None:
        self.lost = False
        """Another process has it now."""
        self._store, self._silent = store, silent
        self._name = _name(journal)
        self._row = marks.c.name == self._name
        self._folder = journal.folder
        self._note = f"{journal.folder} {secrets.token_hex(8)}"

    async def take(self) -> None:
        """To be called before anything is written in common. Waits for one that may be gone; raises MachineTwice."""
        count, note = await asyncio.to_thread(self._seen)
        looks = 0 if _is_free(note, self._folder) else _LOOKS
        for _ in range(looks):
            await asyncio.sleep(self._silent / _LOOKS)
            if await asyncio.to_thread(self._seen) != (count, note):
                raise MachineTwice
        if not await asyncio.to_thread(self._put, count, note):
            raise MachineTwice

    async def beat(self) -> None:
        """Count on. Raises MachineTwice when another process has taken the log."""
        count, note = await asyncio.to_thread(self._seen)
        mine = note in {"", self._note} and await asyncio.to_thread(self._put, count, note)
        self.lost = not mine
        if self.lost:
            raise MachineTwice

    async def give_back(self) -> None:
        """Let the next one begin at once, wherever the folder is by then."""
        if not self.lost:
            await asyncio.to_thread(self._free)

    def _seen(self) -> tuple[int, str]:
        """Tell how far was counted, and by whom."""
        with self._store.write() as connection:
            connection.execute(unless_there(connection, marks).values(name=self._name, value=0))
            row = connection.execute(select(marks.c.value, marks.c.note).where(self._row)).one()
        return row.value, row.note

    def _put(self, count: int, note: str) -> bool:
        """Put our note in the place of this one, unless somebody counted since."""
        seen = self._row & (marks.c.value == count) & (marks.c.note == note)
        with self._store.write() as connection:
            done = connection.execute(update(marks).where(seen).values(value=count + 1, note=self._note))
        return done.rowcount == 1

    def _free(self) -> None:
        mine = self._row & (marks.c.note == self._note)
        with self._store.write() as connection:
            connection.execute(update(marks).where(mine).values(note=""))


def is_elsewhere(store: Store, journal: Journal) -> bool:
    """Tell whether a server writes this log in another folder, or did so until it was killed. Blocks."""
    with store.read() as connection:
        note = connection.execute(
            select(marks.c.note).where(marks.c.name == _name(journal))
        ).scalar_one_or_none()
    return not _is_free(note or "", journal.folder)


def _is_free(note: str, folder: str) -> bool:
    return note.partition(" ")[0] in {"", folder}


def _name(journal: Journal) -> str:
    return f"writer {journal.name}"
