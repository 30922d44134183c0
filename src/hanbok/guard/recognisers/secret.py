"""Passwords, keys and tokens: by their prefix, or by the word that announces them."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard import announced
from hanbok.guard.alone import find_alone
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import ANCHOR

_T = r"[A-Za-z0-9_-]"
_TOKEN = re.compile(
    r"A(?:KIA|SIA|GPA|IDA|ROA)[A-Z0-9]{16}|"
    rf"gh[pousr]_[A-Za-z0-9]{{20,255}}|github_pat_{_T}{{22,255}}|glpat-{_T}{{16,64}}|"
    rf"sk-{_T}{{16,250}}|[spr]k_(?:live|test)_{_T}{{10,250}}|(?:live|test)_g?[sc]k_{_T}{{10,250}}|"
    rf"xox[abeoprs]-{_T}{{10,250}}|xapp-{_T}{{10,250}}|AIza{_T}{{30,40}}|ya29\.{_T}{{20,250}}|GOCSPX-{_T}{{20,64}}|"
    rf"eyJ{_T}{{6,4000}}\.{_T}{{8,4000}}\.{_T}{{8,4000}}|"
    rf"hf_[A-Za-z0-9]{{20,64}}|hb-{_T}{{20,128}}|npm_[A-Za-z0-9]{{30,64}}|pypi-{_T}{{50,250}}|"
    rf"SG\.{_T}{{16,32}}\.{_T}{{16,64}}|dop_v1_[a-f0-9]{{64}}|shp(?:at|ss|ca)_[a-fA-F0-9]{{32}}|"
    rf"flp_{_T}{{20,64}}|nv-{_T}{{20,64}}|gsk_{_T}{{20,64}}|r8_{_T}{{20,64}}"
)
_PREFIX = (
    r"AKIA|ASIA|AGPA|AIDA|AROA|gh[pousr]_|github_pat_|glpat-|sk-|[spr]k_live_|[spr]k_test_|live_g?[sc]k_|"
    r"test_g?[sc]k_|xox[abeoprs]-|xapp-|AIza|ya29\.|GOCSPX-|eyJ|hf_|hb-|npm_|pypi-|SG\.|dop_v1_|shpat_|shpss_|"
    r"shpca_|flp_|nv-|gsk_|r8_"
)
_AT_PREFIX = re.compile(f"(?<![A-Za-z0-9_])(?:{_PREFIX})$")
_LONGEST_PREFIX, _LONGEST_BLOCK = 11, 8000
_URL = re.compile(r"[^\s:/@\x1e]{0,64}:(?P<value>[^\s/@\x1e]{3,128})@(?=[A-Za-z0-9])")
_WORD = re.compile("[A-Za-z0-9]")


class Secret:
    kind: ClassVar[str] = "SECRET"
    patterns: ClassVar[tuple[str, ...]] = (
        f"(?:^|[^A-Za-z0-9_])(?:{_PREFIX})",
        "PRIVATE KEY",
        "://[^ :/@\u3000]{0,64}:",
        *announced.PATTERNS,
    )
    alphabet: ClassVar[frozenset[str]] = ANCHOR
    raw: ClassVar[bool] = True
    most: ClassVar[float] = 0.99

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        if span := _block(text, start) or _address(text, end) or _prefixed(text, end):
            yield Finding(kind="SECRET", start=span[0], end=span[1], score=0.99, why=("format",))
        elif span := announced.find(text, end):
            yield Finding(kind="SECRET", start=span[0], end=span[1], score=0.85, why=("context",))


def _block(text: str, at: int) -> tuple[int, int] | None:
    """Return the span of a private key in PEM, from its first line to its last."""
    if not text.endswith("PRIVATE KEY", 0, at):
        return None
    begin = text.rfind("-----BEGIN", max(0, at - 60), at)
    end = text.find("-----END", at, at + _LONGEST_BLOCK)
    close = text.find("-----", end + 8, end + 60)
    if begin < 0 or end < 0 or close < 0 or "\x1e" in text[at:end]:
        return None
    return begin, close + 5


def _address(text: str, at: int) -> tuple[int, int] | None:
    """Return the span of the password in `scheme://user:password@host`."""
    scheme = text.rfind("://", max(0, at - 70), at)
    match = _URL.match(text, scheme + 3) if scheme >= 0 and text[at - 1] == ":" else None
    return None if match is None or announced.is_placeholder(match["value"]) else match.span("value")


def _prefixed(text: str, at: int) -> tuple[int, int] | None:
    prefix = _AT_PREFIX.search(text, max(0, at - _LONGEST_PREFIX), at)
    match = _TOKEN.match(text, prefix.start()) if prefix else None
    if match is None or _WORD.match(text, match.end()):
        return None
    return match.span() if any(one.isdigit() or one.isupper() for one in match[0]) else None
