"""Keys may have a limit of tokens a minute."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the limit to keys; those that are there have none."""
    op.add_column("keys", sa.Column("tokens_per_minute", sa.BigInteger))
