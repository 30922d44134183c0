"""What auditors ask of the evidence log: the calls and acts of an organisation, by time, person and kind of data.

The log has no index but its order: a page reads on from where the last one ended, and stops after so many entries
whether or not it found enough, so that no question keeps the server busy for long.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Protocol

from hanbok.core.clock import stamp, written
from hanbok.evidence.entry import Act, AnyEntry, Intent, Outcome, Refusal
from hanbok.evidence.log import Record

SCANNED: Final = 50_000
"""Entries that one page reads at most."""
_SLACK: Final = timedelta(minutes=2)
"""Entries are in the order in which they were written, which may differ from their times by a little."""
_GONE: Final = 1_000


class ReadableLog(Protocol):
    """The part of the log that is used here."""

    @property
    def size(self) -> int: ...

    def read(self, start: int = 0) -> Iterator[Record]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for. Empty: anything."""

    organisation: str
    since: datetime | None = None
    until: datetime | None = None
    person: str = ""
    team: str = ""
    application: str = ""
    key: str = ""
    kind: str = ""
    """A kind of personal data, such as `RRN`."""
    actor: str = ""
    verb: str = ""

    def fits(self, entry: Intent | Refusal) -> bool:
        """Tell whether a call is looked for."""
        return (
            entry.organisation == self.organisation
            and self._in_time(entry.at)
            and (not self.key or entry.key == self.key)
            and (not self.kind or self.kind in entry.findings)
            and all(
                not wanted or getattr(entry, name, "") == wanted
                for name, wanted in (
                    ("person", self.person),
                    ("team", self.team),
                    ("application", self.application),
                )
            )
        )

    def fits_act(self, entry: AnyEntry) -> bool:
        """Tell whether an act is looked for."""
        return (
            not isinstance(entry, Intent | Refusal | Outcome)
            and getattr(entry, "organisation", None) == self.organisation
            and self._in_time(entry.at)
            and (not self.actor or getattr(entry, "actor", "") == self.actor)
            and (not self.verb or str(getattr(entry, "verb", "")).startswith(self.verb))
        )

    def over(self, entry: AnyEntry) -> bool:
        """Tell whether nothing that is looked for can follow."""
        return self.until is not None and entry.at > written(self.until + _SLACK)

    def _in_time(self, at: str) -> bool:
        return (self.since is None or at >= written(self.since)) and (
            self.until is None or at < written(self.until)
        )


@dataclass(slots=True, kw_only=True)
class CallFound:
    """A call as the log tells it: what was to leave or was refused, and how it ended."""

    index: int
    began: Intent | Refusal
    outcome: Outcome | None = None


@dataclass(slots=True, kw_only=True)
class CallPage:
    calls: list[CallFound] = field(default_factory=list[CallFound])
    next: int | None = None
    """Where the next page begins; None: nothing is left."""


@dataclass(slots=True, kw_only=True)
class ActPage:
    acts: list[tuple[int, AnyEntry]] = field(default_factory=list[tuple[int, AnyEntry]])
    next: int | None = None


def find_calls(log: ReadableLog, question: Question, start: int | None, limit: int) -> CallPage:
    """Return a page of calls, oldest first. Reads files: call it in a thread."""
    begin = first_at(log, question.since, log.size) if start is None else start
    page, under_way, taking, reached = CallPage(), dict[str, CallFound](), True, begin
    # As far again for the ends of calls that the page already holds.
    for record in islice(log.read(begin), 2 * SCANNED):
        entry = record.entry
        if isinstance(entry, Outcome) and entry.call in under_way:
            under_way.pop(entry.call).outcome = entry
        if taking:
            reached = record.index + 1
            if question.over(entry):
                return page
            taking = _take(page, under_way, question, record) < limit and reached - begin < SCANNED
        elif not under_way:
            break
    page.next = reached if reached < log.size else None
    return page


def find_acts(log: ReadableLog, question: Question, start: int | None, limit: int) -> ActPage:
    """Return a page of acts, oldest first. Reads files: call it in a thread."""
    begin = first_at(log, question.since, log.size) if start is None else start
    page, reached = ActPage(), begin
    for record in islice(log.read(begin), SCANNED):
        reached = record.index + 1
        if question.over(record.entry):
            return page
        if question.fits_act(record.entry):
            page.acts.append((record.index, record.entry))
            if len(page.acts) == limit:
                break
    page.next = reached if reached < log.size else None
    return page


def first_at(log: ReadableLog, since: datetime | None, size: int) -> int:
    """Return an index before which nothing of this time is, near the first that is. Some thirty entries are read."""
    if since is None:
        return 0
    wanted, low, high = written(since - _SLACK), 0, size
    while low < high:
        middle = (low + high) // 2
        # Entries whose time of keeping is over have no time: the next one that does tells.
        dated = (one for one in islice(log.read(middle), _GONE) if one.entry.at)
        found = next(dated, None)
        if found is None or found.index >= high or found.entry.at >= wanted:
            high = middle
        else:
            low = found.index + 1
    return low


def _take(page: CallPage, under_way: dict[str, CallFound], question: Question, record: Record) -> int:
    """Put a call that is looked for on the page; return how many are there now."""
    entry = record.entry
    if isinstance(entry, Intent | Refusal) and question.fits(entry):
        found = CallFound(index=record.index, began=entry)
        page.calls.append(found)
        if isinstance(entry, Intent):
            under_way[entry.call] = found
    return len(page.calls)


def act_of_reading(question: Question, who: str, origin: str, what: str) -> Act:
    """Return the entry that tells of the reading itself: who looked for whose records."""
    asked = {
        "person": question.person,
        "team": question.team,
        "application": question.application,
        "key": question.key,
        "kind": question.kind,
        "actor": question.actor,
        "verb": question.verb,
        "since": written(question.since) if question.since else "",
        "until": written(question.until) if question.until else "",
    }
    return Act(
        at=stamp(),
        actor=who,
        origin=origin,
        organisation=question.organisation,
        verb="log.read",
        object=what,
        facts={name: fact for name, fact in asked.items() if fact},
    )
