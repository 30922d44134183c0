"""Postal codes (우편번호): five digits since August 2015, six before; with a mark or beside an address."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import DIGITS

_LOWEST, _HIGHEST = 1000, 63644
_CODE = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][-.,/:])(?:[0-6][0-9]{4}|[0-9]{3}-[0-9]{3})(?![0-9A-Za-z])(?![-.,/:][0-9])"
)
_LABEL = re.compile(
    r"(?:우편[ ]?번호|우[ ]?편|\([ ]?우[ ]?\)|〔우〕|\[우\]|우[ ]?[):.]|(?<![가-힣])우|〒|"
    r"zip(?:[ _-]?code)?|postal(?:[ _-]?code)?|postcode|post[ ]?code)"
    r"[\"'`\])]{0,2}[ ]?(?:[은는이가]|[:=/]|→)?[\s\"'`(\[\x1e:]{0,4}$",
    re.IGNORECASE,
)
_HEADING = Context(r"우편|zip|postal|postcode")
_SIDO = (
    "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주|"
    "충청[남북]|전라[남북]|경상[남북]"
)
_BEFORE_ADDRESS = re.compile(rf"[)\]]?[ ,]{{0,2}}(?:{_SIDO})(?:특별|광역|자치|도|시|[ ])")
_ROAD = Context(r"[가-힣0-9](?:로|길|동|리|가)[ ]?[0-9]{1,4}|번지|[0-9]동|[0-9]호|[0-9]층")


class Postal:
    kind: ClassVar[str] = "POSTAL"
    patterns: ClassVar[tuple[str, ...]] = (
        "(?:^|[^0-9A-Za-z])[0-6][0-9]{4}(?:$|[^0-9A-Za-z])",
        "(?:^|[^0-9A-Za-z])[0-9]{3}-[0-9]{3}(?:$|[^0-9A-Za-z])",
    )
    alphabet: ClassVar[frozenset[str]] = DIGITS | {"-"}
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.9

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        match = _CODE.match(text, start)
        if match is None or match.end() != end:
            return
        why = _judge(text, start, end)
        if why:
            yield Finding(kind="POSTAL", start=start, end=end, score=0.9, why=(why,))


def _judge(text: str, start: int, end: int) -> str:
    new = end - start == 5  # noqa: PLR2004 - 12345, not 123-456
    if new and not _LOWEST <= int(text[start:end]) <= _HIGHEST:
        return ""
    if _LABEL.search(text, max(0, start - 24), start):
        return "context:우편번호"
    if _HEADING.over(text, start):
        return "heading"
    if not new:
        return ""
    if _BEFORE_ADDRESS.match(text, end):
        return "address"
    bracketed = text[start - 1 : start] in {"(", "["} and text[end : end + 1] in {")", "]"}
    return "address" if bracketed and _ROAD.before(text, start, 30) else ""
