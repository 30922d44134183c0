"""What a text could hold, told by the words in it and not by where they stand: most texts name nobody."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Final, NamedTuple

from hanbok.guard.names.model import Live, Tagger
from hanbok.guard.names.notation import OTHER_LETTERS, STARTS, may_follow
from hanbok.guard.names.run import WORD
from hanbok.guard.names.surroundings import FORMER, alone

_FEW: Final = 8


class Look(NamedTuple):
    """`worth`: words that need a second look, some of them because of what they could be, which `live` tells."""

    live: Live
    worth: AbstractSet[str]
    other_letters: bool
    """Whether there may be names in Hanja or in Latin letters."""


def first_look(pieces: Sequence[str], tagger: Tagger) -> Look:
    """Look at the pieces of a text that blanks are between: at each once, and at none that is a known word."""
    distinct = set(pieces)
    fresh = tagger.unknown(distinct)
    fresh |= distinct & STARTS
    unknown = " ".join(fresh)
    present = set(WORD.findall(unknown))
    live = tagger.live(tagger.unknown(present))
    worth = live.keys() | (present & STARTS)
    if worth and _all_alone(worth, fresh, pieces, tagger):
        worth = set[str]()
    return Look(live, worth, OTHER_LETTERS.search(unknown) is not None)


def _all_alone(
    worth: AbstractSet[str], fresh: AbstractSet[str], pieces: Sequence[str], tagger: Tagger
) -> bool:
    """Tell that all these are syllables by themselves, with nothing behind them that makes them a name."""
    if len(worth) > _FEW or max(map(len, worth)) > 1:
        return False
    for word in worth:
        if any(word in WORD.findall(piece) for piece in fresh if word in piece and piece != word):
            return False
        if not all(_is_alone(word, piece, tagger) for piece in _after(word, pieces)):
            return False
    return True


def _is_alone(syllable: str, piece: str, tagger: Tagger) -> bool:
    """Tell that a syllable before this piece is no name, nor the first part of one."""
    match = WORD.match(piece)
    if match is None or (following := match[0]) == FORMER:
        return False
    if syllable in STARTS and may_follow(syllable, following, tagger.lexicon):
        return False
    return alone(syllable, following, "", tagger.lexicon)


def _after(piece: str, pieces: Sequence[str]) -> AbstractSet[str]:
    """Return all that stands right behind a piece."""
    found: set[str] = set()
    last = len(pieces) - 1
    with suppress(ValueError):  # that was the last of them
        at = pieces.index(piece)
        while at < last:
            found.add(pieces[at + 1])
            at = pieces.index(piece, at + 1)
    return found
