"""Finds known words in a text that a model may have spelt its own way: spaced, hyphenated, in capitals, full-width.

Words are kept as a tree of their signs without separators; a walk through the text passes over up to three separators
between signs. A text that ends inside a word is told apart from one that leaves it, so that a stream can wait.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from hanbok.hangul.jamo import is_syllable

_MEANING = TypeVar("_MEANING")
SKIPPED = " \u00a0-‐‑‒–—−－.·,_/()"
"""Separators, which tell no words apart."""
_DROPPED = dict.fromkeys(map(ord, SKIPPED))
_MOST_SKIPPED = 3
_TORN = re.compile(f"[{re.escape(SKIPPED)}]{{{_MOST_SKIPPED + 1}}}")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NARROW = {chr(wide): chr(code) for wide, code in _WIDE.items()}
_WIDE_SIGN = re.compile("[\uff01-\uff5e]")
_SIGMA = "Σ"
"""Its lower case depends on where it stands in a word; that of a sign is always the same."""
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPED = re.compile(r"\\(?:[bfnrt\"/]|u[0-9a-fA-F]{4})\Z")
_BEGINS = re.compile(r"(?:[^A-Za-z0-9]|\\[bfnrt]|\\u[0-9a-fA-F]{4})\Z")
"""What stands before a Latin letter that begins a word."""
_SHORT = 64
"""Characters up to which each of a text is looked at."""
_HALF_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_PARTICLES = re.compile(
    "(?:씨|님|군|양|은|는|이|가|을|를|의|에|와|과|도|만|로|으로|께|께서|에게|한테|랑|이랑|하고|처럼|보다|까지|부터|라는|이라는|라고|이라고"
    "|입니다|이고|이며|이다|예요|이에요|아|야|이야|고객|선생|대리|과장|팀장|부장|차장|사원|대표|교수|박사|의원)"
)


class Spotted(msgspec.Struct, Generic[_MEANING], frozen=True, kw_only=True):
    """A word in a text; without a meaning: the text ends where a word may still go on."""

    start: int
    end: int
    meaning: _MEANING | None


@dataclass(slots=True)
class _Node(Generic[_MEANING]):
    below: "dict[str, _Node[_MEANING]]" = field(default_factory=dict)
    meaning: _MEANING | None = None
    alone: bool = True
    """Whether the word counts only where it stands by itself, give or take a particle."""


class Spellings(Generic[_MEANING]):
    """The words of one scope, each with what it means."""

    def __init__(self) -> None:
        self._words: dict[str, tuple[_MEANING, bool]] = {}
        """By their signs without separators: what a word means, and whether it counts only by itself."""
        self._root: _Node[_MEANING] | None = None
        self._signs: frozenset[str] = frozenset()

    def __contains__(self, word: str) -> bool:
        return squeeze(word) in self._words

    def add(self, word: str, meaning: _MEANING, *, alone: bool = True) -> None:
        """Take a word; a word that is known keeps its first meaning."""
        if signs := squeeze(word):
            self._words.setdefault(signs, (meaning, alone))
        self._root, self._signs = None, frozenset()

    def spot(
        self, text: str, since: int = 0, *, in_json: bool = False, ended: bool = True
    ) -> Iterator[Spotted[_MEANING]]:
        """Yield the words of `text` from `since` on, the longest where several begin; `ended`: nothing follows."""
        if not self._words:
            return
        signs = self._signs or self._first_signs()
        if len(text) < _SHORT and signs.isdisjoint(text):
            return
        at = since
        for start in sorted(_places(text, since, signs)):
            if start < at:
                continue
            one = self._walk(text, start, in_json=in_json, ended=ended)
            at = one.end if one and one.end > start else start + 1
            if one:
                yield one

    def _first_signs(self) -> frozenset[str]:
        """Return whatever a word, or an escape in JSON, may begin with."""
        signs = {word[0] for word in self._words}
        wide = (chr(ord(sign) + 0xFEE0) for sign in signs if "!" <= sign <= "~")
        self._signs = frozenset(("\\", *signs, *wide, *(sign.upper() for sign in signs if _is_latin(sign))))
        return self._signs

    def _tree(self) -> _Node[_MEANING]:
        root: _Node[_MEANING] = _Node()
        for word, (meaning, alone) in self._words.items():
            node = root
            for sign in word:
                node = node.below.setdefault(sign, _Node())
            node.meaning, node.alone = meaning, alone
        self._root = root
        return root

    def _walk(self, text: str, start: int, *, in_json: bool, ended: bool) -> Spotted[_MEANING] | None:
        """Follow the tree from `start` as far as the text goes along."""
        root = self._root or self._tree()
        node, at, skipped = root, start, 0
        best: Spotted[_MEANING] | None = None
        while at < len(text):
            sign, width = _sign(text, at, in_json=in_json)
            if not width:  # half an escape: what it spells is not known yet
                break
            below = node.below.get(fold(sign))
            if below is not None:
                node, skipped = below, 0
                if node.meaning is not None:
                    before = (
                        ""
                        if in_json and _ESCAPED.search(text[max(0, start - 6) : start])
                        else text[start - 1 : start]
                    )
                    best = self._judged(node, text, (start, at + width), before, ended=ended) or best
            elif node is root or sign not in SKIPPED or skipped == _MOST_SKIPPED:
                return best
            else:
                skipped += 1
            at += width
        if not ended and node.below and (node is not root or at > start or at < len(text)):
            return Spotted(start=start, end=len(text), meaning=None)
        return best

    def _judged(
        self, node: _Node[_MEANING], text: str, place: tuple[int, int], before: str, *, ended: bool
    ) -> Spotted[_MEANING] | None:
        """Return the word when its surroundings let it be one."""
        start, end = place
        first, last = text[start], text[end - 1]
        if _joined(before, first, alone=node.alone):
            return None
        if end == len(text) and not ended and (node.alone or not is_syllable(last)):
            return Spotted(start=start, end=end, meaning=None)
        after = text[end : end + 1]
        if _joined(after, last, alone=node.alone) and not (
            is_syllable(after) and _PARTICLES.match(text, end)
        ):
            return None
        return Spotted(start=start, end=end, meaning=node.meaning)


def _places(text: str, since: int, signs: Iterable[str]) -> Iterator[int]:
    """Yield where these signs stand, Latin letters only where a word of them may begin."""
    for sign in signs:
        latin = _is_latin(sign)
        at = text.find(sign, since)
        while at >= 0:
            # Most letters stand within a word, where none of ours begins; in JSON, an escape may precede.
            if not latin or not at or _BEGINS.search(text, max(0, at - 6), at):
                yield at
            at = text.find(sign, at + 1)


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalpha()


def is_torn(word: str) -> bool:
    """Whether separators within a word are too many to be passed over."""
    return bool(_TORN.search(word.strip(SKIPPED)))


def squeeze(text: str) -> str:
    """Return the signs of a text that tell words apart."""
    if text.isascii():
        return text.translate(_DROPPED).lower()
    for sign in SKIPPED:
        text = text.replace(sign, "")
    if _WIDE_SIGN.search(text):
        text = text.translate(_WIDE)
    lowered = text.lower()
    if len(lowered) == len(text) and _SIGMA not in text:
        return lowered
    return "".join(map(fold, text))


def fold(sign: str) -> str:
    """Return a sign as the tree holds it: lower case, not full-width."""
    if "가" <= sign <= "힣":
        return sign
    lowered = _NARROW.get(sign, sign).lower()
    return lowered if len(lowered) == 1 else sign


def _sign(text: str, at: int, *, in_json: bool) -> tuple[str, int]:
    """Return the sign at a place and how many characters spell it; 0: not all of them are there."""
    if not in_json or text[at] != "\\":
        return text[at], 1
    escape = _ESCAPE.match(text, at)
    if escape:
        return chr(int(escape[1], 16)), 6
    return ("", 0) if _HALF_ESCAPE.match(text, at) else (text[at], 1)


def _joined(neighbour: str, edge: str, *, alone: bool) -> bool:
    """Whether a sign beside a word makes it a part of another one."""
    if not neighbour:
        return False
    if is_syllable(edge):
        return alone and is_syllable(neighbour)
    if edge.isdigit():
        return neighbour.isdigit()
    return neighbour.isascii() and neighbour.isalnum()
