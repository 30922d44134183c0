"""The register of uses of AI."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the register."""
    op.create_table(
        "usecases",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("organisation", sa.String(64), nullable=False, index=True),
        sa.Column(
            "version",
            sa.BigInteger,
            nullable=False,
            comment="counts changes, so that two at once cannot hide one",
        ),
        sa.Column("document", sa.Text, nullable=False, comment="JSON of the use case"),
        comment="register of uses of AI (AI Basic Act art. 31, 33 to 35)",
    )
