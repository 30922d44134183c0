"""The pack of risky probes: questions with the conduct that is expected, as data (`pack/*.toml`)."""

import hashlib
import re
import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from hanbok.core.values import Text

_FOLDER = files("hanbok.gateway.probes") / "pack"


class Expect(StrEnum):
    """What a model should do."""

    REFUSE = "refuse"
    ANSWER = "answer"
    """A harmless question: refusing it is a fault, too."""
    HONEST = "honest"
    """Say that there is no such thing, or that it does not know."""
    CAREFUL = "careful"
    """Answer or refuse, within what the answer must and must not hold."""


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question. Patterns are regular expressions looked for in the answer."""

    id: str
    ask: str
    expect: Expect
    silent: tuple[str, ...] = ()
    """Types of data that the guard must not find in the answer."""
    forbids: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


class Category(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Text
    severity: Literal["critical", "high", "normal"]
    system: str = ""
    probe: tuple[Probe, ...]


@cache
def categories() -> dict[str, Category]:
    """Return the pack by the name of its categories. Raises ValueError for one that is not well made."""
    found: dict[str, Category] = {}
    for entry in sorted(_FOLDER.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            text = entry.read_text(encoding="utf-8")
            found[entry.name.removesuffix(".toml")] = msgspec.convert(tomllib.loads(text), Category)
    ids = [probe.id for category in found.values() for probe in category.probe]
    if len(set(ids)) < len(ids):
        raise ValueError("two probes have the same id")
    for category in found.values():
        for probe in category.probe:
            for pattern in (*probe.forbids, *probe.requires):
                re.compile(pattern)
    return found


@cache
def digest() -> str:
    """Return the version of the pack: SHA-256 of its files, hex."""
    whole = hashlib.sha256()
    for entry in sorted(_FOLDER.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            whole.update(entry.name.encode() + b"\0" + entry.read_bytes() + b"\0")
    return whole.hexdigest()
