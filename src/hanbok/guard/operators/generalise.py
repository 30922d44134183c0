"""Says less precisely what a value says (범주화): `1990년대`, `서울특별시 강남구`, `203.0.113.0/24`."""

import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import ClassVar

from hanbok.guard.normalise import normalise
from hanbok.guard.operator import Setting, each, plain
from hanbok.guard.pseudonym import Edit
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import digits_of
from hanbok.hangul.checksum import birth_of

_YEAR = re.compile(r"(?:19|20)[0-9]{2}|(?<![0-9])[0-9]{2}(?=[^0-9]*[01]?[0-9][^0-9]*[0-3]?[0-9])")
_PROVINCE = re.compile(
    r"\S*(?:특별시|광역시|특별자치시|특별자치도|도)$|(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주)시?$"
)
_DISTRICT = re.compile(r"\S+[시군구]$")
_MOBILE = re.compile(r"(?:82)?0?1[016789]")


class Generalise:
    lifelike: ClassVar[bool] = False

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        return each(text, findings, self._broader)

    def _broader(self, kind: str, value: str) -> str:
        ladder = _LADDERS.get(kind)
        return (ladder(value) if ladder else "") or self._setting.label(kind)


def _birth(value: str) -> str:
    digits = digits_of(normalise(value).text)
    born = birth_of(digits[:7]) if len(digits) > 6 else None  # noqa: PLR2004 - six digits and the century
    return f"{_decade(born.year)}생" if born else ""


def _day(value: str) -> str:
    found = _YEAR.search(normalise(value).text)
    if not found:
        return ""
    year = int(found[0])
    century = 0 if year > 99 else 1900 if year > 30 else 2000  # noqa: PLR2004 - a year of two digits
    return _decade(year + century)


def _decade(year: int) -> str:
    return f"{year // 10 * 10}년대"


def _place(value: str) -> str:
    words = normalise(value).text.split()
    kept = [word for word in words[:1] if _PROVINCE.search(word)]
    for word in words[len(kept) : len(kept) + 2]:
        if not _DISTRICT.search(word):
            break
        kept.append(word)
    return " ".join(kept)


def _line(value: str) -> str:
    return "휴대전화번호" if _MOBILE.match(plain("PHONE", value)) else "전화번호"


def _network(value: str) -> str:
    try:
        address = ip_address(plain("IP", value))
    except ValueError:
        return ""
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))  # noqa: PLR2004 - IPv4


def _zone(value: str) -> str:
    digits = digits_of(normalise(value).text)
    return f"{digits[:2]}xxx" if digits else ""


_LADDERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "RRN": _birth,
        "FRN": _birth,
        "DOB": _day,
        "ADDRESS": _place,
        "PHONE": _line,
        "IP": _network,
        "POSTAL": _zone,
    }
)
