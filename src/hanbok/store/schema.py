"""Which version the tables have. A new database gets the newest ones at once; Alembic, which is slow to import and
takes 13 MiB, is loaded only when the tables of an older hanbok must change.
"""

from importlib import import_module
from typing import Protocol, cast

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, inspect, select, text

from hanbok.store.errors import StoreMoved, StoreNewer, StoreUnfinished
from hanbok.store.tables import marks, metadata

VERSION = "0012"
"""The newest revision in `migrations/versions`."""
_LOCK = 0x68616E626F6B
MOVED = "moved"
"""In place of a revision: the records are in another database now."""
UNFINISHED = "unfinished"
"""In place of a revision: records are being moved here."""
version = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True, nullable=False)
)


class Migrations(Protocol):
    """The part of `migrate.py` that is used here."""

    def upgrade(self, connection: Connection) -> None: ...


def bring_up_to_date(engine: Engine) -> None:
    """Create or change the tables if they are older than this hanbok. Raises StoreNewer if they are newer,
    StoreMoved, StoreUnfinished.
    """
    with engine.connect() as connection:
        found = version_of(connection)
    if found in (MOVED, UNFINISHED):
        raise StoreMoved if found == MOVED else StoreUnfinished
    if found > VERSION:
        raise StoreNewer(found=found, known=VERSION)
    if found == VERSION:
        return
    with engine.begin() as connection:
        # One process changes the tables, the others wait: SQLite by its writer's lock, PostgreSQL by an advisory one.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = version_of(connection)
        if not found:
            create(connection)
        elif found < VERSION:
            cast("Migrations", import_module("hanbok.store.migrate")).upgrade(connection)


def version_of(connection: Connection) -> str:
    """Return the revision of the tables; empty for a new database."""
    if not inspect(connection).has_table(version.name):
        return ""
    return connection.execute(select(version.c.version_num)).scalar() or ""


def create(connection: Connection) -> None:
    """Make in a new database what all the migrations would have made."""
    metadata.create_all(connection)
    connection.execute(insert(marks).values(name="keys", value=0))
    version.create(connection)
    connection.execute(insert(version).values(version_num=VERSION))
