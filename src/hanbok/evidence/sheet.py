"""Reads the sheet of a report: its rows are data (`reports/NAME.toml`), with article and day of coming into force."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from hanbok.core.values import Text


class Criterion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row to be answered."""

    id: str
    group: Text
    text: Text
    article: str = ""
    checks: tuple[str, ...] = ()
    """Names of checks; each gives one statement."""
    people: bool = False
    """Only a person can say it: an attestation is asked for beside the checks."""
    hint: Text | None = None
    """What the attestation should hold."""
    verified: bool = False
    """Whether the wording was checked against the official text."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rows of one report and what it rests on."""

    title: Text
    basis: Text
    in_force: date
    limits: Text
    """What the report does not prove."""
    row: tuple[Criterion, ...]


@cache
def read_sheet(name: str) -> Sheet:
    """Return the sheet `reports/NAME.toml`. Raises msgspec.ValidationError for one that is not well made."""
    text = (files("hanbok.evidence") / "reports" / f"{name}.toml").read_text(encoding="utf-8")
    sheet = msgspec.convert(tomllib.loads(text), Sheet)
    ids = [row.id for row in sheet.row]
    if len(set(ids)) < len(ids):
        raise ValueError(f"{name}.toml names a criterion twice")
    return sheet
