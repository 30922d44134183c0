"""Treat what a text holds, then look again: free text needs a check afterwards (가명정보 처리 가이드라인, 2026.3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hanbok.core.plugin import load, names
from hanbok.guard.operator import Operator, Setting
from hanbok.guard.pseudonym import Edit, apply
from hanbok.guard.recogniser import Finding

_OPERATORS = "hanbok.guard.operators"
_SHORTEST = 2
"""Shorter values recur by chance."""


class Finder(Protocol):
    """A guard, as treating needs it."""

    def find(self, text: str) -> Sequence[Finding]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Treated:
    """A treated text and what the second look saw."""

    text: str
    found: Sequence[Finding]
    """What was found before, in offsets of the text as it was."""
    left: Sequence[Finding]
    """What still reads like personal data, in offsets of the treated text: nobody but a person can decide about it.
    `recurs` among the reasons: a value that was treated elsewhere stands here untreated.
    """


def operators() -> list[str]:
    """Return the names of the operators, sorted."""
    return names(_OPERATORS)


def operator(name: str, setting: Setting | None = None) -> Operator:
    """Return an operator by its name, for one scope: what it treats alike ends with it.

    Raises UnknownPlugin, OperatorKeyMissing.
    """
    made: Operator = load(_OPERATORS, name)(setting or Setting())
    return made


def treat(text: str, guard: Finder, using: Operator) -> Treated:
    """Find, treat, and look again."""
    found = guard.find(text)
    edits = using.edits(text, found)
    treated = apply(text, edits)
    ours, seen = bytearray(len(treated)), bytearray(len(treated))
    for start, end in _places(edits):
        ours[start:end] = seen[start:end] = b"\x01" * (end - start)
    left: list[Finding] = []
    for one in guard.find(treated):
        if not (using.lifelike and any(ours[one.start : one.end])):
            left.append(one)
            seen[one.start : one.end] = b"\x01" * (one.end - one.start)
    values = {text[start:end]: _kind_at(found, start) for start, end, _ in edits}
    left += _recurring(treated, values, seen)
    return Treated(text=treated, found=found, left=sorted(left, key=lambda one: one.start))


def _places(edits: Sequence[Edit]) -> Iterator[tuple[int, int]]:
    """Yield where the new strings stand in the treated text."""
    moved = 0
    for start, end, new in edits:
        yield start + moved, start + moved + len(new)
        moved += len(new) - (end - start)


def _kind_at(found: Sequence[Finding], start: int) -> str:
    return next(one.kind for one in found if one.start <= start < one.end)


def _recurring(text: str, values: Mapping[str, str], seen: bytearray) -> Iterator[Finding]:
    """Yield where a treated value stands a second time, unseen because nothing around it names it."""
    for value, kind in values.items():
        if len(value) < _SHORTEST:
            continue
        end = 0
        while (start := text.find(value, end)) >= 0:
            end = start + len(value)
            alone = not text[start - 1 : start].isalnum() and not text[end : end + 1].isdigit()
            if alone and not any(seen[start:end]):
                seen[start:end] = b"\x01" * (end - start)
                yield Finding(kind=kind, start=start, end=end, score=0.5, why=("recurs",))
