"""Masks in the text of a JSON document that arrives in pieces."""

import re
from collections.abc import Iterable
from functools import lru_cache


class JsonMasks:
    """Turns a mask that stands outside of a string into 0, so that the document stays JSON: a masked bare number.

    Stands after what masks, which sends each mask in one piece.
    """

    __slots__ = ("_escaped", "_in_string", "_sign")

    def __init__(self, masks: Iterable[str]) -> None:
        self._sign = _sign(tuple(masks))
        self._in_string = False
        self._escaped = False

    def feed(self, delta: str) -> str:
        """Take the next piece, and return it."""
        if not delta:
            return ""
        first = ""
        if self._escaped:
            first, delta, self._escaped = delta[0], delta[1:], False
        return first + self._sign.sub(self._settle, delta)

    def close(self) -> str:
        """Return nothing: nothing is held back."""
        return ""

    def _settle(self, found: re.Match[str]) -> str:
        sign = found[0]
        if sign == '"':
            self._in_string = not self._in_string
        elif sign[0] == "\\":
            self._escaped = len(sign) == 1
        elif not self._in_string:
            return "0"
        return sign


@lru_cache(maxsize=4)
def _sign(masks: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern of quotation marks, escapes and masks."""
    longest_first = sorted(filter(None, masks), key=len, reverse=True)
    return re.compile("|".join((r"\\(?s:.|\Z)", '"', *map(re.escape, longest_first))))
