"""Organisations, keys, spend, marks and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "organisations",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("won_per_day", sa.BigInteger, comment="micro-won; null: no limit"),
        sa.Column("won_per_month", sa.BigInteger, comment="micro-won; null: no limit"),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True, comment="SHA-256 of the secret, hex"),
        sa.Column(
            "organisation", sa.String(64), sa.ForeignKey("organisations.id"), nullable=False, index=True
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("team", sa.String(200), nullable=False, server_default=""),
        sa.Column("person", sa.String(200), nullable=False, server_default=""),
        sa.Column("application", sa.String(200), nullable=False, server_default=""),
        sa.Column(
            "models", sa.Text, nullable=False, server_default="[]", comment="JSON array of names; empty: all"
        ),
        sa.Column("requests_per_minute", sa.Integer),
        sa.Column("concurrency", sa.Integer),
        sa.Column("won_per_day", sa.BigInteger, comment="micro-won"),
        sa.Column("won_per_month", sa.BigInteger, comment="micro-won"),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("expires", sa.String(32)),
        sa.Column("revoked", sa.String(32)),
    )
    op.create_table(
        "spend",
        sa.Column("organisation", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True, comment="Korean day, YYYY-MM-DD"),
        sa.Column("won", sa.BigInteger, nullable=False, comment="micro-won"),
        sa.Column("calls", sa.BigInteger, nullable=False),
        comment="a view of the evidence log, up to the cursor in marks",
    )
    marks = op.create_table(
        "marks",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("note", sa.String(200), nullable=False, server_default=""),
        comment="counters: version of the keys; how far of each log is in spend",
    )
    op.bulk_insert(marks, [{"name": "keys", "value": 0}])
    op.create_table(
        "outbox",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("entry", sa.Text, nullable=False, comment="JSON of an Act"),
        sa.Column(
            "since",
            sa.BigInteger,
            comment="size of the log when the writing of this one began; null: not begun",
        ),
        comment="administrators' acts on their way to the evidence log",
        sqlite_autoincrement=True,
    )
