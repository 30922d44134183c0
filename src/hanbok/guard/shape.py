"""How a recogniser tells the engine what to scan for, and what all number recognisers share."""

import re
from collections.abc import Iterator
from typing import ClassVar, Protocol

from hanbok.guard.recogniser import Finding

DIGITS = frozenset("0123456789")
NUMBER = DIGITS | frozenset(" -./_~*()+,:=")
"""What a number may be written with; never a line end or a cell border."""
TOKEN = frozenset(chr(code) for code in range(0x21, 0x7F))
"""Visible ASCII: what codes, keys and passwords are written with."""
ANCHOR: frozenset[str] = frozenset()
"""No alphabet: the recogniser looks around each place where one of its patterns ends."""

START = r"(?:^|[^0-9])"
HEAD = r"(?:^|[^0-9A-Za-z._-]|(?:^|[^0-9])[._-])[(]?"
TAIL = r"(?:$|[^0-9A-Za-z._-]|[._-](?:$|[^0-9]))"
"""What `LEFT` and `RIGHT` say below, in a pattern that a scanner reads."""
BIRTH = r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
JOINT = r"(?:[ ]{0,2}[-./_~*()]{1,3}[ ]{0,2}|[ ]{1,3})?"
"""What may stand between two groups of digits."""
SIGNED_JOINT = r"(?:[ ]{0,2}[-./_~*(),:=+]{1,3}[ ]{0,2}|[ ]{1,3})?"
"""The same with every sign there is, for numbers whose digits alone say much."""
LEFT = r"(?<![0-9A-Za-z])(?<![0-9][-._])"
RIGHT = r"(?![0-9A-Za-z])(?![-._][0-9])"
"""A number stands alone: it does not go on, and it is not the tail or the head of a code."""


class Shape(Protocol):
    r"""A recogniser that the engine can scan for together with all others.

    One scan for the `patterns` of all recognisers finds places; around the end of each match the run of characters
    from `alphabet` is the region that `verify` judges, and it judges no other. Patterns stay within what Hyperscan
    and `re` read alike (so no `(?i)`, `\b`, `\s`, no look-around); a pattern of an anchor has one end only.
    """

    kind: ClassVar[str]
    patterns: ClassVar[tuple[str, ...]]
    alphabet: ClassVar[frozenset[str]]
    raw: ClassVar[bool]
    """Judges the text as it is written, not its normalised form."""
    most: ClassVar[float]
    """The highest score it gives: what a surer finding covers is not judged again."""

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]: ...


def any_case(words: str) -> str:
    """Return a pattern with its ASCII letters in either case, and no other letter: not the K of Kelvin for a k."""
    return re.sub("[a-z]", lambda match: f"[{match[0]}{match[0].upper()}]", words)


def digits_of(text: str) -> str:
    """Return only the digits of `text`."""
    if text.isascii():  # as bytes, many times faster
        return text.encode().translate(None, _NO_DIGITS).decode()
    return "".join(filter(DIGITS.__contains__, text))


_NO_DIGITS = bytes(set(range(0x80)) - set(map(ord, DIGITS)))


def compile_number(*groups: str, joint: str = JOINT) -> re.Pattern[str]:
    """Return the pattern of a number that stands alone, its groups joined by anything people write between."""
    return re.compile(LEFT + "[(]?" + joint.join(groups) + RIGHT)


def numbers(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and plain digits of each number; a bracket that only opens is not part of it."""
    for match in pattern.finditer(text, start, end):
        number = match[0]
        first, last = match.span()
        if "(" in number and ")" not in number:
            # A bracket around the last group belongs to the number, one around all of a sentence does not.
            last += "(" in number[1:] and text.startswith(")", last)
            first += number[0] == "("
        yield first, last, digits_of(number)
