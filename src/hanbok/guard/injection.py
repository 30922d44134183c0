"""A first screen for instructions hidden in documents and tool results, in Korean and English.

It reads surface forms only (`injection.toml`): a clever attack passes it, a text about attacks may not. Use it to
warn or to route, together with limits on what a model may do.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from hanbok.guard.recogniser import Finding
from hanbok.guard.settle import settle

_GAP = r"[ \t\n]{0,3}"


def screen(text: str) -> list[Finding]:
    """Return findings of kind INJECTION in a text that came from outside, such as a document or a tool's result."""
    lowered = text.lower()
    return settle(_found(lowered if len(lowered) == len(text) else text))


def _found(text: str) -> Iterator[Finding]:
    for why, score, pattern in _forms():
        for match in pattern.finditer(text):
            yield Finding(kind="INJECTION", start=match.start(), end=match.end(), score=score, why=(why,))


@cache
def _forms() -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    table = tomllib.loads(files("hanbok.guard").joinpath("injection.toml").read_text(encoding="utf-8"))
    return tuple(
        (row["why"], row["score"], re.compile(row["pattern"].replace("~", _GAP))) for row in table["form"]
    )
