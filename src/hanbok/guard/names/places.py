"""What a Korean address is written with: provinces, cities, roads, lots, buildings and units, as patterns.

A road address (도로명주소) is province, city, [읍면,] road, number [, unit] [(동)]; a lot address (지번주소) ends in
읍면동 [리] [산] number. `places.tsv` lists every province and city as of 2026; 읍, 면, 동, 리 and roads follow
from their endings.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

GAP = r"[ \t\xa0\u3000]{0,3}"
"""What may stand between two parts of an address: never a line break or a cell boundary."""


def _spaced(name: str) -> str:
    """Return a pattern for this name that tolerates a blank before its last kind word (`서울 특별시`)."""
    for kind in ("특별자치시", "특별자치도", "특별시", "광역시"):
        if name.endswith(kind):
            return f"{name.removesuffix(kind)} ?{kind}"
    return name


def _gazetteer() -> tuple[str, str]:
    provinces: set[str] = set()
    cities: set[str] = set()
    for line in (files("hanbok.guard.names") / "places.tsv").read_text(encoding="utf-8").splitlines():
        names, _, inside = line.partition("\t")
        provinces.update(names.split("|"))
        cities.update(inside.split())
    spaced = [f"{name[:-1]} ?{name[-1]}" for name in cities]
    short = [f"{name[:-1]}(?=[ \t\xa0\u3000])" for name in cities if name[-1] in "시군" and name[2:]]
    return _any(_spaced(name) for name in provinces), _any(spaced + short)


def _any(patterns: Iterable[str]) -> str:
    """Return one pattern for all, the longest first, that fails at once on a first letter of none of them."""
    by_first: dict[str, list[str]] = {}
    for pattern in sorted(patterns, key=lambda one: (-len(one), one)):
        by_first.setdefault(pattern[0], []).append(pattern[1:])
    branches = "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in by_first.items())
    return f"(?=[{''.join(by_first)}])(?:{branches})"


PROVINCE, CITY = _gazetteer()
_NOT_INSIDE = "(?<![가-힣A-Za-z0-9])"
_STEP = rf",?{GAP}"
_AREA = (
    rf"(?:(?P<province>(?:대한민국{GAP})?(?:{PROVINCE}){_STEP})|)(?P<city>(?:{CITY}){_STEP}){{0,2}}"
    "(?(province)|(?(city)|(?!)))"
)
"""A province with up to two cities, or one or two cities: names stand in it once, since they take long to compile."""
_TOWN = rf"(?:[가-힣]{{1,6}}[0-9]?[읍면]{GAP})"
_QUARTER = rf"(?:[가-힣]{{1,6}}(?:제?[0-9]{{1,2}}(?:[·.][0-9])?)?(?:동|가|리){GAP})"
_DASH = "[-‐-―−~]"
_SERIAL = rf"[0-9]{{1,5}}(?: ?{_DASH} ?[0-9]{{1,5}}|의 ?[0-9]{{1,4}})?(?![0-9])"
_MEASURES = "퍼센트|프로|kg|km|cm|mm|미터|킬로"
_COUNTED = (
    "명|개|박|원|년|월|일(?!대|원)|시|분|초|회|번(?!지|길)|차|배|대(?!지|로)|건|점(?!포)|위(?!치)|등|권|편|장|마리|세|살|만|천|억|조|"
    "인(?!근)|항|호선|호기|여|층짜리|가지|단계|단지|주년|주일|주간|군데|종"
)
_COUNTER = (
    rf"(?![.,:][0-9])(?!{_COUNTED}|{_MEASURES}|[mMgG](?![a-zA-Z])|[%℃°])"
    rf"(?! (?:명|개|원|회|가지|{_MEASURES}|m|%)(?![가-힣A-Za-z]))"
)
"""After the number of an address there is no word that counts things (`서울로 10명`)."""
_LANE = rf"(?:{GAP}[0-9]{{1,4}}(?:번|[가-하])?길)?"
_NO_ROAD = "(?!(?:[시도군구으]|특별시|광역시)로)"
_NAME = rf"{_NO_ROAD}[가-힣][가-힣A-Za-z0-9·.]{{0,13}}?"
ROAD = rf"{_NAME}{GAP}(?:로|길)(?![가-힣]){_LANE}{GAP},?(?:지하 ?)?{_SERIAL}(?:번지?|호)?"
LOT = rf"{_QUARTER}{{1,2}}(?:산 ?)?{_SERIAL}(?: ?번지(?: ?{_SERIAL}호)?)?"
BOX = r"[가-힣]{2,8}우체국 ?사서함 ?제?[0-9]{1,5}(?:-[0-9]{1,5})?호?"

_HOUSE = "(?:제?[0-9]{1,4}|[A-Za-z가나다라마바사아자차카타파하])동(?![가-힣0-9]{2})"
_ROOM = "(?:제? ?[0-9]{1,5}|B[0-9]{1,4}|[A-Z]-?[0-9]{1,4})(?:-[0-9]{1,4})?호(?!선|기|차|봉|관|실적)"
_FLOOR = "(?:지하|지상|제|B)? ?[0-9]{1,3} ?층"
_HOUSE_AND_ROOM = rf"[1-9][0-9]{{0,3}} ?[-‐-―−/] ?[1-9][0-9]{{1,4}}(?![0-9]|{_DASH})"
_UNIT = rf"(?:{_HOUSE}|{_ROOM}|{_FLOOR}|{_HOUSE_AND_ROOM})"
_BUILDING_END = (
    "아파트|APT|apt|빌딩|타워|빌라|오피스텔|맨션|하이츠|팰리스|캐슬|자이|래미안|푸르지오|힐스테이트|아이파크|e편한세상|더샵|센터|"
    "프라자|플라자|상가|주택|연립|빌|파크|타운|마을|단지|회관|원룸|고시원|하우스|스퀘어|시티|뷰|스위트|에비뉴|스테이|호텔|병원|"
    "학교|대학교|은행|본사|사옥|공장|창고|관"
)
_LETTERS = "[가-힣A-Za-z0-9·&]"
_PAIR = "[1-9][0-9]{2,3}-[1-9][0-9]{2,3}(?![-0-9])"
_UNIT_AHEAD = rf"(?={_STEP}(?:제?[0-9]{{1,4}}동|[0-9]{{1,5}}호|(?:지하 ?)?[0-9]{{1,3}}층|{_PAIR}))"
_OTHER_FACT = "전화|연락|우편|휴대|핸드폰"
_BUILDING = (
    rf"(?<=[, \t\xa0\u3000])(?:{_LETTERS}{{0,14}}(?:{_BUILDING_END})(?![가-힣A-Za-z])"
    rf"(?: ?[0-9]{{1,2}}(?:단지|차)| ?[A-Z가나다](?:동|관))?|(?!{_OTHER_FACT}){_LETTERS}{{2,14}}{_UNIT_AHEAD})"
)
_PAREN = (
    rf"[(（]{GAP}[가-힣0-9]{{1,8}}(?:동|가|리|읍|면)[0-9]?(?:,?{GAP}[가-힣A-Za-z0-9 ·&-]{{1,24}})?{GAP}[)）]"
)
DETAIL = rf"(?:{_STEP}(?:{_UNIT}|{_PAREN}|{_BUILDING})){{0,7}}"

ANCHOR = re.compile(
    r"[로길동리가읍면][ \xa0\u3000]{0,2}(?:산 ?|지하 ?|,)?(?=[0-9])|(?<=[0-9])동 ?(?=[0-9]{1,5}호)|사서함 ?(?=제?[0-9])"
)
"""Cheap sign that an address may be near: everything else is tried around it."""
SIGN = re.compile(
    "[0-9](?:(?<=[로길동리가읍면산하함제,][0-9])|(?<=[로길동리가읍면산하함,][ \xa0\u3000][0-9])|"
    "(?<=[로길동리가읍면][ \xa0\u3000]{2}[0-9]))"
)
"""A digit that an anchor may stand before: most texts have none, and a digit is found at once."""
LONGEST_ANCHOR = 8
NUMBER = re.compile(rf"제?[0-9]{{1,5}}(?![0-9]){_COUNTER}")
"""The number behind an anchor, if it does not count things."""


class Patterns(NamedTuple):
    """What takes long to compile."""

    area: re.Pattern[str]
    """A province or city, alone or in a row."""
    full: re.Pattern[str]
    """An address that names its province or city."""
    local: re.Pattern[str]
    """An address that starts at a town, road or lot: needs more evidence."""


@cache
def patterns() -> Patterns:
    """Compile them, once, when the first text needs them: most texts hold no number of a house."""
    return Patterns(
        re.compile(_NOT_INSIDE + _AREA),
        re.compile(
            rf"{_NOT_INSIDE}{_AREA}{_TOWN}?{_QUARTER}?(?:{BOX}|(?:{LOT}|{ROAD}){_COUNTER}"
            rf"|(?:{_LETTERS}{{2,14}}{GAP}){{0,2}}?[0-9]{{1,4}}동 ?[0-9]{{1,5}}호){DETAIL}"
        ),
        re.compile(rf"{_NOT_INSIDE}(?:{BOX}|{_TOWN}?(?:{LOT}|{ROAD}){_COUNTER}){DETAIL}"),
    )
