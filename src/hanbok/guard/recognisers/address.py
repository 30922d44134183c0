"""Postal addresses of Korea (도로명주소, 지번주소): a place counts only with a road, lot or unit number."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from hanbok.guard.names.places import ANCHOR, LONGEST_ANCHOR, NUMBER, SIGN, patterns
from hanbok.guard.recogniser import Finding

_BEFORE, _NEAR_BEFORE, _AFTER = 48, 22, 140
_LABEL: Final = re.compile(
    "(?:주소지?|배송지|거주지|소재지|등록기준지|본적|자택|사는 ?곳|살고 ?있는 ?곳|도로명|지번|받는 ?곳|보내실 ?곳|"
    "수령지|출발지|도착지|방문지|설치 ?장소|address|Address)[^\n\x1e]{0,14}$"
)
_SURE: Final = re.compile(
    "[0-9]{1,4}동 ?[0-9]{1,5}호|[0-9]번지|[동가리][)）]|번?길 ?[0-9]|대로 ?[0-9]|[읍면] ?[가-힣]{1,6}리 |우체국 ?사서함"
)
"""Signs that this can only be an address, without a province, a city or a label."""
_ROAD: Final = re.compile("([가-힣]{2,})[로길] ?[0-9]")
_NO_ROAD: Final = re.compile(
    "(?:통|경|선|등산|산책|진입|항|수|도|교차|진|난|원|활|미|폐|피|단|궤|순|행|판|근|골목|하굣|등굣|빗|눈|샛)$"
)
"""Words before 로 or 길 that make a way of a kind, not the name of a road (통로, 경로, 골목길)."""
_FINALS, _RIEUL = 28, 8
_DIGITS: Final = "0123456789"


class Address:
    """Finds addresses from the province (or the first part that is there) to the unit and the parenthesised 동."""

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the addresses in the text, from left to right."""
        if text.isascii() or not any(map(text.__contains__, _DIGITS)):
            return
        sign = SIGN.search(text)
        if sign is None:
            return
        done = tried = 0
        areas: list[int] | None = None
        for anchor in ANCHOR.finditer(text, max(0, sign.start() - LONGEST_ANCHOR)):
            at = anchor.start()
            if at < done or not NUMBER.match(text, anchor.end()):
                continue
            if areas is None:
                areas = [area.start() for area in patterns().area.finditer(text)]
            found = _in_area(text, anchor, done, areas) or _local(text, anchor, max(done, tried))
            if found:
                done = found.end
                yield found
            else:
                tried = at


def _in_area(text: str, anchor: re.Match[str], done: int, areas: list[int]) -> Finding | None:
    at = anchor.start()
    first = bisect_left(areas, max(done, at - _BEFORE))
    for area in areas[first : bisect_left(areas, at)]:
        full = patterns().full.match(text, area, anchor.end() + _AFTER)
        if full and at < full.end():
            return _finding(full, 0.95, "gazetteer")
    return None


def _local(text: str, anchor: re.Match[str], done: int) -> Finding | None:
    at = anchor.start()
    local = patterns().local.search(text, max(done, at - _NEAR_BEFORE), anchor.end() + _AFTER)
    if not local or not local.start() <= at < local.end():
        return None
    if _LABEL.search(text, max(0, local.start() - 30), local.start()):
        return _finding(local, 0.93, "context:주소")
    return _finding(local, 0.91, "format") if _stands_alone(local[0]) else None


def _finding(match: re.Match[str], score: float, why: str) -> Finding:
    return Finding(kind="ADDRESS", start=match.start(), end=match.end(), score=score, why=(why,))


def _stands_alone(found: str) -> bool:
    if _SURE.search(found):
        return True
    road = _ROAD.match(found)
    return road is not None and not _particle_possible(road[1]) and not _NO_ROAD.search(road[1])


def _particle_possible(stem: str) -> bool:
    """Tell whether a 로 behind this stem may be the particle: it is, after a vowel or ㄹ only."""
    return (ord(stem[-1]) - ord("가")) % _FINALS in {0, _RIEUL}
