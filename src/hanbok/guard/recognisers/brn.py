"""Business registration numbers (사업자등록번호): 부가가치세법 제8조."""

from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context, labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import HEAD, JOINT, NUMBER, TAIL, compile_number, numbers
from hanbok.hangul.checksum import brn_check_digit

_GROUPS = ("[1-9][0-9]{2}", "[0-9]{2}", "[0-9]{5}")
_NUMBER = compile_number(*_GROUPS)
_CONTEXT = Context(
    r"사업자|사업체|biz|등록번호|업체번호|\bbrn\b|business[ _]?(?:reg|id|no|num)|tax[ _]?id|vat"
)


class Brn:
    kind: ClassVar[str] = "BRN"
    patterns: ClassVar[tuple[str, ...]] = (HEAD + JOINT.join(_GROUPS) + TAIL,)
    alphabet: ClassVar[frozenset[str]] = NUMBER
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.98

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for begin, stop, digits in numbers(_NUMBER, text, start, end):
            score, why = _judge(text, begin, stop, digits)
            if score:
                yield Finding(kind="BRN", start=begin, end=stop, score=score, why=why)


def _judge(text: str, start: int, end: int, digits: str) -> tuple[float, tuple[str, ...]]:
    checked = brn_check_digit(digits) == int(digits[9])
    if word := _CONTEXT.near(text, start, end):
        return (0.98, ("check_digit", f"context:{word}")) if checked else (0.88, (f"context:{word}",))
    separated = text[start:end].count("-") == 2  # noqa: PLR2004 - 123-45-67890
    if checked and separated and not labelled_harmless(text, start):
        return 0.8, ("check_digit", "format")
    return 0.0, ()
