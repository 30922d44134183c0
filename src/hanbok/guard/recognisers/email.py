"""E-mail addresses (RFC 5321 as people write them)."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import ANCHOR

_LOCAL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_+-])?$")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}")
_LONGEST_LOCAL = 64


class Email:
    kind: ClassVar[str] = "EMAIL"
    patterns: ClassVar[tuple[str, ...]] = ("@",)
    alphabet: ClassVar[frozenset[str]] = ANCHOR
    raw: ClassVar[bool] = False

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        at = end - 1
        local = _LOCAL.search(text[max(start - _LONGEST_LOCAL - 1, 0) : at])
        domain = _DOMAIN.match(text, end)
        if local and domain:
            yield Finding(
                kind="EMAIL", start=at - len(local[0]), end=domain.end(), score=0.98, why=("format",)
            )
