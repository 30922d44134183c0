"""Postal addresses of Korea (도로명주소, 지번주소): a place counts only with a road, lot or unit number."""

import re
from collections.abc import Iterator

from hanbok.guard.names.places import ANCHOR, FULL, LOCAL
from hanbok.guard.recogniser import Finding

_BEFORE = 48
_AFTER = 140
_LABEL = re.compile(
    r"(?:주소지?|배송지|거주지|소재지|등록기준지|본적|자택|사는 ?곳|살고 ?있는 ?곳|도로명|지번|받는 ?곳|보내실 ?곳|수령지|"
    r"출발지|도착지|방문지|설치 ?장소|address|Address)[^\n\x1e]{0,14}$"
)
_UNIT = re.compile(r"[0-9]{1,4}동 ?[0-9]{1,5}호|[0-9]번지|[동가리][)）]|번?길 ?[0-9]|대로 ?[0-9]")
_CLEARLY_ROAD = re.compile(r"[가-힣]+(로|길)")


def _particle_possible(word: str) -> bool:
    """Tell whether the last syllable of `…로` may be the particle 로: after a vowel or ㄹ only."""
    stem = word[-2:-1]
    return not stem or not "가" <= stem <= "힣" or (ord(stem) - 0xAC00) % 28 in {0, 8}


class Address:
    """Finds addresses from the province (or the first part that is there) to the unit and the parenthesised 동."""

    def find(self, text: str) -> Iterator[Finding]:
        done = 0
        for anchor in ANCHOR.finditer(text):
            at = anchor.start()
            if at < done:
                continue
            low = max(done, at - _BEFORE)
            high = anchor.end() + _AFTER
            full = FULL.search(text, low, high)
            if full and full.start() <= at < full.end():
                done = full.end()
                yield _finding(full, 0.95, "gazetteer")
                continue
            local = LOCAL.search(text, max(done, at - 22), high)
            if not local or not local.start() <= at < local.end():
                continue
            if _LABEL.search(text, max(0, local.start() - 30), local.start()):
                done = local.end()
                yield _finding(local, 0.85, "context:주소")
            elif _stands_alone(local[0]):
                done = local.end()
                yield _finding(local, 0.7, "format")


def _finding(match: re.Match[str], score: float, why: str) -> Finding:
    return Finding(kind="ADDRESS", start=match.start(), end=match.end(), score=score, why=(why,))


def _stands_alone(found: str) -> bool:
    """Tell whether this can only be an address, without a province, a city or a label."""
    if not _UNIT.search(found):
        return False
    road = _CLEARLY_ROAD.match(found)
    return road is None or len(road[0]) > 2 and not _particle_possible(road[0])
