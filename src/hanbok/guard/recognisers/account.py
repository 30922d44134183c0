"""Bank account numbers: check digits are not published, so a word of banking must stand near."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context, labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import HEAD, LEFT, NUMBER, RIGHT, TAIL, digits_of

_FEWEST, _MOST = 10, 14
_JOINT = r"(?:[ ]?[-./_~][ ]?|[ ]{1,2})"
_SHAPE = re.compile(
    LEFT
    + r"(?:[0-9]{10,14}|[0-9]{2,6}(?P<joint>[ ]?[-./_~][ ]?|[ ]{1,2})[0-9]{1,7}(?:(?P=joint)[0-9]{1,7}){0,3})"
    + RIGHT
)
_AMOUNT = re.compile(r"[ ]?(?:원|명|개|건|주|달러|%|억|만|엔|위안|유로)")
_TIME = re.compile(
    r"20[0-3][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?"
)
_MOBILE = re.compile(r"01[016789][-. ]?[0-9]{3,4}[-. ]?[0-9]{4}")
_CONTEXT = Context(
    r"계좌|통장|예금|입금|송금|이체|환불|출금|자동[ ]?납부|급여|"
    r"은행|뱅크|증권(?!번호)|예금주|회비|월급|카뱅|토뱅|케뱅|농협|수협|신협|새마을금고|우체국|"
    r"(?:국민|신한|우리|하나|기업|카카오|토스|산업|씨티|sc[ ]?제일|"
    r"(?<![a-z])(?:kb|nh|ibk)|제일|케이|아이엠|im|농협)(?=[ :(]|$)|"
    r"account|acct|\bacc\b|bank|deposit|transfer|iban"
)


class Account:
    kind: ClassVar[str] = "ACCOUNT"
    patterns: ClassVar[tuple[str, ...]] = (
        HEAD + r"[0-9]{10,14}" + TAIL,
        HEAD + rf"[0-9]{{2,6}}{_JOINT}[0-9]{{1,7}}{_JOINT}[0-9]",
        HEAD
        + rf"(?:[0-9]{{3}}{_JOINT}[0-9]{{7}}|[0-9]{{4}}{_JOINT}[0-9]{{6}}"
        + rf"|[0-9]{{5}}{_JOINT}[0-9]{{5}}|[0-9]{{6}}{_JOINT}[0-9]{{4}})"
        + TAIL,
    )
    alphabet: ClassVar[frozenset[str]] = NUMBER
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.85

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in _SHAPE.finditer(text, start, end):
            digits = digits_of(match[0])
            if not _FEWEST <= len(digits) <= _MOST or _is_something_else(text, match, digits):
                continue
            if word := _CONTEXT.near(text, match.start(), match.end()):
                score = 0.6 if _MOBILE.fullmatch(match[0]) else 0.85
                why = (f"context:{word}",)
                yield Finding(kind="ACCOUNT", start=match.start(), end=match.end(), score=score, why=why)


def _is_something_else(text: str, match: re.Match[str], digits: str) -> bool:
    """Tell an account from an amount, a point in time, a template, the number of an order."""
    if len(set(digits)) == 1 or labelled_harmless(text, match.start()):
        return True
    bare = len(digits) == len(match[0])
    return bare and (_AMOUNT.match(text, match.end()) is not None or _TIME.fullmatch(digits) is not None)
