"""The tables. Their history is in `migrations/versions`; a test proves that both say the same.

Times are RFC 3339 texts in UTC with microseconds, so that they sort and mean the same in every database.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Table, Text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

organisations = Table(
    "organisations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created", String(32), nullable=False),
    Column("won_per_day", BigInteger, comment="micro-won; null: no limit"),
    Column("won_per_month", BigInteger, comment="micro-won; null: no limit"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True, comment="SHA-256 of the secret, hex"),
    Column("organisation", String(64), ForeignKey("organisations.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("team", String(200), nullable=False, server_default=""),
    Column("person", String(200), nullable=False, server_default=""),
    Column("application", String(200), nullable=False, server_default=""),
    Column("models", Text, nullable=False, server_default="[]", comment="JSON array of names; empty: all"),
    Column("requests_per_minute", Integer),
    Column("concurrency", Integer),
    Column("won_per_day", BigInteger, comment="micro-won"),
    Column("won_per_month", BigInteger, comment="micro-won"),
    Column("created", String(32), nullable=False),
    Column("expires", String(32)),
    Column("revoked", String(32)),
)

spend = Table(
    "spend",
    metadata,
    Column("organisation", String(64), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("day", String(10), primary_key=True, comment="Korean day, YYYY-MM-DD"),
    Column("won", BigInteger, nullable=False, comment="micro-won"),
    Column("calls", BigInteger, nullable=False),
    comment="a view of the evidence log, up to the cursor in marks",
)

marks = Table(
    "marks",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    comment="counters: version of the keys; how far of each log is in spend",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("entry", Text, nullable=False, comment="JSON of an Act"),
    Column(
        "since", BigInteger, comment="size of the log when the writing of this one began; null: not begun"
    ),
    comment="administrators' acts on their way to the evidence log",
    sqlite_autoincrement=True,
)
