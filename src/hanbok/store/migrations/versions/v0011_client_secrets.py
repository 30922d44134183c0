"""Secrets that open realtime sessions for minutes, known to every process."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add a table of secrets."""
    op.create_table(
        "client_secrets",
        sa.Column("id", sa.String(64), primary_key=True, comment="digest of the secret"),
        sa.Column(
            "sealed", sa.LargeBinary, nullable=False, comment="by the secret: its key and what it opens"
        ),
        sa.Column("expires", sa.String(32), nullable=False),
        comment="secrets that open realtime sessions for minutes",
    )
    op.create_index("ix_client_secrets_expires", "client_secrets", ["expires"])
