"""The tables. Their history is in `migrations/versions`; a test proves that both say the same.

Times are RFC 3339 texts in UTC with microseconds, so that they sort and mean the same in every database.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

organisations = Table(
    "organisations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created", String(32), nullable=False),
    Column("won_per_day", BigInteger, comment="micro-won; null: no limit"),
    Column("won_per_month", BigInteger, comment="micro-won; null: no limit"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True, comment="SHA-256 of the secret, hex"),
    Column("organisation", String(64), ForeignKey("organisations.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("team", String(200), nullable=False, server_default=""),
    Column("person", String(200), nullable=False, server_default=""),
    Column("application", String(200), nullable=False, server_default=""),
    Column("models", Text, nullable=False, server_default="[]", comment="JSON array of names; empty: all"),
    Column("requests_per_minute", Integer),
    Column("concurrency", Integer),
    Column("won_per_day", BigInteger, comment="micro-won"),
    Column("won_per_month", BigInteger, comment="micro-won"),
    Column("created", String(32), nullable=False),
    Column("expires", String(32)),
    Column("revoked", String(32)),
    Column(
        "issuer",
        String(32),
        nullable=False,
        server_default="",
        comment="id of the key that made this one; empty: made on the machine itself",
    ),
    Column("used", String(32), comment="when it last opened the administration, to the minute"),
    Column("tokens_per_minute", BigInteger),
)

spend = Table(
    "spend",
    metadata,
    Column("organisation", String(64), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("day", String(10), primary_key=True, comment="Korean day, YYYY-MM-DD"),
    Column("won", BigInteger, nullable=False, comment="micro-won"),
    Column("calls", BigInteger, nullable=False),
    comment="a view of the evidence log, up to the cursor in marks",
)

marks = Table(
    "marks",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    comment="counters: version of the keys; how far of each log is in spend",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("entry", Text, nullable=False, comment="JSON of an Act"),
    Column(
        "since", BigInteger, comment="size of the log when the writing of this one began; null: not begun"
    ),
    Column("log", String(64), comment="name of the log that it goes to; null: whichever comes first"),
    comment="administrators' acts on their way to the evidence log",
    sqlite_autoincrement=True,
)

parties = Table(
    "parties",
    metadata,
    Column("organisation", String(64), ForeignKey("organisations.id"), primary_key=True),
    Column("kind", String(16), primary_key=True, comment="team, person or application"),
    Column("id", String(200), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("team", String(200), nullable=False, server_default=""),
    Column("created", String(32), nullable=False),
    Column("ended", String(32), comment="its keys are dead from then on"),
    comment="whom keys refer to",
)

grants = Table(
    "grants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organisation", String(64), nullable=False),
    Column("person", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("scope", String(16), nullable=False, comment="organisation or platform"),
    Column("created", String(32), nullable=False),
    UniqueConstraint("organisation", "person", "role", "scope"),
    comment="roles in force",
)

role_history = Table(
    "role_history",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("organisation", String(64), nullable=False, index=True),
    Column("person", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("change", String(16), nullable=False, comment="grant or revoke"),
    Column("actor", String(300), nullable=False),
    Column("reason", Text, nullable=False),
    comment="append-only: safety measures notice art. 5 asks for three years",
    sqlite_autoincrement=True,
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("organisation", String(64), nullable=False, index=True, comment="empty: the whole installation"),
    Column("requester_organisation", String(64), nullable=False),
    Column("requester", String(200), nullable=False),
    Column("arguments", Text, nullable=False, comment="canonical JSON: facts, never contents"),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the arguments, hex"),
    Column("reason", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("expires", String(32), nullable=False),
    Column("state", String(16), nullable=False, comment="waiting, approved, declined, withdrawn or used"),
    Column("decider_organisation", String(64), nullable=False, server_default=""),
    Column("decider", String(200), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("decided", String(32)),
    Column("used", String(32)),
    comment="what one person asked for and another allowed",
)

KEEP_HISTORY = {
    "sqlite": (
        (
            "CREATE TRIGGER role_history_{verb} BEFORE {verb} ON role_history "
            "BEGIN SELECT RAISE(ABORT, 'role_history is append-only'); END"
        ),
    ),
    "postgresql": (
        (
            "CREATE OR REPLACE FUNCTION role_history_{verb}() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RAISE EXCEPTION ''role_history is append-only''; END'"
        ),
        (
            "CREATE TRIGGER role_history_{verb} BEFORE {verb} ON role_history "
            "FOR EACH STATEMENT EXECUTE FUNCTION role_history_{verb}()"
        ),
    ),
}
"""What makes the database itself refuse to change or remove a line of the history."""
for _dialect, _statements in KEEP_HISTORY.items():
    for _verb in ("UPDATE", "DELETE"):
        for _statement in _statements:
            _ddl = DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
                _statement.format(verb=_verb)
            ).execute_if(dialect=_dialect)
            event.listen(role_history, "after_create", _ddl)

policy_changes = Table(
    "policy_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("source", String(16), nullable=False, comment="`organisation` (the store) or `settings`"),
    Column("digest", String(64), nullable=False, index=True, comment="SHA-256 of the content, hex"),
    Column("content", Text, nullable=False, comment="JSON of the rules as a whole"),
    Column("note", Text, nullable=False, server_default=""),
    Column("proposer", String(200), nullable=False),
    Column("proposed", String(32), nullable=False),
    Column("state", String(16), nullable=False, comment="`proposed`, `in_force`, `replaced` or `withdrawn`"),
    Column("approver", String(200), nullable=False, server_default=""),
    Column("applier", String(200), nullable=False, server_default=""),
    Column("applied", String(32)),
    comment="every text of policy that was proposed or in force; at most one of each source is in force",
    sqlite_autoincrement=True,
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organisation", String(64), nullable=False, index=True),
    Column("purpose", String(16), nullable=False, comment="contents, index or pseudonyms"),
    Column("period", String(10), nullable=False, comment="Korean day; empty: for good"),
    Column("provider", String(64), nullable=False, comment="name in the settings"),
    Column("key", String(300), nullable=False, comment="the provider's name of the key that wraps it"),
    Column("version", String(300), nullable=False, comment="of that key"),
    Column("wrapped", Text, nullable=False, comment="base64; empty: destroyed"),
    Column("created", String(32), nullable=False),
    Column("rewrapped", String(32)),
    Column("retired", String(32), comment="from then on a newer one of its period is written with"),
    Column("destroyed", String(32)),
    comment="keys of contents and pseudonyms, each wrapped by a key that its provider keeps",
)

pseudonym_ledger = Table(
    "pseudonym_ledger",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organisation", String(64), nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("items", Text, nullable=False, comment="JSON array of kinds"),
    Column("recipient", Text, nullable=False),
    Column("began", String(10), nullable=False, comment="Korean day"),
    Column("until", String(10), nullable=False, comment="Korean day on which the maps are destroyed"),
    Column("actor", String(300), nullable=False),
    Column("created", String(32), nullable=False),
    Column("destroyed", String(32)),
    Column("keep_until", String(10), comment="Korean day, three years after the destruction"),
    comment="PIPA art. 28-4, decree art. 29-5: kept three years after the data are destroyed",
)

usecases = Table(
    "usecases",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("organisation", String(64), nullable=False, index=True),
    Column(
        "version", BigInteger, nullable=False, comment="counts changes, so that two at once cannot hide one"
    ),
    Column("document", Text, nullable=False, comment="JSON of the use case"),
    comment="register of uses of AI (AI Basic Act art. 31, 33 to 35)",
)

price_tables = Table(
    "price_tables",
    metadata,
    Column("issued", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the note, hex"),
    Column("signers", Text, nullable=False, comment="the trusted keys that signed it, as vkeys"),
    Column("note", Text, nullable=False, comment="the signed table"),
    Column("taken", String(32), nullable=False),
    comment="signed price tables, kept so that any day can be priced",
)

undertakings = Table(
    "undertakings",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False, comment="response or batch"),
    Column("organisation", String(64), nullable=False),
    Column("key", String(32), nullable=False, comment="id of the key that it is made for"),
    Column("state", String(16), nullable=False),
    Column("created", String(32), nullable=False),
    Column("ended", String(32)),
    Column("holder", String(100), nullable=False, server_default="", comment="the process that works on it"),
    Column("seen", String(32), nullable=False, server_default="", comment="when that process last said so"),
    Column("facts", Text, nullable=False, comment="JSON: numbers, names and times, no content"),
    comment="what goes on though no client waits: responses in the background, batches",
)

budgets = Table(
    "budgets",
    metadata,
    Column("account", String(400), primary_key=True, comment="kind:organisation/subject"),
    Column("organisation", String(64), nullable=False, index=True),
    Column("kind", String(16), nullable=False, comment="team, person or model"),
    Column("subject", String(200), nullable=False),
    Column("won_per_day", BigInteger, comment="micro-won; null: no limit"),
    Column("won_per_month", BigInteger, comment="micro-won; null: no limit"),
    comment="what teams, people and models may spend; keys and organisations have theirs in their own rows",
)

shares = Table(
    "shares",
    metadata,
    Column("account", String(400), primary_key=True, comment="kind:organisation/subject"),
    Column("day", String(10), primary_key=True, comment="Korean day, YYYY-MM-DD"),
    Column("won", BigInteger, nullable=False, comment="micro-won"),
    comment="what teams, people and models spent: a view of the evidence log, kept together with spend",
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(64), primary_key=True, comment="the webhook-id: of one budget, period and threshold"),
    Column("day", String(10), nullable=False, index=True, comment="Korean day on which it was noted"),
    Column("body", Text, nullable=False, comment="JSON as it is sent; names no person"),
    Column("due", String(32), index=True, comment="when it is to be sent; null: over"),
    Column("tries", Integer, nullable=False),
    comment="alerts of budgets, told at least once",
)

mcp_sessions = Table(
    "mcp_sessions",
    metadata,
    Column("id", String(64), primary_key=True, comment="digest of the server and the client's session"),
    Column("sealed", LargeBinary, nullable=False, comment="by what the client's session is called"),
    Column("opened", String(32), nullable=False),
    comment="sessions at MCP servers, which every process may go on with",
)

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("id", String(64), primary_key=True, comment="digest of the secret"),
    Column("sealed", LargeBinary, nullable=False, comment="by the secret: its key and what it opens"),
    Column("expires", String(32), nullable=False, index=True),
    comment="secrets that open realtime sessions for minutes",
)
