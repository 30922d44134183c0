"""Personal customs clearance codes (개인통관고유부호): P and twelve digits."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context, labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import NUMBER, RIGHT

_BODY = r"[Pp](?:[- .]{0,3}[0-9]){12}"
_CODE = re.compile(r"(?<![A-Za-z0-9])" + _BODY + RIGHT)
_CONTEXT = Context(r"통관|관세|직구|세관|수입신고|해외[ ]?배송|\bpccc\b|customs")


class Pccc:
    kind: ClassVar[str] = "PCCC"
    patterns: ClassVar[tuple[str, ...]] = (_BODY,)
    alphabet: ClassVar[frozenset[str]] = NUMBER | frozenset("Pp")
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.98

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in _CODE.finditer(text, start, end):
            if word := _CONTEXT.near(text, match.start(), match.end()):
                score, why = 0.98, (f"context:{word}",)
            elif match[0].isalnum() and not labelled_harmless(text, match.start()):
                score, why = 0.85, ("format",)
            else:
                continue
            yield Finding(kind="PCCC", start=match.start(), end=match.end(), score=score, why=why)
