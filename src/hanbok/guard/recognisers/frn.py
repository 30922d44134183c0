"""Registration numbers of foreigners: 외국인등록번호 and 국내거소신고번호 (출입국관리법 제31조)."""

from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.company import WORD, labelled_company, likelier_company
from hanbok.guard.context import Context, labelled_harmless, surroundings
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import BIRTH, HEAD, NUMBER, SIGNED_JOINT, TAIL, compile_number, numbers
from hanbok.hangul.checksum import birth_of, frn_check_digit

_NUMBER = compile_number(BIRTH, r"[5-8][0-9]{6}", joint=SIGNED_JOINT)
_CONTEXT = Context(
    r"외국인[ ]?(?:등록|번호|등)|등록증|거소|체류|국적|고유식별|주민|신분증|"
    r"\bfrn\b|\barc\b|alien|foreign(?:er)?[ _]?(?:reg|id|no)"
)


class Frn:
    kind: ClassVar[str] = "FRN"
    patterns: ClassVar[tuple[str, ...]] = (HEAD + BIRTH + SIGNED_JOINT + "[5-8][0-9]{6}" + TAIL,)
    alphabet: ClassVar[frozenset[str]] = NUMBER
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.99

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for begin, stop, digits in numbers(_NUMBER, text, start, end):
            if birth_of(digits) is None:
                continue
            score, why = _judge(text, begin, stop, digits)
            if score:
                yield Finding(kind="FRN", start=begin, end=stop, score=score, why=why)


def _judge(text: str, start: int, end: int, digits: str) -> tuple[float, tuple[str, ...]]:
    bare = end - start == len(digits)
    checked = frn_check_digit(digits) == int(digits[12])
    words = surroundings(text, start, end)
    of_companies = WORD.among(words)
    if of_companies and labelled_company(text, start, end):
        return 0.0, ()
    if word := _CONTEXT.among(words):
        return (0.99, ("check_digit", f"context:{word}")) if checked else (0.95, (f"context:{word}",))
    if of_companies and likelier_company(text, start, end, digits):
        return 0.0, ()
    if labelled_harmless(text, start):
        return 0.0, ()
    if checked:
        return (0.82 if bare else 0.9), ("check_digit",)
    return (0.8, ("format",)) if not bare else (0.0, ())
