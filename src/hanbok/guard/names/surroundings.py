"""What the words and signs around a candidate say of it."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from hanbok.guard.names.lexicon import FOREIGN, Lexicon
from hanbok.guard.names.stems import Stem, Table
from hanbok.guard.names.words import (
    COMMON_SURNAMES,
    HONORIFIC,
    NOTHING,
    TITLE,
    TITLE_STARTS,
    TITLES,
    suffix_kind,
)

FORMER: Final = "전"
"""May stand between a name and its title (`김 전 총리`)."""
NEAR: Final = 4
"""Characters that a word may stand away and still say something."""
_MASKS: Final = frozenset("*＊○◯●□OＯ×xX")
"""What hides the rest of a name: `홍*동` is hidden already."""
_OPENING: Final = frozenset(" (（")
_BRACKETS: Final = frozenset("(（")
_STOPS: Final = frozenset(" )(,:")
_AGE = re.compile(r" ?[(（][0-9]{1,2}(?:[·,)）세]|[가-힣])")
_HANJA = re.compile(r" ?[(（][\u3400-\u9fff\uf900-\ufaff]{2,4}[)）]")
_LATIN = re.compile(r" ?[(（][A-Z][A-Za-z .-]+[)）,]")


class Spot(NamedTuple):
    """Where a word stands. `previous` and `gap` are empty when no word is near in the same line; `following` is the
    word after one blank; `named` the shape of the name that the previous word is, or ''.
    """

    text: str
    start: int
    end: int
    word: str
    previous: str
    gap: str
    following: str
    named: str


class AroundTables(NamedTuple):
    """Tables for one group of shapes; keys are numbers where the name ends in `_`."""

    left: Table
    previous: Table
    previous_end: Table
    previous_last: Table
    gap: Table
    previous_kinds_: Table
    titled_: Table
    begins_: Table
    named: Table
    right: Table
    right_two: Table
    edge: Table
    following: Table
    following_two: Table
    entitled_: Table
    following_kinds_: Table
    verb_: Table
    brackets_: Table


class JoinTables(NamedTuple):
    """Tables for two neighbours that may be one name."""

    gap: Table
    shapes: Table
    kinds_: Table
    left: Table
    right: Table
    lengths_: Table


def spot(text: str, start: int, words: Sequence[str], index: int, named: str) -> Spot:
    """Return what is around word `index` of the text, which begins at `start`."""
    word = words[index]
    end = start + len(word)
    previous, gap = before(text, start, words, index)
    following = after(text, end, words, index)
    return Spot(text, start, end, word, previous, gap, following, named if previous else "")


def before(text: str, start: int, words: Sequence[str], index: int) -> tuple[str, str]:
    """Return the word before word `index`, which begins at `start`, and the gap between them; see `Spot`."""
    if start and index:
        at = start - 1
        if text[at] == " " and at and "가" <= text[at - 1] <= "힣":
            return words[index - 1], " "
        while at >= 0 and start - at <= NEAR and not "가" <= text[at] <= "힣":
            at -= 1
        if at >= 0 and "가" <= text[at] <= "힣" and "\n" not in text[at + 1 : start]:
            return words[index - 1], text[at + 1 : start]
    return "", ""


def after(text: str, end: int, words: Sequence[str], index: int) -> str:
    """Return the word after word `index`, which ends at `end`; see `Spot`."""
    if text[end : end + 1] != " " or not "가" <= text[end + 1 : end + 2] <= "힣":
        return ""
    following = words[index + 1]
    if following == FORMER and text[end + 2 : end + 3] == " " and "가" <= text[end + 3 : end + 4] <= "힣":
        following = words[index + 2]
    return following


def hopeless(where: Spot, one: Stem, lexicon: Lexicon) -> bool:
    """Tell at little cost that a stem of one syllable is no name here: see `alone`."""
    if one.length > 1:
        return False
    if one.shape == "S":
        before = where.text[where.start - 1] if where.start else ""
        if before in _MASKS or before.isdigit():  # 홍*동 is hidden already; 100원 고객님 is a sum
            return True
        return one.suffix == NOTHING and alone(where.word, where.following, "", lexicon)
    return one.suffix == NOTHING and alone(where.word, where.following, where.named, lexicon)


def alone(word: str, following: str, named: str, lexicon: Lexicon) -> bool:
    """Tell that this word of one syllable is no name: a surname needs a title behind it, a part of a foreign name
    another part.
    """
    if named:
        return False
    if not following:
        return True
    if (
        word in COMMON_SURNAMES
        and following[0] in TITLE_STARTS
        and suffix_kind(following) in (HONORIFIC, TITLE)
    ):
        return False
    return word not in lexicon.singles or not lexicon.kinds(following) & FOREIGN


def look_around(where: Spot, one: Stem, tables: AroundTables, lexicon: Lexicon) -> int:
    """Return the sum of the weights of all that stands around a candidate."""
    (
        t_left, t_previous, t_previous_end, t_previous_last, t_gap, t_previous_kinds, t_titled, t_begins, t_named,
        t_right, t_right_two, t_edge, t_following, t_following_two, t_entitled, t_following_kinds, t_verb, t_brackets,
    ) = tables  # fmt: skip
    text, start, end, word, previous, gap, following, named = where
    length, shape, kinds, suffix, _ = one
    score = t_left(text[start - 1] if start else "\n", 0)
    if previous:
        score += (
            t_previous(previous[-4:], 0)
            + t_previous_end(previous[-2:], 0)
            + t_previous_last(previous[-1], 0)
            + t_gap(gap, 0)
            + t_previous_kinds(lexicon.kinds(previous) << 8 | kinds & 0x30, 0)
            + t_titled((previous in TITLES) << 11 | kinds << 3 | suffix, 0)
        )
        if named:
            score += t_named(named + gap, 0)
    else:
        score += t_begins(kinds << 3 | suffix, 0)
    behind = text[end : end + 2]
    right = behind[:1]
    score += t_right(f"{right}{suffix}", 0) + t_right_two(behind, 0)
    number = "9" if "0" <= behind[1:] <= "9" else ""
    score += t_edge(f"{word[length - 1]}{right if right in _STOPS else ''}{number}{suffix}", 0)
    if following:
        two = following[:2]
        entitled = suffix == NOTHING and (following in TITLES or two in TITLES or following[:3] in TITLES)
        score += (
            t_following(f"{following[:3]}{suffix}", 0)
            + t_following_two(two, 0)
            + t_entitled(entitled << 3 | suffix, 0)
        )
        if shape != "S":
            score += t_following_kinds((lexicon.kinds(following) << 8 | kinds & 0x30) << 3 | suffix, 0)
        if following[-1] == "다":
            score += t_verb(suffix, 0)
    if right in _OPENING and (right != " " or behind[1:] in _BRACKETS):
        for number_of, pattern in enumerate((_AGE, _HANJA, _LATIN)):
            if pattern.match(text, end):
                score += t_brackets(number_of, 0)
    return score


def join(left: Stem, right: Stem, gap: str, tables: JoinTables) -> int:
    """Return the sum of the weights of two neighbouring parts that may be one name (`도널드` + `트럼프`)."""
    a, b = left.kinds & 0xF0, right.kinds & 0xF0
    return (
        tables.gap(gap, 0)
        + tables.shapes(left.shape + right.shape, 0)
        + tables.kinds_(a << 8 | b, 0)
        + tables.left(f"{left.shape}{a}{left.length}", 0)
        + tables.right(f"{right.shape}{b}{right.length}", 0)
        + tables.lengths_(left.length << 4 | right.length, 0)
    )
