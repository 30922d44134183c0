"""How far the log had come, noted apart from it: in the database, with the root that it had there.

A folder that is put back, whole, to an older state verifies; the note, which was not put back with it, tells.
Whoever puts back both is found by a witness alone (`cosigning.py`).
"""

from hashlib import sha256

from sqlalchemy import select, update

from hanbok.evidence.archive import Archive
from hanbok.evidence.errors import LogRolledBack, OriginTaken
from hanbok.evidence.journal import Journal
from hanbok.store.database import Store, unless_there
from hanbok.store.tables import marks

_DATABASE = "database"


def check_high_water(store: Store, journal: Journal) -> None:
    """Raise LogRolledBack unless the log continues what was noted last, and OriginTaken where that was another log.
    Blocks.
    """
    archive = Archive(journal.directory)
    origin = archive.latest.checkpoint.origin
    with store.read() as connection:
        row = connection.execute(
            select(marks.c.value, marks.c.note).where(marks.c.name == _name(origin))
        ).one_or_none()
    if row is None:
        return
    root, _, log = row.note.partition(" ")
    if log not in {"", journal.name}:
        raise OriginTaken(origin=origin)
    if row.value > archive.signed or archive.root(row.value).hex() != root:
        raise LogRolledBack(witness=_DATABASE, size=row.value)


def note_high_water(store: Store, journal: Journal) -> None:
    """Note the newest signed checkpoint. Raises OriginTaken. Blocks."""
    checkpoint = journal.notary.checkpoint
    if checkpoint is None:
        return
    mine = marks.c.name == _name(checkpoint.origin)
    values = {"value": checkpoint.size, "note": f"{checkpoint.root.hex()} {journal.name}"}
    with store.write() as connection:
        row = connection.execute(select(marks.c.value, marks.c.note).where(mine)).one_or_none()
        if row is None:
            connection.execute(
                unless_there(connection, marks).values(name=_name(checkpoint.origin), **values)
            )
        elif row.note.partition(" ")[2] not in {"", journal.name}:
            raise OriginTaken(origin=checkpoint.origin)
        elif row.value < checkpoint.size:
            connection.execute(update(marks).where(mine & (marks.c.value == row.value)).values(**values))


def _name(origin: str) -> str:
    return f"tree {sha256(origin.encode()).hexdigest()}"
