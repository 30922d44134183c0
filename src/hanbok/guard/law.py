"""Classes of data that only the law makes of words: 민감정보 (sensitive data) and 개인신용정보 (credit information).

A topic alone is no personal data; near something that identifies a person it is. These findings say what a text is
about and are for the decision; they are not values to hide.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from hanbok.guard.kinds import kinds
from hanbok.guard.recogniser import Finding

_NEAR = 80
"""Characters between a topic and an identifier that still belong together: about two sentences."""
_IDENTIFYING = frozenset({"personal", "unique_id", "linking", "financial"})


def classify(text: str, found: Iterable[Finding]) -> list[Finding]:
    """Return findings of kind SENSITIVE and CREDIT_INFO: topics of law near what identifies a person in `text`."""
    known = kinds()
    persons = [one for one in found if one.kind in known and known[one.kind].category in _IDENTIFYING]
    if not persons:
        return []
    some, longest = _any()
    since = min(one.start for one in persons) - _NEAR - longest
    until = max(one.end for one in persons) + _NEAR + longest
    if not some.search(text[max(0, since) : until].lower()):
        return []
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter that grows in lower case would move the offsets
        lowered = text
    return sorted(_topics(lowered, persons), key=lambda one: one.start)


def _topics(text: str, persons: list[Finding]) -> Iterator[Finding]:
    for kind, name, pattern in _patterns():
        index = 0
        for match in pattern.finditer(text):
            while index < len(persons) and persons[index].end < match.start() - _NEAR:
                index += 1
            if index == len(persons):
                break
            if persons[index].start <= match.end() + _NEAR:
                why = (f"topic:{name}", f"near:{persons[index].kind}")
                yield Finding(kind=kind, start=match.start(), end=match.end(), score=0.7, why=why)


@cache
def _any() -> tuple[re.Pattern[str], int]:
    """Return one pattern of all words, and how many characters the longest of them takes at most."""
    words = "|".join(pattern.pattern for _, _, pattern in _patterns())
    return re.compile(words), max(map(len, words.split("|")))


@cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    table = tomllib.loads(files("hanbok.guard").joinpath("law.toml").read_text(encoding="utf-8"))
    return tuple((row["kind"], row["name"], re.compile(row["words"])) for row in table["topic"])
