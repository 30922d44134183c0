"""What stands in and around Korean names: surnames, titles, particles, from `words.toml`."""

import tomllib
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
ENDINGS: Final = _letters("around", "endings")
"""A word that no list knows and that ends so is a verb or a noun with a particle, hardly ever a foreign name."""

HANJA_SURNAMES: Final = _letters("hanja", "surnames")
HANJA_DOUBLE_SURNAMES: Final = _words("hanja", "double")
HANJA_LETTERS: Final = _letters("hanja", "given")
LATIN_SURNAMES: Final = _words("latin", "surnames")
LATIN_SYLLABLES: Final = _words("latin", "syllables")

UNKNOWN, NOTHING, PARTICLE, HONORIFIC, TITLE = range(5)
"""What may follow a name in its word."""
_LENGTHS: Final = {
    start: tuple(sorted({len(one) for one in HONORIFICS | TITLES if one[0] == start}, reverse=True))
    for start in {one[0] for one in HONORIFICS | TITLES}
}
"""How long the titles are that begin with a syllable, the longest first."""
_SUFFIXES: Final = {
    **dict.fromkeys(TITLES, TITLE),
    **dict.fromkeys((f"{one}님" for one in TITLES), TITLE),
    **dict.fromkeys(HONORIFICS, HONORIFIC),
    **dict.fromkeys(PARTICLES, PARTICLE),
    "": NOTHING,
}
TITLE_STARTS: Final = frozenset(one[0] for one in HONORIFICS | TITLES)
FITS, FITS_ANY = 1, 3
"""How a particle agrees with the word before it; see `agreement`."""
_AGREEMENTS: Final = {
    **dict.fromkeys(PARTICLES, (FITS_ANY, FITS_ANY)),
    **dict.fromkeys(AFTER_CONSONANT, (2, FITS)),
    **dict.fromkeys(AFTER_VOWEL, (FITS, 2)),
    "": (0, 0),
}
_OTHER: Final = (4, 4)


def suffix_kind(rest: str) -> int:
    """Name what follows a name in its word: nothing, a particle, an honorific, a title, or something unknown."""
    kind = _SUFFIXES.get(rest)
    if kind is not None:
        return kind
    for cut in _LENGTHS.get(rest[0], ()):
        head = rest[:cut]
        if head in HONORIFICS or head in TITLES:
            tail = rest[cut:].removeprefix("님")
            if not tail or tail in PARTICLES:
                return HONORIFIC if head in HONORIFICS else TITLE
    return UNKNOWN


def agreement(last: str, rest: str) -> int:
    """Tell how well a tail follows a word that ends in `last`.

    0: there is no tail; 1: a particle that fits; 2: one that does not; 3: one that fits any word; 4: something else.
    """
    return _AGREEMENTS.get(rest, _OTHER)[(ord(last) - 0xAC00) % 28 > 0]
