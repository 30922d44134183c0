"""Everything there is to say about what a text holds: for people, tickets and files of findings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hanbok.core.values import Grade, Text
from hanbok.guard.injection import screen
from hanbok.guard.kinds import Kind
from hanbok.guard.law import classify
from hanbok.guard.recogniser import Finding


class Finder(Protocol):
    """A guard, as explaining needs it."""

    @property
    def kinds(self) -> Mapping[str, Kind]: ...

    def find(self, text: str) -> Sequence[Finding]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One finding with what the law says of its kind. Never holds the text."""

    kind: str
    label: Text
    category: str
    """Class in law; see `Kind.category`."""
    grade: Grade
    article: str
    """The provision that it touches first; may be empty."""
    start: int
    end: int
    score: float
    why: tuple[str, ...]


def explain(text: str, guard: Finder, *, outside: bool = False) -> list[Explained]:
    """Return values, secrets and topics of law in order; with `outside`, instructions to a model hidden in it too."""
    found = guard.find(text)
    everything = [*found, *classify(text, found), *(screen(text) if outside else ())]
    return list(_explained(sorted(everything, key=lambda one: (one.start, one.end)), guard.kinds))


def _explained(found: Iterable[Finding], known: Mapping[str, Kind]) -> Iterable[Explained]:
    for one in found:
        kind = known[one.kind]
        yield Explained(
            kind=one.kind,
            label=kind.label,
            category=kind.category,
            grade=kind.grade,
            article=kind.article,
            start=one.start,
            end=one.end,
            score=one.score,
            why=one.why,
        )
