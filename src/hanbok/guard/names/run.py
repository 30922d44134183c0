"""Words of a text and where they stand."""

import re
from collections.abc import Sequence
from typing import Final

WORD: Final = re.compile("[가-힣]+")


class Places:
    """Tells where words of a text begin, from left to right; words that nobody asks for cost nothing."""

    __slots__ = ("_end", "_next", "_text", "_words")

    def __init__(self, text: str, words: Sequence[str]) -> None:
        self._text, self._words = text, words
        self._next: int = 0
        self._end: int = 0

    def start(self, index: int) -> int:
        """Return where word `index` begins; it must lie behind the one that was asked for last."""
        word, text = self._words[index], self._text
        size, at = len(word), self._end
        if index == self._next:
            at = text.find(word, at)
            self._next, self._end = index + 1, at + size
            return at
        for _ in range(self._words[self._next : index].count(word) + 1):
            at = text.find(word, at)
            while (at and "가" <= text[at - 1] <= "힣") or "가" <= text[at + size : at + size + 1] <= "힣":
                at = text.find(word, at + 1)
            at += size
        self._next, self._end = index + 1, at
        return at - size
