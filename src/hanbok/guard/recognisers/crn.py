"""Corporate registration numbers (법인등록번호): 상업등기규칙."""

from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.company import WORD, born, labelled_company, likelier_company
from hanbok.guard.context import labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import HEAD, JOINT, NUMBER, TAIL, compile_number, numbers
from hanbok.hangul.checksum import crn_check_digit

_GROUPS = ("[0-9]{6}", "[0-9]{7}")
_NUMBER = compile_number(*_GROUPS)


class Crn:
    kind: ClassVar[str] = "CRN"
    patterns: ClassVar[tuple[str, ...]] = (HEAD + JOINT.join(_GROUPS) + TAIL,)
    alphabet: ClassVar[frozenset[str]] = NUMBER
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.97

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for begin, stop, digits in numbers(_NUMBER, text, start, end):
            score, why = _judge(text, begin, stop, digits)
            if score:
                yield Finding(kind="CRN", start=begin, end=stop, score=score, why=why)


def _judge(text: str, start: int, end: int, digits: str) -> tuple[float, tuple[str, ...]]:
    """Weigh label, check digit and whether the digits could be those of a person, as many companies' are."""
    word, person = WORD.near(text, start, end), born(digits) is not None
    if person and not word:
        return 0.0, ()
    company = labelled_company(text, start, end)
    if company is False or len(set(digits)) == 1:
        return 0.0, ()
    checked = crn_check_digit(digits) == int(digits[12])
    if company:
        return (0.97, ("check_digit", "label")) if checked else (0.86, ("label",))
    if word and likelier_company(text, start, end, digits):
        return (0.94, ("check_digit", f"context:{word}")) if checked else (0.86, (f"context:{word}",))
    grouped = text[start:end].count("-") == 1
    if checked and grouped and not person and not labelled_harmless(text, start):
        return 0.7, ("check_digit", "format")
    return 0.0, ()
