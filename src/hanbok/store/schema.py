"""Which version the tables have. Alembic, slow to import, is loaded only when they must change."""

from importlib import import_module
from typing import Protocol, cast

from sqlalchemy import Connection, Engine, inspect, select, text

from hanbok.store.errors import StoreNewer

VERSION = "0001"
"""The newest revision in `migrations/versions`."""
_LOCK = 0x68616E626F6B


class Migrations(Protocol):
    """The part of `migrate.py` that is used here."""

    def upgrade(self, connection: Connection) -> None: ...


def version_of(connection: Connection) -> str:
    """Return the revision of the tables; empty for a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar() or ""


def bring_up_to_date(engine: Engine) -> None:
    """Create or change the tables if they are older than this hanbok. Raises StoreNewer if they are newer."""
    with engine.connect() as connection:
        found = version_of(connection)
    if found > VERSION:
        raise StoreNewer(found=found, known=VERSION)
    if found == VERSION:
        return
    with engine.begin() as connection:
        # One process migrates, the others wait: SQLite by its writer's lock, PostgreSQL by an advisory one.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if version_of(connection) != VERSION:
            cast("Migrations", import_module("hanbok.store.migrate")).upgrade(connection)
