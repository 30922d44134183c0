"""IP addresses, version 4 and 6; not the loopback, masks, networks or version numbers that look like them."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context
from hanbok.guard.recogniser import Finding

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4 = re.compile(
    rf"(?<![0-9A-Za-z.])(?<![0-9]-){_OCTET}(?:\.{_OCTET}){{3}}(?![0-9A-Za-z])(?!\.[0-9])(?!-[0-9])"
)
_V6 = re.compile(
    r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?<=:)[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?![0-9A-Za-z:])"
)
_CONTEXT = Context(
    r"\bip|아이피|주소|서버|접속|호스트|server|host|address|addr|client|ping|nameserver|route|port|ssh|src|dst|remote|peer|gateway|dns|로그인|log"
)
_VERSION = re.compile(
    r"(?:버전|버젼|판|펌웨어|빌드|릴리스|업데이트|"
    r"version|firmware|release|build|rev|ver|\bv)[.]?[ ]?(?:은|는|:|=)?[ ]{0,2}$",
    re.IGNORECASE,
)
_NETWORK = re.compile(r"/(?:[89]|[12][0-9]|3[01])(?![0-9])")
_LONG = len("10.20.30.4")
_MASKED = ("0.", "127.", "255.")


class Ip:
    kind: ClassVar[str] = "IP"
    patterns: ClassVar[tuple[str, ...]] = (
        r"(?:^|[^0-9.])[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        r"[0-9A-Fa-f]:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]",
        r"[0-9A-Fa-f]{2}::[0-9A-Fa-f]",
        r":[0-9A-Fa-f]{1,4}::",
    )
    alphabet: ClassVar[frozenset[str]] = frozenset("0123456789abcdefABCDEF.:")
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.96

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in _V4.finditer(text, start, end):
            score = _judge_v4(text, match)
            if score:
                yield Finding(kind="IP", start=match.start(), end=match.end(), score=score, why=("format",))
        for match in _V6.finditer(text, start, end):
            if _is_v6(match[0]):
                yield Finding(kind="IP", start=match.start(), end=match.end(), score=0.95, why=("format",))


def _judge_v4(text: str, match: re.Match[str]) -> float:
    address = match[0]
    word = _CONTEXT.near(text, match.start(), match.end())
    # Short ones are chapters and versions as often as addresses.
    if not word and len(address) < _LONG:
        return 0.0
    if address.startswith(_MASKED) or _VERSION.search(text, max(0, match.start() - 16), match.start()):
        return 0.0
    if address.endswith(".0") and _NETWORK.match(text, match.end()):
        return 0.0
    return 0.96 if word else 0.8


def _is_v6(address: str) -> bool:
    groups = [group for group in address.split(":") if group]
    if len(groups) < 3 and not (len(groups) == 2 and "::" in address and len(groups[0]) == 4):  # noqa: PLR2004 - fe80::1
        return False
    try:
        parsed = IPv6Address(address)
    except AddressValueError:
        return False
    return not (parsed.is_loopback or parsed.is_unspecified) and any(map(str.isdigit, address))
