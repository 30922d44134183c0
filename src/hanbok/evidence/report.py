"""The contract of a report: rows of a sheet answered from the log, each statement with the entries that prove it.

A report never makes a pass up: a row that neither the log nor a person's recorded attestation speaks for says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from hanbok.core.values import Destination, Text

if TYPE_CHECKING:
    from hanbok.evidence.facts import Facts
    from hanbok.evidence.sheet import Sheet
    from hanbok.evidence.usecase import UseCase


NOTHING = Text(ko="기록이 없습니다", en="nothing on record")


class Status(StrEnum):
    """What stands behind a statement, from the weakest to the strongest."""

    CONTRADICTED = "contradicted"
    """The log shows the opposite."""
    MISSING = "missing"
    """There is no evidence."""
    ATTESTED = "attested"
    """A person has said so; the log proves who, when and what."""
    CONFIGURED = "configured"
    """The settings or registers say so now; no entry shows it at work."""
    PROVEN = "proven"
    """Entries of the log show it."""

    @property
    def rank(self) -> int:
        """0 (contradicted) to 4 (proven): a row is as strong as its weakest answer."""
        return tuple(Status).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An entry that a statement rests on."""

    index: int
    digest: str
    at: str
    what: Text

    @property
    def command(self) -> str:
        """What a third party runs to check it."""
        return f"hanbok log prove {self.index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One statement about one row."""

    status: Status
    statement: Text
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a report is asked about. `since` and `until` are RFC 3339 in UTC with microseconds; `until` is outside."""

    since: str
    until: str
    organisation: str = ""
    """Only this organisation's calls; empty: all."""
    endpoint: str = ""
    """Of an incident: the place that the data went to."""
    known: str = ""
    """Of an incident: when it became known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An endpoint as the settings describe it."""

    destination: Destination
    encrypted: bool
    """Whether the way there is TLS, or stays on the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    label: Text
    category: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts:
    article: str
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """How many keys are in use, and how many of them are held in bounds."""

    active: int = 0
    rated: int = 0
    """With a limit of requests, of tokens or of concurrency."""
    budgeted: int = 0
    narrowed: int = 0
    """Bound to named models."""
    named: int = 0
    """With a person or an application on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """What checking the log's files found."""

    ok: bool
    entries: int
    head: str
    """Root of the log's tree, hex."""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the settings and registers say at the time of the report."""

    organisation: str
    made: str
    version: str
    log: LogState
    policy: str = ""
    """Version of the policies in force now."""
    packs: tuple[str, ...] = ()
    policies: Mapping[str, PolicyFacts] = field(default_factory=dict[str, PolicyFacts])
    kinds: Mapping[str, KindFacts] = field(default_factory=dict[str, KindFacts])
    places: tuple[Place, ...] = ()
    keys: Keys = Keys()
    usecases: tuple["UseCase", ...] = ()
    documents: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Digests of documents on record, and whether the file is there and is the one."""
    internal_only: str = ""
    """Why answers need no mark, when the settings say so (decree of the AI Basic Act, art. 23)."""

    def category(self, kind: str) -> str:
        """Return the class in law of a kind of data; of an unknown one, personal data."""
        return self.kinds[kind].category if kind in self.kinds else "personal"

    def label(self, kind: str) -> Text:
        """Return the name of a kind of data."""
        return self.kinds[kind].label if kind in self.kinds else Text(ko=kind, en=kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What stands in a table. `proof` links it."""

    text: Text
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    title: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: Text = NOTHING
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One criterion, answered."""

    id: str
    group: Text
    text: Text
    article: str
    verified: bool
    """Whether the wording was checked against the official text."""
    status: Status
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A report, ready to be rendered."""

    name: str
    title: Text
    basis: Text
    in_force: date
    limits: Text
    question: Question
    setup: Setup
    rows: tuple[Row, ...]
    tables: tuple[Table, ...]

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """Every entry that is cited, once, in the order of the log."""
        cited = {proof.index: proof for row in self.rows for one in row.answers for proof in one.proofs}
        for table in self.tables:
            cited |= {proof.index: proof for row in table.rows for cell in row for proof in cell.proofs}
        return tuple(cited[index] for index in sorted(cited))

    def count(self, status: Status) -> int:
        """Return how many rows have this status."""
        return sum(row.status is status for row in self.rows)


class Check(Protocol):
    """Answers one question about the facts; pure."""

    def __call__(self, facts: "Facts", setup: Setup, /) -> Answer: ...


class Report(Protocol):
    """One kind of report: a sheet of rows (data, beside the plug-in), the checks of its own, and its tables."""

    @property
    def sheet(self) -> "Sheet": ...

    @property
    def checks(self) -> Mapping[str, Check]:
        """Checks that only this report has; the shared ones are in `evidence/checks`."""
        ...

    def tables(self, facts: "Facts", setup: Setup) -> Iterable[Table]: ...


def weakest(answers: Sequence[Answer]) -> Status:
    """Return the status of a row with these answers."""
    return min((one.status for one in answers), key=lambda one: one.rank, default=Status.MISSING)
