"""Several servers with one database: each act goes to one log."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Note with an act on its way which log takes it."""
    op.add_column(
        "outbox",
        sa.Column(
            "log", sa.String(64), comment="name of the log that it goes to; null: whichever comes first"
        ),
    )
