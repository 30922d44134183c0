"""Price tables; budgets of teams, people and models; alerts of budgets."""

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
    op.create_table(
        "budgets",
        sa.Column("account", sa.String(400), primary_key=True, comment="kind:organisation/subject"),
        sa.Column("organisation", sa.String(64), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False, comment="team, person or model"),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("won_per_day", sa.BigInteger, comment="micro-won; null: no limit"),
        sa.Column("won_per_month", sa.BigInteger, comment="micro-won; null: no limit"),
        comment="what teams, people and models may spend; keys and organisations have theirs in their own rows",
    )
    op.create_table(
        "shares",
        sa.Column("account", sa.String(400), primary_key=True, comment="kind:organisation/subject"),
        sa.Column("day", sa.String(10), primary_key=True, comment="Korean day, YYYY-MM-DD"),
        sa.Column("won", sa.BigInteger, nullable=False, comment="micro-won"),
        comment="what teams, people and models spent: a view of the evidence log, kept together with spend",
    )
    op.create_table(
        "alerts",
        sa.Column(
            "id",
            sa.String(64),
            primary_key=True,
            comment="the webhook-id: of one budget, period and threshold",
        ),
        sa.Column(
            "day", sa.String(10), nullable=False, index=True, comment="Korean day on which it was noted"
        ),
        sa.Column("body", sa.Text, nullable=False, comment="JSON as it is sent; names no person"),
        sa.Column("due", sa.String(32), index=True, comment="when it is to be sent; null: over"),
        sa.Column("tries", sa.Integer, nullable=False),
        comment="alerts of budgets, told at least once",
    )
    _carry_over("team")
    _carry_over("person")


def _carry_over(kind: str) -> None:
    """Count what teams and people spent so far; of models it is not known before this version."""
    spend = sa.table("spend", *map(sa.column, ("organisation", "key", "day", "won")))
    keys = sa.table("keys", *map(sa.column, ("id", kind)))
    shares = sa.table("shares", *map(sa.column, ("account", "day", "won")))
    whose = sa.literal(f"{kind}:") + spend.c.organisation + "/" + keys.c[kind]
    sums = (
        sa.select(whose, spend.c.day, sa.func.sum(spend.c.won))
        .join_from(spend, keys, keys.c.id == spend.c.key)
        .where(keys.c[kind] != "")
        .group_by(spend.c.organisation, keys.c[kind], spend.c.day)
    )
    op.execute(shares.insert().from_select(["account", "day", "won"], sums))
