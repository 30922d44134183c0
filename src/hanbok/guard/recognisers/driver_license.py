"""Driver's licence numbers (운전면허번호): region-year-serial-check; old ones begin with the region's name."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context, labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import HEAD, JOINT, LEFT, NUMBER, RIGHT, START, TAIL, digits_of

_GROUPS = ("(?:1[1-9]|2[0-6]|28)", "[0-9]{2}", "[0-9]{6}", "[0-9]{2}")
_TAIL = _GROUPS[1:]
_REGION = (
    r"(?:서 ?울|부 ?산|대 ?구|인 ?천|광 ?주|대 ?전|울 ?산|세 ?종|경 ?기(?: ?[남북] ?부)?|강 ?원|충 ?[남북]|전 ?[남북]|"
    r"경 ?[남북]|제 ?주)"
)
_NUMBER = re.compile(LEFT + JOINT.join(_GROUPS) + RIGHT)
_OLD = re.compile(r"(?<![0-9])" + JOINT.join(_TAIL) + RIGHT)
_REGION_BEFORE = re.compile(_REGION + r"[ ]{0,3}[-.]?[ ]{0,3}$")
_CONTEXT = Context(r"면허|운전|driver|licen[cs]e|\bdl\b")


class DriverLicense:
    kind: ClassVar[str] = "DRIVER_LICENSE"
    patterns: ClassVar[tuple[str, ...]] = (
        START + JOINT.join(_TAIL) + TAIL,
        HEAD + JOINT.join(_GROUPS) + TAIL,
    )
    alphabet: ClassVar[frozenset[str]] = NUMBER
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.97

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in _NUMBER.finditer(text, start, end):
            score, why = _judge(text, match.start(), match.end())
            if score:
                yield Finding(
                    kind="DRIVER_LICENSE", start=match.start(), end=match.end(), score=score, why=why
                )
        for match in _OLD.finditer(text, start, end):
            if region := _REGION_BEFORE.search(text, max(0, match.start() - 12), match.start()):
                yield Finding(
                    kind="DRIVER_LICENSE", start=region.start(), end=match.end(), score=0.96, why=("region",)
                )


def _judge(text: str, start: int, end: int) -> tuple[float, tuple[str, ...]]:
    if word := _CONTEXT.near(text, start, end):
        return 0.97, (f"context:{word}",)
    number = text[start:end]
    grouped = [len(group) for group in re.split(r"[^0-9]+", number)] == [2, 2, 6, 2]
    if grouped and len(number) - len(digits_of(number)) == 3 and not labelled_harmless(text, start):  # noqa: PLR2004 - three signs
        return 0.85, ("format",)
    return 0.0, ()
