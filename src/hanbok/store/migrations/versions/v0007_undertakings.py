"""What goes on though no client waits."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "undertakings",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False, comment="response or batch"),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("key", sa.String(32), nullable=False, comment="id of the key that it is made for"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32)),
        sa.Column(
            "holder",
            sa.String(100),
            nullable=False,
            server_default="",
            comment="the process that works on it",
        ),
        sa.Column(
            "seen",
            sa.String(32),
            nullable=False,
            server_default="",
            comment="when that process last said so",
        ),
        sa.Column("facts", sa.Text, nullable=False, comment="JSON: numbers, names and times, no content"),
        comment="what goes on though no client waits: responses in the background, batches",
    )
