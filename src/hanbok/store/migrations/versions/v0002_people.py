"""Teams, persons and applications as records, roles and their history, approvals."""

import sqlalchemy as sa
from alembic import op

from hanbok.store.tables import KEEP_HISTORY

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables, and a record for every team, person and application that a key names as a text."""
    op.add_column(
        "keys",
        sa.Column(
            "issuer",
            sa.String(32),
            nullable=False,
            server_default="",
            comment="id of the key that made this one; empty: made on the machine itself",
        ),
    )
    op.add_column(
        "keys",
        sa.Column("used", sa.String(32), comment="when it last opened the administration, to the minute"),
    )
    _people()
    _roles()
    _approvals()
    for kind in ("team", "person", "application"):
        op.execute(
            f"INSERT INTO parties (organisation, kind, id, name, created) "  # noqa: S608 - our own names
            f"SELECT organisation, '{kind}', {kind}, {kind}, MIN(created) FROM keys "
            f"WHERE {kind} <> '' GROUP BY organisation, {kind}"
        )


def _people() -> None:
    op.create_table(
        "parties",
        sa.Column("organisation", sa.String(64), sa.ForeignKey("organisations.id"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True, comment="team, person or application"),
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("team", sa.String(200), nullable=False, server_default=""),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32), comment="its keys are dead from then on"),
        comment="whom keys refer to",
    )


def _roles() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False, comment="organisation or platform"),
        sa.Column("created", sa.String(32), nullable=False),
        sa.UniqueConstraint("organisation", "person", "role", "scope"),
        comment="roles in force",
    )
    op.create_table(
        "role_history",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False, index=True),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("change", sa.String(16), nullable=False, comment="grant or revoke"),
        sa.Column("actor", sa.String(300), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        comment="append-only: safety measures notice art. 5 asks for three years",
        sqlite_autoincrement=True,
    )
    for statement in KEEP_HISTORY[op.get_bind().dialect.name]:
        for verb in ("UPDATE", "DELETE"):
            op.execute(statement.format(verb=verb))


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column(
            "organisation", sa.String(64), nullable=False, index=True, comment="empty: the whole installation"
        ),
        sa.Column("requester_organisation", sa.String(64), nullable=False),
        sa.Column("requester", sa.String(200), nullable=False),
        sa.Column("arguments", sa.Text, nullable=False, comment="canonical JSON: facts, never contents"),
        sa.Column("digest", sa.String(64), nullable=False, comment="SHA-256 of the arguments, hex"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("expires", sa.String(32), nullable=False),
        sa.Column(
            "state", sa.String(16), nullable=False, comment="waiting, approved, declined, withdrawn or used"
        ),
        sa.Column("decider_organisation", sa.String(64), nullable=False, server_default=""),
        sa.Column("decider", sa.String(200), nullable=False, server_default=""),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("decided", sa.String(32)),
        sa.Column("used", sa.String(32)),
        comment="what one person asked for and another allowed",
    )
