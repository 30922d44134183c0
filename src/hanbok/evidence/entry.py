"""What the log records: facts and digests of one hop, never its content."""

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", omit_defaults=True):
    """What every entry has. `at` is UTC in RFC 3339 with microseconds; `call` joins the entries of one hop."""

    at: str
    call: str = ""


class Hop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One destination that the plan of a call may use, and in which form."""

    endpoint: str
    model: str
    country: str
    zone: str
    operator: str
    form: str
    policies: tuple[str, ...] = ()


class Intent(Entry, frozen=True, kw_only=True, tag="intent", omit_defaults=True):
    """Written and durable before the first byte of a call leaves (safety measures notice art. 8: who, when, where
    from, whose data, what was done).
    """

    organisation: str
    key: str
    team: str = ""
    person: str = ""
    application: str = ""
    origin: str = ""
    """Address of the client."""
    route: str
    model: str
    grade: str
    findings: dict[str, int] = {}
    """How many findings of each kind the request holds."""
    digest: str
    """SHA-256 of the request body as received, hex."""
    plan: tuple[Hop, ...]
    """In the order in which they would be tried."""
    policy: str
    """Version (digest) of the policies that decided."""
    reserved: int = 0
    """Micro-won held against the budget."""


class Refusal(Entry, frozen=True, kw_only=True, tag="refusal", omit_defaults=True):
    """A call that did not leave."""

    organisation: str = ""
    key: str = ""
    origin: str = ""
    route: str
    model: str = ""
    grade: str = ""
    findings: dict[str, int] = {}
    digest: str = ""
    code: str
    policies: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    policy: str = ""


class Outcome(Entry, frozen=True, kw_only=True, tag="outcome", omit_defaults=True):
    """How a call ended. One for each intent; a start after a crash writes the missing ones."""

    status: str
    """`completed`, `failed` (no reply began), `cut` (it broke off), `cancelled` (the client left), `crashed`."""
    organisation: str
    key: str
    endpoint: str = ""
    model: str = ""
    form: str = ""
    code: str = ""
    """The error's code, when not completed."""
    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    cost: int = 0
    """Micro-won charged."""
    reply_findings: dict[str, int] = {}
    sent: str = ""
    """SHA-256 of the body that left, hex."""
    received: str = ""
    """SHA-256 of what the client was given, hex."""
    attempts: tuple[str, ...] = ()
    """What each tried destination ended with, such as `azure:timeout`."""
    steps: dict[str, str] = {}
    """What each step did: `ran`, `not run`, or what it changed."""


class Act(Entry, frozen=True, kw_only=True, tag="act", omit_defaults=True):
    """A change by an administrator or by hanbok itself (keys, organisations, settings, recovery)."""

    actor: str
    verb: str
    object: str
    facts: dict[str, str] = {}


AnyEntry = Intent | Refusal | Outcome | Act
