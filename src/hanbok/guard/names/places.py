"""What a Korean address is written with: provinces, cities, roads, lots, buildings and units, as patterns.

A road address (도로명주소) is province, city, [읍면,] road, number [, unit] [(동)]; a lot address (지번주소) ends in
읍면동 [리] [산] number. `places.tsv` lists every province and city as of 2026; 읍, 면, 동, 리 and roads follow
from their endings.
"""

import re
from collections.abc import Iterable
from importlib.resources import files

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
    for line in (files(__package__) / "places.tsv").read_text(encoding="utf-8").splitlines():
        names, _, inside = line.partition("\t")
        provinces.update(names.split("|"))
        cities.update(inside.split())
    spaced = [f"{name[:-1]} ?{name[-1]}" for name in cities]
    short = [f"{name[:-1]}(?=[ \t])" for name in cities if name[-1] in "시군" and name[2:]]
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
_AREA = rf"(?:(?:대한민국{GAP})?(?:{PROVINCE})[,]?{GAP}(?:(?:{CITY})[,]?{GAP}){{0,2}}|(?:(?:{CITY})[,]?{GAP}){{1,2}})"
_TOWN = rf"(?:[가-힣]{{1,6}}[0-9]?[읍면]{GAP})"
_QUARTER = rf"(?:[가-힣]{{1,6}}(?:제?[0-9]{{1,2}}(?:[·.][0-9])?)?(?:동|가|리){GAP})"
_SERIAL = r"[0-9]{1,5}(?: ?[-‐-―−~] ?[0-9]{1,5}|의 ?[0-9]{1,4})?(?![0-9])"
_COUNTER = (
    r"(?![.,:][0-9])(?! ?(?:명|개|원|년|월|일|시|분|초|회|번(?!지|길)|차|배|대|건|점|위|등|권|편|장|마리|세|살|만|천|억|조|인|"
    r"항|호선|호기|퍼센트|프로|여|kg|km|cm|mm|[mMgG](?![a-zA-Z])|[%℃°]|미터|킬로|층짜리|가지|단계|단지|주년|주일|주간|개월|군데|종))"
)
_LANE = rf"(?:{GAP}[0-9]{{1,4}}(?:번|[가-하])?길)?"
ROAD = rf"[가-힣A-Za-z0-9·.]{{1,14}}?{GAP}(?:로|길)(?![가-힣]){_LANE}{GAP},?(?:지하 ?)?{_SERIAL}(?:번지?|호)?"
LOT = rf"{_QUARTER}{{1,2}}(?:산 ?)?{_SERIAL}(?: ?번지(?: ?{_SERIAL}호)?)?"
BOX = r"[가-힣]{2,8}우체국 ?사서함 ?제?[0-9]{1,5}(?:-[0-9]{1,5})?호?"

_UNIT = (
    r"(?:(?:제?[0-9]{1,4}|[A-Za-z가나다라마바사아자차카타파하])동(?![가-힣0-9]{2})"
    r"|(?:제? ?[0-9]{1,5}|B[0-9]{1,4}|[A-Z]-?[0-9]{1,4})(?:-[0-9]{1,4})?호(?!선|기|차|봉|실적)"
    r"|(?:지하|지상|제|B)? ?[0-9]{1,3} ?층(?:짜리)?"
    r"|[0-9]{1,4} ?[-‐-―−/] ?[0-9]{2,5}(?![0-9-]))"
)
_BUILDING_END = (
    r"아파트|APT|apt|빌딩|타워|빌라|오피스텔|맨션|하이츠|팰리스|캐슬|자이|래미안|푸르지오|힐스테이트|아이파크|e편한세상|더샵|"
    r"센터|프라자|플라자|상가|주택|연립|빌|파크|타운|마을|단지|회관|원룸|고시원|하우스|스퀘어|시티|뷰|스위트|에비뉴|스테이|호텔|병원|"
    r"학교|대학교|은행|본사|사옥|공장|창고|관"
)
_BUILDING = (
    rf"(?:[가-힣A-Za-z0-9·&]{{0,14}}(?:{_BUILDING_END})(?![가-힣A-Za-z])(?: ?[0-9]{{1,2}}(?:단지|차)| ?[A-Z가나다](?:동|관))?"
    rf"|[가-힣A-Za-z0-9·&]{{2,14}}(?={GAP},?{GAP}(?:제?[0-9]{{1,4}}동|[0-9]{{1,5}}호|(?:지하 ?)?[0-9]{{1,3}}층|[0-9]{{3,4}}-[0-9]{{3,4}})))"
)
_PAREN = (
    rf"[(（]{GAP}[가-힣0-9]{{1,8}}(?:동|가|리|읍|면)[0-9]?(?:,{GAP}[가-힣A-Za-z0-9 ·&-]{{1,24}})?{GAP}[)）]"
)
DETAIL = rf"(?:,?{GAP}(?:{_UNIT}|{_PAREN}|{_BUILDING})){{0,7}}"

ANCHOR = re.compile(
    r"(?:[로길동리가읍면] {0,2}(?:산 ?|지하 ?|,)?(?=[0-9])|(?<=[0-9])동 ?(?=[0-9]{1,5}호)|사서함 ?(?=제?[0-9]))"
)
"""Cheap sign that an address may be near: everything else is tried around it."""
FULL = re.compile(
    rf"{_NOT_INSIDE}{_AREA}{_TOWN}?{_QUARTER}?(?:{BOX}|(?:{LOT}|{ROAD}){_COUNTER}"
    rf"|(?:[가-힣A-Za-z0-9·&]{{2,14}}{GAP}){{0,2}}?[0-9]{{1,4}}동 ?[0-9]{{1,5}}호){DETAIL}"
)
"""An address that names its province or city."""
LOCAL = re.compile(rf"{_NOT_INSIDE}(?:{BOX}|{_TOWN}?(?:{LOT}|{ROAD}){_COUNTER}){DETAIL}")
"""An address that starts at a town, road or lot: needs more evidence."""
