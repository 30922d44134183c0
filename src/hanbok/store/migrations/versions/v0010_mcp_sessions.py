"""Sessions at MCP servers, shared by the processes that ask them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add a table of sessions."""
    op.create_table(
        "mcp_sessions",
        sa.Column(
            "id", sa.String(64), primary_key=True, comment="digest of the server and the client's session"
        ),
        sa.Column("sealed", sa.LargeBinary, nullable=False, comment="by what the client's session is called"),
        sa.Column("opened", sa.String(32), nullable=False),
        comment="sessions at MCP servers, which every process may go on with",
    )
