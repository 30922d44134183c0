"""Whose data a text holds: what of people was found in it, as the index of kept contents wants it."""

from collections.abc import Iterable, Mapping

from hanbok.guard.kinds import Kind
from hanbok.guard.normalise import normalise
from hanbok.guard.recogniser import Finding

_NOT_A_PERSON = frozenset({"secret", "attack", "business"})


def identifiers_in(
    text: str, findings: Iterable[Finding], kinds: Mapping[str, Kind]
) -> tuple[tuple[str, str], ...]:
    """Return kind and value of what was found of people, each once and undisguised."""
    found = (
        (one.kind, normalise(text[one.start : one.end]).text)
        for one in findings
        if one.kind not in kinds or kinds[one.kind].category not in _NOT_A_PERSON
    )
    return tuple(dict.fromkeys(found))
