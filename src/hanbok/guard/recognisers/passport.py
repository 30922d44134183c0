"""Passport numbers (여권번호): a letter and eight digits, or since December 2021 `M123A4567` (여권법 시행규칙)."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context, labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import DIGITS

_JOINT = r"[- ]?"
_BODY = rf"(?:[0-9](?:{_JOINT}[0-9]){{2}}{_JOINT}[A-Za-z](?:{_JOINT}[0-9]){{4}}|[0-9](?:{_JOINT}[0-9]){{7}})"
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Z](?=[MSRODG]))?(?P<value>[MSRODGmsrodg]{_JOINT}{_BODY})(?![A-Za-z0-9])(?!-[0-9])"
)
_LABEL = Context("여권|passport")
_OLDER = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{7}(?![A-Za-z0-9])(?!-[0-9])")
_CONTEXT = Context(r"여권|passport|출입국|출국|입국|비자|항공권|탑승")


class Passport:
    kind: ClassVar[str] = "PASSPORT"
    patterns: ClassVar[tuple[str, ...]] = (rf"[MSRODGmsrodg]{_JOINT}{_BODY}", "[A-Z]{2}[0-9]{7}")
    alphabet: ClassVar[frozenset[str]] = DIGITS | frozenset(
        "MSRODGmsrodg -ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    )
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.97

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in _NUMBER.finditer(text, start, end):
            begin, stop = match.span("value")
            score, why = _judge(text, begin, stop)
            if score:
                yield Finding(kind="PASSPORT", start=begin, end=stop, score=score, why=why)
        for match in _OLDER.finditer(text, start, end):
            if word := _LABEL.near(text, match.start(), match.end()):
                begin, stop, why = match.start(), match.end(), (f"context:{word}",)
                yield Finding(kind="PASSPORT", start=begin, end=stop, score=0.9, why=why)


def _judge(text: str, start: int, end: int) -> tuple[float, tuple[str, ...]]:
    if word := _CONTEXT.near(text, start, end):
        return 0.97, (f"context:{word}",)
    plain = text[start:end].isalnum() and text[start:end].isupper()
    if not plain or labelled_harmless(text, start):
        return 0.0, ()
    new = text[start + 4].isalpha()
    # Without a word beside it only the ordinary passport (M) and the new form are distinct enough.
    return (0.75, ("format",)) if new or text[start] == "M" else (0.0, ())
