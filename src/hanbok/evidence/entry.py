"""What the log records: facts and digests of one hop or one act, never content.

The five facts that the safety measures notice (개인정보의 안전성 확보조치 기준) art. 8 asks of a record of access are
fields of every kind: who (`key`, `actor`), when (`at`), where from (`origin`), whose data (`findings`, `subjects`: by
type), and what was done (`route`, `verb`). How long an entry is kept is in `keep` (`retention.py`).
"""

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="entry", omit_defaults=True):
    """What every entry has. `at` is UTC in RFC 3339 with microseconds; `call` joins the entries of one hop."""

    at: str
    call: str = ""
    keep: int = 0
    """Years that the entry is kept; the log fills it in when it takes the entry over. 0: as long as the log."""


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
    unread: tuple[str, ...] = ()
    """Types of what nobody could read in it, such as `image/png`."""
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
    team: str = ""
    person: str = ""
    application: str = ""
    origin: str = ""
    route: str
    model: str = ""
    grade: str = ""
    findings: dict[str, int] = {}
    unread: tuple[str, ...] = ()
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
    parts: dict[str, int] = {}
    """Further parts of `input` and `output` that the provider told: kept in its cache, sound, pictures."""
    beside: int = 0
    """Tokens that the call used beside those: of attempts that failed, of answers not given and of judgements."""
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


class Deed(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What every act of a person, or of hanbok itself, has. `facts` hold names, numbers and digests, no content."""

    actor: str
    origin: str = ""
    """Address from which the actor came."""
    organisation: str = ""
    verb: str
    object: str
    subjects: dict[str, int] = {}
    """Whose data the act touched: how many findings or persons of each type."""
    approvers: tuple[str, ...] = ()
    """Who agreed, where the act needs a second person."""
    facts: dict[str, str] = {}


class Act(Deed, frozen=True, kw_only=True, tag="act", omit_defaults=True):
    """A change by an administrator or by hanbok itself (keys, organisations, settings, recovery)."""


class Reveal(Deed, frozen=True, kw_only=True, tag="reveal", omit_defaults=True):
    """Somebody was shown what stands behind pseudonyms."""

    reason: str
    pseudonyms: tuple[str, ...]
    """SHA-256 of each pseudonym, hex."""


class PolicyChange(Deed, frozen=True, kw_only=True, tag="policy_change", omit_defaults=True):
    """Other policies came into force. `before` and `after` are their versions (digests)."""

    before: str
    after: str
    articles: tuple[str, ...] = ()


class KeyAct(Deed, frozen=True, kw_only=True, tag="key_act", omit_defaults=True):
    """A cryptographic key was made, rotated, withdrawn or destroyed. `object` names the key, never its secret."""

    purpose: str
    """What the key is for: `log`, or a class of data."""
    provider: str = ""
    before: str = ""
    """The public key that it follows, as a vkey, where there is one."""
    after: str = ""
    handover: str = ""
    """A note in which the key before names the key after (`signed_log.py`)."""


class AdminAct(Deed, frozen=True, kw_only=True, tag="admin_act", omit_defaults=True):
    """A right was granted, changed or taken back (the notice, art. 5). `object` is whose."""

    role: str
    scope: str = ""


class ModelRelease(Deed, frozen=True, kw_only=True, tag="model_release", omit_defaults=True):
    """A model was put in service, swapped or taken out."""

    endpoint: str = ""
    before: str = ""
    after: str = ""
    """Digest or version of the model."""
    grade: str = ""
    """How much changed, as judged by probes: `minor`, `moderate`, `major`."""
    probes: str = ""
    """Digest of the probes' answers."""


class Erasure(Deed, frozen=True, kw_only=True, tag="erasure", omit_defaults=True):
    """Contents were destroyed: on a person's request (PIPA 36), or because their time was over (PIPA 21)."""

    basis: str
    """The article."""
    subject: str = ""
    """Digest of who asked."""
    records: int = 0


class Transfer(Deed, frozen=True, kw_only=True, tag="transfer", omit_defaults=True):
    """Data may go, or may no longer go, to a recipient abroad (PIPA 28-8). `object` is the endpoint."""

    recipient: str
    country: str
    basis: str
    items: tuple[str, ...] = ()
    until: str = ""


class Expiry(Deed, frozen=True, kw_only=True, tag="expiry", omit_defaults=True):
    """The time of entries is over: their bytes are removed, their leaf hashes stay in the tree."""

    ranges: tuple[tuple[int, int], ...]
    """First and last index of each run of entries."""


class Gone(Entry, frozen=True, kw_only=True, tag="gone", omit_defaults=True):
    """What is read where an entry has expired. Never written."""


GONE = Gone(at="")
AnyDeed = Act | Reveal | PolicyChange | KeyAct | AdminAct | ModelRelease | Erasure | Transfer | Expiry
AnyEntry = Intent | Refusal | Outcome | AnyDeed | Gone
