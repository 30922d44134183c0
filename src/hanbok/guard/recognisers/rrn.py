"""Resident registration numbers (주민등록번호): 주민등록법 제7조의2."""

from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.company import WORD, labelled_company, labelled_either, likelier_company
from hanbok.guard.context import Context, labelled_harmless, surroundings
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import BIRTH, HEAD, NUMBER, SIGNED_JOINT, TAIL, compile_number, numbers
from hanbok.hangul.checksum import birth_of, ean_check_digit, rrn_check_digit

_NUMBER = compile_number(BIRTH, r"[0-49][0-9]{6}", joint=SIGNED_JOINT)
_CONTEXT = Context(
    r"주민|민번|민증|주번|신분증|실명|고유식별|(?<!등기부)(?<!등기부 )등본|\brrn\b|jumin|resident[ _]?reg|"
    r"resident[ _]?(?:id|no|num)|ssn"
)


class Rrn:
    kind: ClassVar[str] = "RRN"
    patterns: ClassVar[tuple[str, ...]] = (HEAD + BIRTH + SIGNED_JOINT + "[0-49][0-9]{6}" + TAIL,)
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
                yield Finding(kind="RRN", start=begin, end=stop, score=score, why=why)


def _judge(text: str, start: int, end: int, digits: str) -> tuple[float, tuple[str, ...]]:
    """Weigh check digit, label and way of writing.

    Numbers given out since October 2020 carry no check digit: a wrong one makes us less sure, it clears nothing.
    """
    bare = end - start == len(digits)
    checked = rrn_check_digit(digits) == int(digits[12])
    words = surroundings(text, start, end)
    of_companies = WORD.among(words)
    if of_companies and _of_company(text, start, end, digits):
        return 0.0, ()
    if word := _CONTEXT.among(words):
        return (0.99, ("check_digit", f"context:{word}")) if checked else (0.95, (f"context:{word}",))
    if of_companies and likelier_company(text, start, end, digits):
        return 0.0, ()
    if labelled_harmless(text, start):
        return 0.0, ()
    if checked and not (bare and ean_check_digit(digits) == int(digits[12])):
        return (0.82 if bare else 0.9), ("check_digit",)
    # Thirteen bare digits without a check digit are as often a serial number; births of the 1800s are not.
    return (0.8, ("format",)) if not bare and digits[6] in "1234" else (0.0, ())


def _of_company(text: str, start: int, end: int, digits: str) -> bool:
    if labelled_either(text, start):
        return likelier_company(text, start, end, digits)
    return labelled_company(text, start, end) is True
