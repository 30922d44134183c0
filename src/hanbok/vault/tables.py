"""The tables of the two stores that stand apart from hanbok's own: contents, and maps of pseudonyms."""

from collections.abc import Callable

from sqlalchemy import (
    Column,
    Engine,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
)

from hanbok.store.errors import StoreNewer
from hanbok.store.tables import NAMING

VERSION = "1"
_LOCK = 0x68616E626F6C

contents_metadata = MetaData(naming_convention=NAMING)
contents = Table(
    "contents",
    contents_metadata,
    Column("organisation", String(64), primary_key=True),
    Column("call", String(64), primary_key=True),
    Column("part", String(16), primary_key=True, comment="request or reply"),
    Column("day", String(10), nullable=False, comment="Korean day: the period of its key"),
    Column("at", String(32), nullable=False),
    Column("key", String(32), nullable=False, comment="id of the data key that seals it"),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_contents_day", "organisation", "day"),
)
subjects = Table(
    "subjects",
    contents_metadata,
    Column("organisation", String(64), primary_key=True),
    Column("tag", String(64), primary_key=True, comment="keyed digest of an identifier, hex"),
    Column("call", String(64), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("day", String(10), nullable=False),
    Index("ix_subjects_call", "organisation", "call"),
)
shredded = Table(
    "shredded",
    contents_metadata,
    Column("key", String(32), primary_key=True),
    comment="data keys that nothing may be sealed with any more",
)

maps_metadata = MetaData(naming_convention=NAMING)
maps = Table(
    "maps",
    maps_metadata,
    Column("organisation", String(64), primary_key=True),
    Column("scope", String(64), primary_key=True, comment="a call, or an entry of the ledger"),
    Column("pseudonym", String(200), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("tag", String(64), nullable=False, comment="keyed digest of the value, hex"),
    Column("day", String(10), nullable=False),
    Column("at", String(32), nullable=False),
    Column("key", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_maps_tag", "organisation", "tag"),
    Index("ix_maps_day", "organisation", "day"),
)


def schema_of(metadata: MetaData) -> Callable[[Engine], None]:
    """Return what makes these tables in a new database, and refuses one that a newer hanbok made."""
    version = Table(
        "vault_version", metadata, Column("number", String(8), primary_key=True), extend_existing=True
    )

    def bring_up_to_date(engine: Engine) -> None:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if not inspect(connection).has_table(version.name):
                metadata.create_all(connection)
                connection.execute(insert(version).values(number=VERSION))
            found = str(connection.execute(select(version.c.number)).scalar_one())
            if int(found) > int(VERSION):
                raise StoreNewer(found=found, known=VERSION)

    return bring_up_to_date
