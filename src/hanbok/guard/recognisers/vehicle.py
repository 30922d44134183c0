"""Registration plates of cars (자동차등록번호): 자동차등록번호판 등의 기준에 관한 고시."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context, labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import DIGITS

_LETTER = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자하허호배"
_LETTERS = frozenset(_LETTER)
_REGION = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE = re.compile(
    rf"(?<![0-9])(?<![0-9][-.,/])(?P<region>(?:{_REGION})[ ]?)?"
    rf"(?P<head>[0-9]{{1,3}})(?P<gap>[ -]?)(?P<letter>[{_LETTER}])"
    r"(?P<space>[ .-]{0,2})[0-9]{4}(?![0-9A-Za-z])(?![-.,/][0-9])"
)
_SPACED = re.compile(
    rf"(?<![0-9])(?<![0-9] )[0-9](?: [0-9]){{1,2}} [{_LETTER}](?: [0-9]){{4}}(?![0-9])(?! [0-9])"
)
_DIPLOMAT = re.compile(r"(?:외교|영사|준외|준영|국기|협정|대표)[ ]?[0-9]{3}[- ]?[0-9]{3}(?![0-9])")
_BY_LAST_DIGITS = {4: _PLATE, 1: _SPACED, 3: _DIPLOMAT, 6: _DIPLOMAT}
"""Shapes by how many digits a plate ends in."""
_CONTEXT = Context(
    r"차량|자동차|번호판|차번호|주차|차주|운행|렌트|렌터카|승용차|승합|화물차|트럭|택시|버스|차종|탑차|견인|단속|과태료|"
    r"블랙박스|세차|정비|중고차|차는|차가|\b차\b|차를|차[ ]?번호|입차|출차|배차|카니발|소나타|쏘나타|그랜저|아반떼|"
    r"쏘렌토|싼타페|모닝|스파크|포터|봉고|제네시스|테슬라|vehicle|plate|\bcar\b|car_?no|parking"
)
_REACH = 20
_COURT = re.compile(r"(?:법원|판결|선고|사건|재판|판례|결정|심판)[^\n]{0,20}$")
_UNIT = re.compile(r"[ ]?(?:[원명개억만천년월일%건회점권위호동층주대톤평]|미터|k?m|kg|번지|세대|가구|마리)")
_MONEY = re.compile("[ ]?(?:[원억만천])")
"""What makes 536조 9503 a sum."""
_PLAIN = frozenset("가나다라마거너더러머버서어저고노로모보오누두루무부우바아허")
"""Letters that are no unit or counter after a number."""


class Vehicle:
    kind: ClassVar[str] = "VEHICLE"
    patterns: ClassVar[tuple[str, ...]] = (
        r"[0-9][ -]?[가-힣][ .-]{0,2}[0-9]{4}",
        rf"[0-9] [{_LETTER}] [0-9] [0-9] [0-9] [0-9]",
        r"(?:외교|영사|준외|준영|국기|협정|대표)[ ]?[0-9]{3}[- ]?[0-9]{3}",
    )
    alphabet: ClassVar[frozenset[str]] = DIGITS
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.96

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        shape = _BY_LAST_DIGITS.get(end - start)
        if shape is None:
            return
        if shape is _PLATE and text[max(0, start - 3) : start].rstrip(" .-")[-1:] not in _LETTERS:
            return
        for match in shape.finditer(text, max(0, start - _REACH), min(end + 1, len(text))):
            if match.end() != end:
                continue
            score, why = _judge(text, match)
            if score:
                yield Finding(kind="VEHICLE", start=match.start(), end=end, score=score, why=why)


def _judge(text: str, match: re.Match[str]) -> tuple[float, tuple[str, ...]]:
    if _COURT.search(text, max(0, match.start() - 30), match.start()):
        return 0.0, ()
    if match.groupdict().get("letter") == "조" and _MONEY.match(text, match.end()):
        return 0.0, ()
    if match.groupdict().get("region") or _stands_alone(text, match):
        return 0.92, ("format",)
    word = _CONTEXT.near(text, match.start(), match.end())
    return (0.96, (f"context:{word}",)) if word else (0.0, ())


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """Tell whether it can be nothing but a plate: no diplomat's word, no number with a counter."""
    parts = match.groupdict()
    if len(parts.get("head", "")) < 2 or parts["gap"] or labelled_harmless(text, match.start()):  # noqa: PLR2004 - 12가
        return False
    tight, plain = not parts["space"], parts["letter"] in _PLAIN
    counted = _UNIT.match(text, match.end()) is not None
    return (tight and plain) or (not counted and (tight or plain))
