"""Korean names as they are seldom written: syllables apart (`홍 길 동`, `홍-길-동`), in Hanja, in Latin letters."""

import re
from collections.abc import Iterator
from typing import Final

from hanbok.guard.names.lexicon import FREQUENT, GIVEN, GIVEN_RARE, Lexicon
from hanbok.guard.names.words import (
    COMMON_SURNAMES,
    DOUBLE_SURNAMES,
    HANJA_DOUBLE_SURNAMES,
    HANJA_LETTERS,
    HANJA_SURNAMES,
    LATIN_SURNAMES,
    LATIN_SYLLABLES,
    SURNAMES,
    suffix_kind,
)


def _any(words: frozenset[str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


def _letters(letters: frozenset[str]) -> str:
    return "".join(sorted(letters))


_GAP = r"(?: {1,2}|[.·ㆍ‧・\-‐‑–_]| [·ㆍ-] )"
_FIRST = _letters(SURNAMES | {one[0] for one in DOUBLE_SURNAMES})
_SPLIT: Final = re.compile(
    rf"[{_FIRST}](?=({_GAP})([가-힣])(?:\1([가-힣]))?(?:\1([가-힣]))?([가-힣]{{0,5}}))"
)
"""Looks ahead only, so that every syllable gets its turn."""

_IDEOGRAPH = r"[\u3400-\u9fff\uf900-\ufaff]"
_ANY_HANJA: Final = re.compile(_IDEOGRAPH)
_HANJA: Final = re.compile(
    rf"(?<!{_IDEOGRAPH})(?:[{_letters(HANJA_SURNAMES)}]|{_any(HANJA_DOUBLE_SURNAMES)}){_IDEOGRAPH}{{1,2}}(?!{_IDEOGRAPH})"
)
_SYLLABLE = f"(?:{_any(LATIN_SYLLABLES)})"
_LATIN_GIVEN = rf"(?=[A-Z])(?i:{_SYLLABLE}[- ]?{_SYLLABLE})"
_LATIN_SURNAME = f"(?:{_any(LATIN_SURNAMES)})"
_LATIN: Final = re.compile(
    rf"(?<![A-Za-z])(?:{_LATIN_SURNAME},? {_LATIN_GIVEN}|{_LATIN_GIVEN},? {_LATIN_SURNAME})(?![A-Za-z])"
)
_CAPITALISED: Final = re.compile("[A-Z][a-z]+,? [A-Z]")
_DOUBLE_APART: Final = re.compile(rf"({_any(DOUBLE_SURNAMES)}) ([가-힣]{{2}})([가-힣]{{0,5}})")


def split_names(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and the joined spelling of what may be a name with its syllables apart."""
    for match in _DOUBLE_APART.finditer(text):
        if (
            _begins_word(text, match.start())
            and lexicon.kinds(match[2]) & (GIVEN | GIVEN_RARE)
            and suffix_kind(match[3])
        ):
            yield match.start(), match.end(2), match[1] + match[2]
    for match in _SPLIT.finditer(text):
        if _begins_word(text, match.start()):
            yield from _joined(match, lexicon)


def _begins_word(text: str, start: int) -> bool:
    return not start or not "가" <= text[start - 1] <= "힣"


def _joined(match: re.Match[str], lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    surname, (gap, first, second, third, rest) = match[0], match.groups()
    blank = not gap.strip()
    if second and surname + first in DOUBLE_SURNAMES and (third is None or suffix_kind(rest)):
        whole = third is not None and bool(lexicon.kinds(second + third) & (GIVEN | GIVEN_RARE))
        given = f"{second}{third}" if whole else second
        yield match.start(), match.end(4 if whole else 3), surname + first + given
    elif second:
        known = first in lexicon.first and second in lexicon.last
        listed = lexicon.kinds(first + second) & (GIVEN | GIVEN_RARE)
        counted = match.string[match.end(3) : match.end(3) + 1].isdigit()
        if known and not counted and (listed or not blank) and (third or suffix_kind(rest)):
            yield match.start(), match.end(3), surname + first + second
    elif surname in SURNAMES and rest and suffix_kind(rest[1:]):
        kind = lexicon.kinds(first + rest[0])
        if kind & GIVEN and not (blank and (kind & FREQUENT or surname not in COMMON_SURNAMES)):
            yield match.start(), match.start(5) + 1, surname + first + rest[0]


def hanja_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of names in Hanja: a surname and two letters that names are made of."""
    if not _ANY_HANJA.search(text):
        return
    for match in _HANJA.finditer(text):
        name = match[0]
        if name[2:] and HANJA_LETTERS.issuperset(name[-2:]):
            yield match.span()


def latin_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of romanised names, in either order."""
    if _CAPITALISED.search(text):
        for match in _LATIN.finditer(text):
            yield match.span()
