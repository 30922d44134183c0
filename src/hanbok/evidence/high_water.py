"""How far the log had come, noted apart from it: in the database, with the root that it had there.

A folder that is put back, whole, to an older state verifies; the note, which was not put back with it, tells.
Whoever puts back both is found by a witness alone (`cosigning.py`).
"""

from hashlib import sha256

from sqlalchemy import insert, select, update

from hanbok.evidence.archive import Archive
from hanbok.evidence.errors import LogRolledBack
from hanbok.evidence.journal import Journal
from hanbok.store.database import Store
from hanbok.store.tables import marks

_DATABASE = "database"


def check_high_water(store: Store, journal: Journal) -> None:
    """Raise LogRolledBack unless the log continues what was noted last. Blocks."""
    archive = Archive(journal.directory)
    with store.read() as connection:
        name = _name(archive.latest.checkpoint.origin)
        row = connection.execute(
            select(marks.c.value, marks.c.note).where(marks.c.name == name)
        ).one_or_none()
    if row and (row.value > archive.signed or archive.root(row.value).hex() != row.note):
        raise LogRolledBack(witness=_DATABASE, size=row.value)


def note_high_water(store: Store, journal: Journal) -> None:
    """Note the newest signed checkpoint. Blocks."""
    checkpoint = journal.notary.checkpoint
    if checkpoint is None:
        return
    mine = marks.c.name == _name(checkpoint.origin)
    values = {"value": checkpoint.size, "note": checkpoint.root.hex()}
    with store.write() as connection:
        older = mine & (marks.c.value < checkpoint.size)
        if connection.execute(update(marks).where(older).values(**values)).rowcount:
            return
        if not connection.execute(select(marks.c.value).where(mine)).one_or_none():
            connection.execute(insert(marks).values(name=_name(checkpoint.origin), **values))


def _name(origin: str) -> str:
    return f"tree {sha256(origin.encode()).hexdigest()}"
