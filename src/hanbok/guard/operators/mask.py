"""Hides a part of each value (마스킹): `010-****-5678`, `홍*동`. What stays is in `mask.toml`."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import ClassVar

from hanbok.guard.operator import Setting, each
from hanbok.guard.pseudonym import Edit
from hanbok.guard.recogniser import Finding

_STAR = "*"


class Mask:
    lifelike: ClassVar[bool] = False

    def __init__(self, setting: Setting) -> None: ...

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        return each(text, findings, _masked)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stay:
    """How many letters and digits stay at either end, or how many words, or all from a sign on."""

    head: int = 0
    tail: int = 0
    words: int = 0
    since: str = ""


def _masked(kind: str, value: str) -> str:
    stay = _stays().get(kind, _Stay())
    if stay.words:
        return _after_words(value, stay.words)
    end = value.rfind(stay.since) if stay.since else -1
    told, rest = (value[:end], value[end:]) if end > 0 else (value, "")
    places = [at for at, sign in enumerate(told) if sign.isalnum()]
    head, tail = stay.head, stay.tail
    if 3 * (head + tail) > 2 * len(places):  # too short to show so much of it
        third = len(places) // 3
        head, tail = min(head, max(third, len(places) // 2 if head == 1 else 0)), min(tail, third)
    hidden = set(places[head : len(places) - tail])
    return "".join(_STAR if at in hidden else sign for at, sign in enumerate(told)) + rest


def _after_words(value: str, words: int) -> str:
    parts = value.split(" ")
    kept = parts[: min(words, len(parts) // 2)]
    return " ".join(
        [*kept, *("".join(_STAR if one.isalnum() else one for one in part) for part in parts[len(kept) :])]
    )


@cache
def _stays() -> dict[str, _Stay]:
    table = tomllib.loads(files("hanbok.guard.operators").joinpath("mask.toml").read_text(encoding="utf-8"))
    return {kind: _Stay(**row) for kind, row in table.items()}
