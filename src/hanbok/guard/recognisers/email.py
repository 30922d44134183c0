"""E-mail addresses (RFC 5321 as people write them), also spelt out: 골뱅이, 점, (at), [dot]."""

import re
from collections.abc import Iterator
from string import ascii_letters, digits
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import ANCHOR

_LOCAL = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9_](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_+-])?\Z")
_IN_LOCAL = ascii_letters + digits + "._%+'-"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,24}}")
_REACH = 70
_FILE = re.compile(r"\.(?i:png|jpe?g|gif|svg|webp|pdf|js|css|py|ts|json|html?|md|txt)$")

_OPEN, _CLOSE = r"[(\[{<]", r"[)\]}>]"
_DOT = rf"(?:[ ]?\.[ ]?|[ ]?(?:점|닷|쩜|도트)[ ]?|[ ]?{_OPEN}[ ]?(?:(?i:dot)|점|닷|\.)[ ]?{_CLOSE}[ ]?|[ ](?i:dot)[ ])"
_TOP = (
    r"(?i:com|net|org|edu|gov|kr|co|go|or|ac|re|ne|pe|io|ai|dev|me|info|biz|app|jp|cn|us|uk|de|xyz|shop|site)"
)
_TOP_SAID = r"(?:컴|콤|넷|오알지|케이알|코|씨오)"
_SITE = r"(?:네이버|다음|한메일|지메일|쥐메일|구글|네이트|카카오|핫메일|야후|아웃룩|드림위즈|코리아|천리안)"
_SPELT_DOMAIN = re.compile(
    rf"[ ]{{0,2}}(?:(?:{_LABEL}|{_SITE}){_DOT}){{1,4}}(?:{_TOP}(?![A-Za-z0-9-])|{_TOP_SAID}(?:{_DOT}{_TOP_SAID})?)"
)
_SPELT_LOCAL = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z0-9_]"
    rf"(?:[A-Za-z0-9._%+-]|[ ]?(?:점|닷|언더바|하이픈|{_OPEN}(?i:dot){_CLOSE})[ ]?(?=[A-Za-z0-9])){{0,60}}[ ]{{0,2}}$"
)
_SIGN = re.compile(
    rf"(?:@|골뱅이|앳|{_OPEN}[ ]?(?:(?i:at)|골뱅이|@|앳)[ ]?{_CLOSE}|[ ](?P<word>(?i:at))[ ])$"
)


_SPACED_LOCAL = re.compile(r"(?<![A-Za-z0-9._-])[A-Za-z0-9](?: [A-Za-z0-9._-]){1,40} $")
_SPACED_DOMAIN = re.compile(
    r"(?: [A-Za-z0-9-]){2,40}(?: \.(?: [A-Za-z0-9-])+){0,3} \.(?: [A-Za-z]){2,6}(?![A-Za-z0-9])"
)


class Email:
    kind: ClassVar[str] = "EMAIL"
    patterns: ClassVar[tuple[str, ...]] = (
        "@",
        "골뱅이|앳",
        r"[(\[{<] ?(?:[aA][tT]|골뱅이|앳|@) ?[)\]}>]",
        r" [aA][tT] ",
    )
    alphabet: ClassVar[frozenset[str]] = ANCHOR
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.98

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        span = _plain(text, start) if text.endswith("@", 0, start) else None
        if span:
            yield Finding(kind="EMAIL", start=span[0], end=span[1], score=0.98, why=("format",))
        elif span := _spelt(text, end) or _spaced(text, end):
            yield Finding(kind="EMAIL", start=span[0], end=span[1], score=0.9, why=("spelt_out",))


def _plain(text: str, at: int) -> tuple[int, int] | None:
    domain = _DOMAIN.match(text, at)
    since = max(0, at - _REACH)
    since += len(text[since : at - 1].rstrip(_IN_LOCAL))
    local = _LOCAL.search(text, since, at - 1) if domain else None
    if local is None or domain is None or _FILE.search(domain[0]):
        return None
    if local[0] == "git" and text[domain.end() : domain.end() + 1] in {":", "/"}:  # git@host:path
        return None
    return local.start(), domain.end()


def _spelt(text: str, at: int) -> tuple[int, int] | None:
    domain = _SPELT_DOMAIN.match(text, at)
    sign = _SIGN.search(text, max(0, at - 6), at) if domain else None
    if sign is None or domain is None:
        return None
    if sign[0] == "@" and _DOMAIN.fullmatch(domain[0]):  # written plainly, and turned down
        return None
    # "look at example.com" is prose: a bare `at` needs its `dot` spelt out too.
    if sign["word"] and "." in domain[0]:
        return None
    local = _SPELT_LOCAL.search(text, max(0, sign.start() - _REACH), sign.start())
    return (local.start(), domain.end()) if local else None


def _spaced(text: str, at: int) -> tuple[int, int] | None:
    """H o n g @ e x a m p l e . c o m."""
    domain = _SPACED_DOMAIN.match(text, at) if text.endswith(" @", 0, at) else None
    local = _SPACED_LOCAL.search(text, max(0, at - 1 - _REACH), at - 1) if domain else None
    return (local.start(), domain.end()) if local and domain else None
