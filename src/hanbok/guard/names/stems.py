"""What at the start of a word could be a name, and what the word itself says of it.

A word is a run of hangul; a candidate is a stem of it with what follows (`김민수` + `씨는`). What is true of it is
looked up in tables of weights, one table for each thing that can be true; the training script passes tables that
note what they are asked instead.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from hanbok.guard.names.lexicon import (
    FOREIGN,
    FOREIGN_RARE,
    FREQUENT,
    GIVEN,
    GIVEN_RARE,
    NOUN,
    ORGANISATION,
    PERSONAL,
    PLACE,
    Lexicon,
)
from hanbok.guard.names.words import (
    COMMON_SURNAMES,
    DOUBLE_SURNAMES,
    ENDINGS,
    FITS,
    NOTHING,
    PARTICLE,
    SURNAMES,
    TITLE,
    TITLE_STARTS,
    agreement,
    suffix_kind,
)

Table = Callable[[int | str, int], int]
"""Returns the weight of a value, or the number given: the `get` of a dict."""
SHAPES: Final = "SKDLF"
"""K: surname and given name, D: a double surname, L: two syllables that begin with a surname, S: a surname alone,
F: anything else.
"""
_LONGEST_KOREAN: Final = 7
"""A word that begins with a Korean name and is longer must end in a particle or a title."""
_LONGEST_NAME, _SHORT, _FULL, _TWO = 8, 4, 3, 2
_LISTED_GIVEN: Final = GIVEN | GIVEN_RARE
_SHAPES_OF: Final = {
    (False, False, False): "-?FFFFFFF",
    (False, True, True): "-?FDDFFFF",
    (True, False, False): "-?LFFFFFF",
    (True, True, False): "-?LKFFFFF",
    (True, True, True): "-?LDDFFFF",
}
"""The shape of a stem of each length, by whether the word begins with a surname, may be a whole Korean name, and begins
with a double surname. One syllable is looked at apart: a rare surname alone (`반 반장`) is more often a word.
"""


class Stem(NamedTuple):
    """A stem that may be a name or a part of one."""

    length: int
    shape: str
    kinds: int
    suffix: int
    fused: int = 0
    """How well it falls apart into two listed parts of foreign names (`소피마르소`): see `_fused`."""


class WordTables(NamedTuple):
    """Tables for one shape; keys are numbers where the name ends in `_`."""

    suffix_: Table
    kinds_: Table
    whole_: Table
    tail: Table
    tail_start: Table
    whole_suffix_: Table
    cut_: Table
    noun_: Table
    last: Table
    shorter: Table
    first: Table
    pair: Table
    second: Table
    third: Table
    given: Table
    given_kinds_: Table
    given_place_: Table
    length_: Table
    fused_: Table
    grams: Table


class Reading(NamedTuple):
    """A word as the word list knows it: the kinds of its first one to six syllables, as far as they were looked up,
    of the whole, and of its second and third syllable.
    """

    word: str
    prefixes: list[int]
    whole: int
    given: int


def candidates(word: str, lexicon: Lexicon) -> tuple[Reading, list[Stem]]:
    """Return what could be a name at the start of this word; nothing for a word in everyday use."""
    look_up, size = lexicon.kinds, len(word)
    whole = look_up(word)
    surname, double, korean = word[0] in SURNAMES, word[:2] in DOUBLE_SURNAMES, like_name(word, lexicon)
    prefixes = [0] * (_LONGEST_NAME + 1)
    reading = Reading(word, prefixes, whole, look_up(word[1:3]) if korean else 0)
    found: list[Stem] = []
    listed = reading.given & _LISTED_GIVEN
    if whole & PERSONAL or listed or not whole & (FREQUENT if korean and size == _FULL else FREQUENT | PLACE):
        shapes = _SHAPES_OF[surname, korean, double]
        single = "S" if word[0] in COMMON_SURNAMES else "F"
        alone = size == 1 or word[0] in lexicon.singles or (single == "S" and word[1] in TITLE_STARTS)
        for length in range(1 if alone else 2, _longest(word, size, lexicon) + 1):
            shape = single if length == 1 else shapes[length]
            suffix = suffix_kind(word[length:])
            if suffix or shape in "KD":
                kinds = prefixes[length] = whole if length == size else look_up(word[:length])
                if shape == "K" and kinds & FOREIGN and not reading.given & GIVEN:
                    shape = "F"
                if _possible(shape, reading, length, suffix, lexicon):
                    fused = (
                        _fused(word[:length], lexicon)
                        if length >= _SHORT and shape == "F" and not kinds
                        else 0
                    )
                    found.append(Stem(length, shape, kinds, suffix, fused))
        if found:
            for length in range(2, min(size, _SHORT) + 1):
                prefixes[length] = prefixes[length] or look_up(word[:length])
    return reading, found


def like_name(word: str, lexicon: Lexicon) -> bool:
    """Tell whether a word begins like a surname with a given name of two syllables, whatever it means here."""
    if word[:2] in DOUBLE_SURNAMES:
        return True
    return len(word) > _TWO and word[0] in SURNAMES and word[1] in lexicon.first and word[2] in lexicon.last


def no_noun(word: str, lexicon: Lexicon) -> bool:
    """Tell whether a word is a surname and a syllable, and no noun."""
    return len(word) == _TWO and word[0] in SURNAMES and not lexicon.kinds(word) & NOUN


def full_name(word: str, length: int, lexicon: Lexicon) -> tuple[Reading, Stem]:
    """Return the candidate for a surname and given name of this length, however unlikely."""
    look_up, double = lexicon.kinds, word[:2] in DOUBLE_SURNAMES
    shape = "D" if length > _TWO and double else "K" if length == _FULL else "L"
    prefixes = [0, 0, *(look_up(word[:size]) for size in range(2, _SHORT + 1))]
    whole = prefixes[len(word)] if len(word) <= _SHORT else look_up(word)
    reading = Reading(word, prefixes, whole, look_up(word[1:3]))
    return reading, Stem(length, shape, prefixes[length], suffix_kind(word[length:]))


def _longest(word: str, size: int, lexicon: Lexicon) -> int:
    """Return how many syllables a name in this word may have."""
    if size <= _SHORT:
        return size
    longest, foreign = 0, lexicon.foreign
    for syllable in word[:_LONGEST_NAME]:
        if syllable not in foreign:
            break
        longest += 1
    return max(longest, _SHORT)


def _fused(name: str, lexicon: Lexicon) -> int:
    """Return how well a name falls apart into two that are listed: 0 to 5, of one syllable and another 1 or 2."""
    best, look_up = 0, lexicon.kinds
    for cut in range(1, len(name) - 1):
        left = look_up(name[:cut]) & (FOREIGN | FOREIGN_RARE)
        right = left and look_up(name[cut:]) & (FOREIGN | FOREIGN_RARE)
        if right:
            known = (left & FOREIGN > 0) + (right & FOREIGN > 0)
            best = max(best, known if cut == 1 else 3 + known)
    return best


def _possible(shape: str, reading: Reading, length: int, suffix: int, lexicon: Lexicon) -> bool:
    """Tell whether this stem deserves a look at all."""
    word, prefixes, _, given = reading
    kinds = prefixes[length]
    if shape == "S":
        return suffix != PARTICLE
    if shape == "K":
        return bool(suffix) or (
            len(word) <= _LONGEST_KOREAN
            and bool(given & _LISTED_GIVEN)
            and not (prefixes[2] or lexicon.kinds(word[:2])) & NOUN
        )
    if shape == "D" or length == 1:
        return shape == "D" or bool(kinds & FOREIGN and suffix != TITLE)
    if kinds:
        return bool(kinds & (PERSONAL | ORGANISATION)) or not kinds & (FREQUENT | PLACE)
    if shape == "L":
        return word[1] in lexicon.first
    return (suffix != NOTHING or word[-1] not in ENDINGS) and lexicon.foreign.issuperset(word[:length])


def weigh(reading: Reading, one: Stem, tables: WordTables) -> int:
    """Return the sum of the weights of all that the word itself says of this candidate."""
    word, prefixes, whole, given = reading
    length, shape, kinds, suffix, _ = one
    (
        t_suffix, t_kinds, t_whole, t_tail, t_tail_start, t_whole_suffix, t_cut, t_noun, t_last, t_shorter, t_first,
        t_pair, t_second, t_third, t_given, t_given_kinds, t_given_place, t_length, t_fused, t_grams,
    ) = tables  # fmt: skip
    size, last = len(word), word[length - 1]
    rest = word[length:]
    score = t_suffix(suffix << 3 | agreement(last, rest), 0) + t_kinds(kinds, 0)
    score += t_whole((whole & 7) << 6 | (kinds & 7) << 3 | suffix, 0)
    if rest:
        score += t_tail(rest, 0) + t_tail_start(rest[:2], 0) + t_whole_suffix(whole << 3 | suffix, 0)
    for cut in (2, 3, 4):
        if cut != length and size >= cut:
            kinds_here = prefixes[cut]
            fit = agreement(word[cut - 1], word[cut:])
            score += t_cut(cut << 16 | kinds_here << 8 | fit, 0)
            if kinds_here & NOUN and fit in (0, FITS):
                score += t_noun(0, 0)
    score += t_first(word[0], 0)
    if length == 1:
        return score
    if length > _TWO:
        score += t_shorter(f"{last}{prefixes[length - 1] & 7}", 0)
    if shape == "K":
        score += t_third(last, 0) + t_given(word[1:3], 0) + t_given_kinds(given, 0)
        score += t_given_place((given & 0xC0) << 2 | kinds, 0) + t_pair(word[:2], 0) + t_second(word[1], 0)
    elif shape == "L":
        score += t_pair(word[:2], 0) + t_second(word[1], 0)
    else:
        score += t_length(length, 0) + t_last(last, 0) + _weigh_parts(word[:length], one, t_fused, t_grams)
    return score


def _weigh_parts(name: str, one: Stem, t_fused: Table, t_grams: Table) -> int:
    score = t_fused(one.fused << 3 | one.suffix, 0) if one.fused else 0
    for at in range(one.length - 1):
        score += t_grams(name[at : at + 2], 0)
    return score
