"""What policy is asked, and what it answers."""

from dataclasses import dataclass
from typing import Protocol

from hanbok.core.values import Destination, Form, Grade, Principal, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this principal send data of this grade, holding these kinds, in this form, to this model there?"""

    principal: Principal
    destination: Destination
    model: str
    grade: Grade
    kinds: frozenset[str]
    """Kinds of findings in the text before it is altered."""
    form: Form
    unread: bool = False
    """Whether it holds what the guard cannot read, and no form alters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One policy that took part in a ruling. `article` cites the law as Koreans cite it; empty for house rules."""

    id: str
    article: str
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    allowed: bool
    clauses: tuple[Clause, ...]
    """The policies that decided: the permits, or the forbids. Empty: nothing permits it (denied by default)."""


class Judge(Protocol):
    """Decides by policy alone: no I/O, the same answer for the same question."""

    @property
    def version(self) -> str:
        """Digest of all policies in force."""
        ...

    def rule(self, question: Question) -> Ruling:
        """Return the ruling. Raises PolicyBroken when the policies cannot be evaluated: the caller must refuse."""
        ...
