"""Reads policy files: Cedar texts whose annotations say what law they stand for and when it is in force."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import Any, Final

import cedarpy

from hanbok.core.values import Text
from hanbok.policy.errors import PolicyInvalid
from hanbok.policy.ruling import Clause

_FOLDER = files("hanbok.policy") / "packs"
_NEEDED: Final = frozenset({"id", "in_force", "reason_ko", "reason_en"})
_KNOWN: Final = _NEEDED | {"article", "until", "replaceable"}

# A statement ends at the first semicolon outside strings and comments.
_STATEMENT = re.compile(r"""(?:"(?:\\.|[^"\\])*+(?:"|\\?\Z)|//[^\n]*+|[^;"/]++|/(?!/))*+;?""", re.DOTALL)
_BLANK = re.compile(r"(?:\s|//[^\n]*+)*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy of a file. `rule` is Cedar's JSON form of it."""

    clause: Clause
    file: str
    line: int
    text: str
    rule: Mapping[str, Any]
    since: date
    until: date | None
    """The first day on which it is no longer in force."""
    replaceable: bool
    """A cautious reading of the law: an organisation may put its own policy of the same id in its place."""

    def in_force(self, on: date) -> bool:
        """Whether it holds on this day."""
        return self.since <= on and (self.until is None or on < self.until)


def packs() -> list[str]:
    """Return the names of the packs that hanbok carries, sorted."""
    return sorted(entry.name[:-6] for entry in _FOLDER.iterdir() if entry.name.endswith(".cedar"))


def read_pack(name: str) -> list[Policy]:
    """Return the policies of a pack, which fit the schema: tests prove that, not every start. Raises PolicyInvalid."""
    if name not in packs():
        raise PolicyInvalid(file=name, line=1, why=f"there is no such pack; known: {', '.join(packs())}")
    return list(parse(f"{name}.cedar", text_of(name)))


def text_of(name: str) -> str:
    """Return a pack as it is written."""
    return (_FOLDER / f"{name}.cedar").read_text(encoding="utf-8")


def schema_for(kinds: Iterable[str]) -> str:
    """Return the Cedar schema in which `Kind` has exactly these names."""
    listed = ", ".join(json.dumps(kind) for kind in sorted(set(kinds)))
    return (_FOLDER / "schema.cedarschema").read_text(encoding="utf-8") + f"\nentity Kind enum [{listed}];\n"


def read(file: str, text: str, schema: str) -> Iterator[Policy]:
    """Yield the policies of a text, each checked against the schema. Raises PolicyInvalid."""
    checker = cedarpy.Schema.from_str(schema)
    for policy in parse(file, text):
        line, statement = policy.line, policy.text
        try:
            checked = cedarpy.validate_policies(statement, checker)  # pyright: ignore[reportUnknownMemberType] - takes bare dicts
        except ValueError as error:
            raise PolicyInvalid(file=file, line=line, why=_plain(str(error))) from None
        if checked.errors or not checked.validation_passed:
            why = _plain(checked.errors[0].error) if checked.errors else "it does not fit the schema"
            raise PolicyInvalid(file=file, line=line, why=why)
        yield policy


def parse(file: str, text: str) -> Iterator[Policy]:
    """Yield the policies of a text without asking whether they fit a schema. Raises PolicyInvalid."""
    for line, statement in _statements(text):
        try:
            yield _policy(file, line, statement)
        except ValueError as error:
            raise PolicyInvalid(file=file, line=line, why=_plain(str(error))) from None


def merge(own: Iterable[Policy], laws: Iterable[Policy]) -> list[Policy]:
    """Put an organisation's policies on top of the packs'. Raises PolicyInvalid when two have the same id, unless
    the pack's is replaceable.
    """
    merged: dict[str, Policy] = {}
    for policy in laws:
        if policy.clause.id in merged:
            raise _taken(policy, merged[policy.clause.id])
        merged[policy.clause.id] = policy
    for policy in own:
        former = merged.get(policy.clause.id)
        if former is not None and not former.replaceable:
            raise _taken(policy, former)
        merged[policy.clause.id] = replace(policy, replaceable=False)
    return list(merged.values())


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each statement with the line on which it begins, past blanks and comments."""
    position = 0
    while position < len(text):
        match = _STATEMENT.match(text, position)
        end = match.end() if match and match.end() > position else len(text)
        blank = _BLANK.match(text, position, end)
        start = blank.end() if blank else position
        if start < end:
            yield text.count("\n", 0, start) + 1, text[start:end]
        position = end


def _policy(file: str, line: int, statement: str) -> Policy:
    """Read one statement. Raises ValueError."""
    parsed = json.loads(cedarpy.policies_to_json_str(statement))
    if parsed["templates"]:
        raise ValueError("templates (?principal, ?resource) are not supported")
    (rule,) = parsed["staticPolicies"].values()
    notes: dict[str, str] = rule.get("annotations", {})
    if missing := sorted(_NEEDED - {name for name, value in notes.items() if value}):
        raise ValueError(f"the annotation @{missing[0]} is missing")
    if unknown := sorted(notes.keys() - _KNOWN):
        raise ValueError(f"the annotation @{unknown[0]} is not known")
    since, until = _day("in_force", notes["in_force"]), notes.get("until")
    return Policy(
        clause=Clause(
            id=notes["id"],
            article=notes.get("article", ""),
            reason=Text(ko=notes["reason_ko"], en=notes["reason_en"]),
        ),
        file=file,
        line=line,
        text=statement,
        rule=rule,
        since=since,
        until=None if until is None else _day("until", until),
        replaceable="replaceable" in notes,
    )


def _day(name: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"@{name} is no date like 2026-01-31: {value!r}") from None


def _plain(problem: str) -> str:
    """Drop Cedar's positional policy name: each statement is checked alone, so it says nothing."""
    return re.sub(r"^for policy `policy\d+`[,:] ", "", problem)


def _taken(policy: Policy, former: Policy) -> PolicyInvalid:
    why = f"the id {policy.clause.id!r} is taken by {former.file} line {former.line}"
    return PolicyInvalid(file=policy.file, line=policy.line, why=why)
