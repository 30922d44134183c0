"""Payment card numbers (ISO/IEC 7812-1), 14 to 16 digits."""

from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context, labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import HEAD, NUMBER, TAIL, compile_number, numbers
from hanbok.hangul.checksum import luhn_holds

_SIXTEEN = ("[2-69][0-9]{3}", "[0-9]{4}", "[0-9]{4}", "[0-9]{4}")
_FIFTEEN = ("3[47][0-9]{2}", "[0-9]{6}", "[0-9]{5}")
_FOURTEEN = ("3[0689][0-9]{2}", "[0-9]{6}", "[0-9]{4}")
_JOINT = r"(?:[ ]{0,2}[-./_~*()]{1,3}[ ]{0,2}|,[ ]|[ ]{1,3})?"
_SHAPES = tuple(compile_number(*groups, joint=_JOINT) for groups in (_SIXTEEN, _FIFTEEN, _FOURTEEN))
_CONTEXT = Context(
    r"카드|신용|체크|결제|할부|비자|마스터|아멕스|cvc|cvv|유효[ ]?기간|card|visa|master|amex|credit|payment"
)


class Card:
    kind: ClassVar[str] = "CARD"
    patterns: ClassVar[tuple[str, ...]] = tuple(
        HEAD + _JOINT.join(groups) + TAIL for groups in (_SIXTEEN, _FIFTEEN, _FOURTEEN)
    )
    alphabet: ClassVar[frozenset[str]] = NUMBER
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.98

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for shape in _SHAPES:
            for begin, stop, digits in numbers(shape, text, start, end):
                score, why = _judge(text, begin, stop, digits)
                if score:
                    yield Finding(kind="CARD", start=begin, end=stop, score=score, why=why)


def _judge(text: str, start: int, end: int, digits: str) -> tuple[float, tuple[str, ...]]:
    checked, bare = luhn_holds(digits), end - start == len(digits)
    if len(set(digits)) == 1 or labelled_harmless(text, start):
        return 0.0, ()
    if word := _CONTEXT.near(text, start, end):
        return (0.98, ("check_digit", f"context:{word}")) if checked else (0.8, (f"context:{word}",))
    if not checked:
        return 0.0, ()
    return (0.75 if bare else 0.9), ("check_digit",)
