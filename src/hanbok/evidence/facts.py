"""What one pass over the log leaves: counts, each with its first and last entry. Its size does not grow with the log,
only with the number of keys, endpoints, kinds of data and open calls.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from hanbok.core.values import Text
from hanbok.evidence.entry import AnyEntry, Deed, Intent, Outcome, Refusal
from hanbok.evidence.log import Record
from hanbok.evidence.report import Proof, Question


@dataclass(slots=True)
class Tally:
    """How many entries, and the first and the last of them."""

    count: int = 0
    first: Record | None = None
    last: Record | None = None

    def note(self, record: Record) -> None:
        """Count one more."""
        self.count += 1
        self.first = self.first or record
        self.last = record

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """Return the first and the last, or the only one."""
        ends = {record.index: record for record in (self.first, self.last) if record is not None}
        return tuple(proof_of(record) for record in ends.values())

    def __bool__(self) -> bool:
        return self.count > 0


class Where(NamedTuple):
    """A place that data went to, and the form in which it went."""

    endpoint: str
    country: str
    zone: str
    operator: str
    form: str


class Who(NamedTuple):
    organisation: str
    key: str
    team: str = ""
    person: str = ""
    application: str = ""


@dataclass(slots=True)
class Flow:
    """What went to one place in one form."""

    calls: Tally = field(default_factory=Tally)
    kinds: dict[str, Tally] = field(default_factory=dict[str, Tally])
    senders: dict[Who, Tally] = field(default_factory=dict[Who, Tally])
    unsure: int = 0
    """Calls of which only the plan tells that they may have reached the place: a crash left no more."""
    answered: int = 0
    """Calls that the place gave an answer to, or a judgement."""


@dataclass(slots=True)
class Account:
    """What one account did."""

    calls: Tally = field(default_factory=Tally)
    refused: Tally = field(default_factory=Tally)
    kinds: dict[str, Tally] = field(default_factory=dict[str, Tally])
    origins: set[str] = field(default_factory=set[str])
    """Some of the addresses: at most a dozen are kept."""


@dataclass(slots=True, kw_only=True)
class Facts:
    """What the log says of a period."""

    question: Question
    read: Tally = field(default_factory=Tally)
    """Every entry of the log, before and after the period too."""
    gone: Tally = field(default_factory=Tally)
    """Entries whose time was over: only their leaf hashes are left."""
    intents: Tally = field(default_factory=Tally)
    refusals: Tally = field(default_factory=Tally)
    outcomes: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """By status; of calls that began in the period."""
    orphans: Tally = field(default_factory=Tally)
    """Outcomes in the period without an intent before them."""
    unclosed: Tally = field(default_factory=Tally)
    """Intents of the period that the log never closes."""
    unsealed: Tally = field(default_factory=Tally)
    """Completed calls whose answer has no digest."""
    incomplete: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """Entries that lack one of the five items of an access log, by item."""
    refused_by: dict[str, Tally] = field(default_factory=dict[str, Tally])
    forbidden_by: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """Refusals by the policy that forbade."""
    kinds: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """Requests that held each kind, refused ones too."""
    reply_kinds: dict[str, Tally] = field(default_factory=dict[str, Tally])
    flows: dict[Where, Flow] = field(default_factory=dict[Where, Flow])
    missed: dict[Where, Tally] = field(default_factory=dict[Where, Tally])
    """Calls that were to go to a place and did not reach it: no connection, or nothing that its format can say."""
    accounts: dict[Who, Account] = field(default_factory=dict[Who, Account])
    grades: dict[tuple[str, str, str], Tally] = field(default_factory=dict[tuple[str, str, str], Tally])
    """Calls that left, by grade, zone and form."""
    steps: dict[tuple[str, str], Tally] = field(default_factory=dict[tuple[str, str], Tally])
    """By step and the first word of what it did; `inspect` has `part` where something was not read."""
    policies: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """Calls by the version of the policies that decided."""
    subjects: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """Calls to the endpoint in question by keyed index of an identifier in them, where the vault keeps one."""
    exposed: set[str] = field(default_factory=set[str])
    """Those of them that went there as they were."""
    acts: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """Acts of the period, by verb."""
    standing: dict[tuple[str, str], Record] = field(default_factory=dict[tuple[str, str], Record])
    """The last act of each verb and object up to the end of the period."""

    def acted(self, *verbs: str) -> Tally:
        """Return the acts of these verbs as one; a verb that ends in a dot stands for all below it."""
        whole = Tally()
        for verb, tally in self.acts.items():
            if any(verb == one or (one.endswith(".") and verb.startswith(one)) for one in verbs):
                merge(whole, tally)
        return whole

    def stand(self, *verbs: str) -> list[tuple[Record, Deed]]:
        """Return the last acts of these verbs, one for each object, in the order of the log."""
        found = [
            (record, record.entry)
            for (verb, _), record in self.standing.items()
            if verb in verbs and isinstance(record.entry, Deed)
        ]
        return sorted(found, key=lambda one: one[0].index)

    def step(self, name: str, *words: str) -> Tally:
        """Return the calls in which a step did one of these."""
        whole = Tally()
        for word in words:
            merge(whole, self.steps.get((name, word), Tally()))
        return whole

    @property
    def closed(self) -> Tally:
        """Return all outcomes as one."""
        whole = Tally()
        for tally in self.outcomes.values():
            merge(whole, tally)
        return whole


def merge(into: Tally, other: Tally) -> None:
    """Add one tally to another."""
    into.count += other.count
    for record in (other.first, other.last):
        if record is None:
            continue
        if into.first is None or record.index < into.first.index:
            into.first = record
        if into.last is None or record.index > into.last.index:
            into.last = record


def proof_of(record: Record) -> Proof:
    """Return the link to an entry."""
    return Proof(index=record.index, digest=record.digest, at=record.entry.at, what=describe(record.entry))


def describe(entry: AnyEntry) -> Text:
    """Say what an entry tells, in a few words and without content."""
    match entry:
        case Intent():
            places = ", ".join(dict.fromkeys(f"{hop.endpoint}({hop.form})" for hop in entry.plan))
            return Text(
                ko=f"호출 의도 {entry.call}: 모델 {entry.model}, 등급 {entry.grade}, 갈 곳 {places}",
                en=f"intent {entry.call}: model {entry.model}, grade {entry.grade}, to {places}",
            )
        case Outcome():
            return Text(
                ko=f"호출 결말 {entry.call}: {entry.status} {entry.endpoint}",
                en=f"outcome {entry.call}: {entry.status} {entry.endpoint}",
            )
        case Refusal():
            laws = ", ".join(entry.articles)
            return Text(
                ko=f"거절 {entry.call}: {entry.code} {laws}".rstrip(),
                en=f"refusal {entry.call}: {entry.code} {laws}".rstrip(),
            )
        case Deed():
            return Text(
                ko=f"행위 {entry.verb}: {entry.object} ({entry.actor})",
                en=f"act {entry.verb}: {entry.object} ({entry.actor})",
            )
        case _:
            name = str(entry.__struct_config__.tag)
            return Text(ko=f"기록 {name}", en=f"entry {name}")
