"""Price tables."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create what money needs."""
    op.create_table(
        "price_tables",
        sa.Column("issued", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the note, hex"),
        sa.Column("signers", sa.Text, nullable=False, comment="the trusted keys that signed it, as vkeys"),
        sa.Column("note", sa.Text, nullable=False, comment="the signed table"),
        sa.Column("taken", sa.String(32), nullable=False),
        comment="signed price tables, kept so that any day can be priced",
    )
