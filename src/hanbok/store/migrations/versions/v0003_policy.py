"""Changes of policy."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table of policy changes."""
    op.create_table(
        "policy_changes",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column(
            "source", sa.String(16), nullable=False, comment="`organisation` (the store) or `settings`"
        ),
        sa.Column("digest", sa.String(64), nullable=False, index=True, comment="SHA-256 of the content, hex"),
        sa.Column("content", sa.Text, nullable=False, comment="JSON of the rules as a whole"),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("proposer", sa.String(200), nullable=False),
        sa.Column("proposed", sa.String(32), nullable=False),
        sa.Column(
            "state",
            sa.String(16),
            nullable=False,
            comment="`proposed`, `in_force`, `replaced` or `withdrawn`",
        ),
        sa.Column("approver", sa.String(200), nullable=False, server_default=""),
        sa.Column("applier", sa.String(200), nullable=False, server_default=""),
        sa.Column("applied", sa.String(32)),
        comment="every text of policy that was proposed or in force; at most one of each source is in force",
        sqlite_autoincrement=True,
    )
