"""Data keys of the vault, wrapped, and the ledger of pseudonymised data."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the vault's tables."""
    op.create_table(
        "data_keys",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organisation", sa.String(64), nullable=False, index=True),
        sa.Column("purpose", sa.String(16), nullable=False, comment="contents, index or pseudonyms"),
        sa.Column("period", sa.String(10), nullable=False, comment="Korean day; empty: for good"),
        sa.Column("provider", sa.String(64), nullable=False, comment="name in the settings"),
        sa.Column(
            "key", sa.String(300), nullable=False, comment="the provider's name of the key that wraps it"
        ),
        sa.Column("version", sa.String(300), nullable=False, comment="of that key"),
        sa.Column("wrapped", sa.Text, nullable=False, comment="base64; empty: destroyed"),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("rewrapped", sa.String(32)),
        sa.Column("retired", sa.String(32), comment="from then on a newer one of its period is written with"),
        sa.Column("destroyed", sa.String(32)),
        comment="keys of contents and pseudonyms, each wrapped by a key that its provider keeps",
    )
    op.create_table(
        "pseudonym_ledger",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organisation", sa.String(64), nullable=False, index=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("items", sa.Text, nullable=False, comment="JSON array of kinds"),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("began", sa.String(10), nullable=False, comment="Korean day"),
        sa.Column(
            "until", sa.String(10), nullable=False, comment="Korean day on which the maps are destroyed"
        ),
        sa.Column("actor", sa.String(300), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("destroyed", sa.String(32)),
        sa.Column("keep_until", sa.String(10), comment="Korean day, three years after the destruction"),
        comment="PIPA art. 28-4, decree art. 29-5: kept three years after the data are destroyed",
    )
