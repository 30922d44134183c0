"""What stands in and around Korean names: surnames, titles, particles, from `words.toml`."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Final

_TABLES: Final[dict[str, dict[str, str]]] = tomllib.loads(
    (files("hanbok.guard.names") / "words.toml").read_text(encoding="utf-8")
)


def _words(table: str, key: str) -> frozenset[str]:
    return frozenset(_TABLES[table][key].split())


def _letters(table: str, key: str) -> frozenset[str]:
    return frozenset("".join(_TABLES[table][key].split()))


COMMON_SURNAMES: Final = _letters("surnames", "common")
SURNAMES: Final = COMMON_SURNAMES | _letters("surnames", "rare")
DOUBLE_SURNAMES: Final = _words("surnames", "double")

HONORIFICS: Final = _words("around", "honorifics")
TITLES: Final = _words("around", "titles")
PARTICLES: Final = _words("around", "particles")
AFTER_CONSONANT: Final = _words("around", "after_consonant")
AFTER_VOWEL: Final = _words("around", "after_vowel")
PLAIN_PARTICLES: Final = _words("around", "plain")
"""Particles that make a common noun sure to be no name."""
ENDINGS: Final = _letters("around", "endings")
"""A word that no list knows and that ends so is a verb or a noun with a particle, hardly ever a foreign name."""

HANJA_SURNAMES: Final = _letters("hanja", "surnames")
HANJA_DOUBLE_SURNAMES: Final = _words("hanja", "double")
HANJA_LETTERS: Final = _letters("hanja", "given")
LATIN_SURNAMES: Final = _words("latin", "surnames")
LATIN_SYLLABLES: Final = _words("latin", "syllables")

_LONGEST_TITLE = max(map(len, HONORIFICS | TITLES))


@lru_cache(maxsize=4096)
def suffix_kind(rest: str) -> str:
    """Name what follows a name in its word: 0 nothing, j a particle, h an honorific, t a title; '' something else."""
    if not rest:
        return "0"
    if rest in PARTICLES:
        return "j"
    for cut in range(min(_LONGEST_TITLE, len(rest)), 0, -1):
        head, tail = rest[:cut], rest[cut:].removeprefix("님")
        if (head in HONORIFICS or head in TITLES) and (not tail or tail in PARTICLES):
            return "h" if head in HONORIFICS else "t"
    return ""
