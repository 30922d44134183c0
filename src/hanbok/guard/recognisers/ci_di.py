"""CI (연계정보) and DI (중복가입확인정보): base64 of 64 and 48 bytes, known by the word beside them."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import TOKEN

_BASE64 = r"[A-Za-z0-9+/]"
_LEFT, _RIGHT = r"(?<![A-Za-z0-9+/_-])", r"(?![A-Za-z0-9+/=_-])"
_CI = re.compile(rf"{_LEFT}{_BASE64}{{86}}(?:==|%3[dD]%3[dD]){_RIGHT}")
_DI = re.compile(rf"{_LEFT}{_BASE64}{{64}}{_RIGHT}")
_CI_CONTEXT = Context(
    r"연계[ ]?정보|(?<![a-z])ci(?![a-z])|conn?info|connecting|본인[ ]?(?:확인|인증)|(?<![a-z])di(?![a-z])|중복[ ]?가입"
)
_DI_CONTEXT = Context(r"중복[ ]?가입|(?<![a-z])di(?![a-z])|dup_?info|연계[ ]?정보|본인[ ]?(?:확인|인증)")
_DIGEST = Context(r"sha|hash|digest|checksum|integrity|해시|서명|signature")


class CiDi:
    kind: ClassVar[str] = "CI_DI"
    patterns: ClassVar[tuple[str, ...]] = (f"(?:^|[^A-Za-z0-9+/]){_BASE64}{{64}}",)
    alphabet: ClassVar[frozenset[str]] = TOKEN
    raw: ClassVar[bool] = True
    most: ClassVar[float] = 0.98

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for shape, context in ((_CI, _CI_CONTEXT), (_DI, _DI_CONTEXT)):
            for match in shape.finditer(text, start, end):
                word = context.near(text, match.start(), match.end())
                if word and not _DIGEST.before(text, match.start(), 16):
                    why = ("format", f"context:{word}")
                    yield Finding(kind="CI_DI", start=match.start(), end=match.end(), score=0.98, why=why)
