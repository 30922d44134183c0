"""Korean names as they are seldom written: syllables apart (`홍 길 동`, `홍-길-동`), in Hanja, in Latin letters."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from hanbok.guard.names.lexicon import FREQUENT, GIVEN, GIVEN_RARE, NOUN, PLACE, Lexicon
from hanbok.guard.names.run import Places
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


def _tree(words: Iterable[str]) -> str:
    """Return the pattern of any of the words, the longest that fits, which looks at each letter once."""
    below: dict[str, list[str]] = {}
    whole = False
    for word in words:
        whole |= not word
        if word:
            below.setdefault(word[0], []).append(word[1:])
    if not below:
        return ""
    branches = "|".join(first + _tree(rest) for first, rest in sorted(below.items()))
    return f"(?:{branches}){'?' if whole else ''}"


def _letters(letters: frozenset[str]) -> str:
    return "".join(sorted(letters))


_GAP = r"(?: {1,2}|[.·ㆍ‧・\-‐‑–_]| [·ㆍ-] )"
_FIRST = _letters(SURNAMES | {one[0] for one in DOUBLE_SURNAMES})
_SPLIT: Final = re.compile(
    rf"[{_FIRST}](?=({_GAP})([가-힣])(?:\1([가-힣]))?(?:\1([가-힣]))?([가-힣]{{0,5}}))"
)
"""Looks ahead only, so that every syllable gets its turn."""

_IDEOGRAPH = r"[\u3400-\u9fff\uf900-\ufaff]"
OTHER_LETTERS: Final = re.compile(r"[A-Z\u3400-\u9fff\uf900-\ufaff]")
"""Without one of these there is no name in Hanja or in Latin letters."""
_HANJA: Final = re.compile(
    rf"[{_letters(HANJA_SURNAMES | {one[0] for one in HANJA_DOUBLE_SURNAMES})}](?<!{_IDEOGRAPH}.)"
    rf"{_IDEOGRAPH}{{2,3}}(?!{_IDEOGRAPH})"
)
"""Begins with a set of letters, which is found at once; the letter before is looked at after it."""
_SYLLABLE = _tree(LATIN_SYLLABLES)
_LATIN_GIVEN = rf"(?=[A-Z])(?i:{_SYLLABLE}[- ]?{_SYLLABLE})"
_LATIN_SURNAME = _tree(LATIN_SURNAMES)
_LATIN: Final = re.compile(
    rf"(?:{_LATIN_SURNAME},? {_LATIN_GIVEN}|{_LATIN_GIVEN},? {_LATIN_SURNAME})(?![A-Za-z])"
)
_CAPITALISED: Final = re.compile("[A-Z](?<![A-Za-z].)[A-Za-z-]+,? (?=[A-Z])")
STARTS: Final = SURNAMES | DOUBLE_SURNAMES | {one[0] for one in DOUBLE_SURNAMES}
_LISTED_GIVEN: Final = GIVEN | GIVEN_RARE
_DOUBLE_APART: Final = re.compile(rf"({_any(DOUBLE_SURNAMES)}) ([가-힣]{{2}})([가-힣]{{0,5}})")


_LABEL: Final = re.compile(
    "(?:[:：]|성명|성함|이름|고객명|환자명?|신청인|수령인|수취인|수하인|예금주|담당자|작성자|가입자|피보험자|계약자|보호자|민원인|임차인|"
    r"임대인|세대주|대표자|대표이사|원고|피고|피고인|피해자|증인|채무자|소유자|당첨자)[ ]{1,2}\Z|[:：]\Z"
)


class Apart(NamedTuple):
    """What may be a name with its syllables apart: where it is, its joined spelling, and the words it is made of."""

    start: int
    end: int
    name: str
    first: int
    last: int


def split_names(
    text: str,
    words: Sequence[str],
    wanted: Iterable[int],
    lexicon: Lexicon,
    judge: Callable[[Apart], float],
) -> Iterator[tuple[Apart, float]]:
    """Yield names with their syllables apart, none within another, and how certain the judge is of each."""
    last = -1
    for apart in _split(text, words, (index for index in wanted if index > last), lexicon):
        if certainty := judge(apart):
            last = apart.last
            yield apart, certainty


def _split(text: str, words: Sequence[str], wanted: Iterable[int], lexicon: Lexicon) -> Iterator[Apart]:
    """Yield what may be names with their syllables apart."""
    places = Places(text, words)
    final = len(words) - 1
    for index in wanted:
        word = words[index]
        if index == final or word not in STARTS:
            continue
        following = words[index + 1]
        if len(word) == 1 and not may_follow(word, following, lexicon):
            continue
        at = places.start(index)
        if len(word) > 1:
            match = _DOUBLE_APART.match(text, at)
            if match and lexicon.kinds(match[2]) & _LISTED_GIVEN and suffix_kind(match[3]):
                yield Apart(match.start(), match.end(2), match[1] + match[2], index, index + 1)
        elif not _counts(text, at):
            match = _SPLIT.match(text, at)
            if match and (parts := _parts(match, lexicon)):
                end, name, count = parts
                yield Apart(match.start(), end, name, index, index + count)


def may_follow(surname: str, following: str, lexicon: Lexicon) -> bool:
    """Tell, before anything is looked for in the text, whether the next word may begin the rest of a name."""
    if following[0] not in lexicon.first and surname + following[0] not in DOUBLE_SURNAMES:
        return False
    # A given name in one piece must end its word, or have a particle or a title behind it.
    return len(following) == 1 or bool(suffix_kind(following[2:6]))


def _counts(text: str, start: int) -> bool:
    """Tell whether a syllable stands behind a number: 500원 중 일부."""
    return start > 0 and text[start - 1].isdigit()


def _parts(match: re.Match[str], lexicon: Lexicon) -> tuple[int, str, int] | None:
    """Return where the name ends, its joined spelling, and how many words follow the first; nothing for no name."""
    surname, (gap, first, second, third, rest) = match[0], match.groups()
    blank = not gap.strip()
    if not second:
        if surname in SURNAMES and rest and _given_whole(match, first + rest[0], lexicon, blank=blank):
            return match.start(5) + 1, surname + first + rest[0], 1
        return None
    if surname + first in DOUBLE_SURNAMES and (third is None or suffix_kind(rest)):
        whole = third is not None and bool(lexicon.kinds(second + third) & _LISTED_GIVEN)
        given = f"{second}{third}" if whole else second
        return match.end(4 if whole else 3), surname + first + given, 3 if whole else 2
    known = first in lexicon.first and second in lexicon.last
    counted = match.string[match.end(3) : match.end(3) + 1].isdigit()
    if known and not counted:
        listed = not blank or lexicon.kinds(first + second) & _LISTED_GIVEN or _asked(match)
        if suffix_kind(rest) if third is None else listed:
            return match.end(3), surname + first + second, 2
    return None


def _given_whole(match: re.Match[str], given: str, lexicon: Lexicon, *, blank: bool) -> bool:
    """Tell whether a surname and a given name in one piece (`김 민수`) may be a name."""
    if not suffix_kind(match[5][1:]):
        return False
    if match.string[max(0, match.start() - 3) : match.start()].rstrip(" ").endswith((":", "：")):
        return True
    kind = lexicon.kinds(given)
    if kind & GIVEN and not (blank and (kind & FREQUENT or match[0] not in COMMON_SURNAMES)):
        return True
    # A noun after a syllable that is also a word is no name: 원고 이 사건.
    used = kind & (FREQUENT if kind & GIVEN else NOUN | PLACE)
    return given[0] in lexicon.first and given[1] in lexicon.last and not used and _asked(match)


def _asked(match: re.Match[str]) -> bool:
    """Tell whether a label asks for the name: `성명: `, `환자 `."""
    return _LABEL.search(match.string, max(0, match.start() - 8), match.start()) is not None


def hanja_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of names in Hanja: a surname and two letters that names are made of."""
    for match in _HANJA.finditer(text):
        name = match[0]
        surname = 2 if name[:2] in HANJA_DOUBLE_SURNAMES else 1
        if surname < len(name) <= surname + 2 and HANJA_LETTERS.issuperset(name[-2:]):
            yield match.span()


def latin_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of romanised names, in either order."""
    done = 0
    for capitalised in _CAPITALISED.finditer(text):
        start = capitalised.start()
        match = _LATIN.match(text, start) if start >= done else None
        if match:
            done = match.end()
            yield match.span()
