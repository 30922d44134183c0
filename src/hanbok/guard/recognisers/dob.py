"""Dates of birth (생년월일): a real date that a word beside it makes a birthday."""

import re
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import ANCHOR, any_case
from hanbok.guard.table import cells_below

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = rf"(?i:(?:{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?)"
_SIGN = r"[ ]{0,2}[-./~_][ ]{0,2}"
_DATE = (
    r"(?<![0-9])(?<![0-9][-./,])(?:"
    rf"(?P<year>(?:18|19|20)[0-9]{{2}}|'?[0-9]{{2}})(?:{_SIGN}|[ ]?[년年][ ]{{0,2}}|[ ])"
    rf"(?P<month>1[0-2]|0?[1-9])(?:{_SIGN}|[ ]?[월月][ ]{{0,2}}|[ ])"
    r"(?P<day>3[01]|[12][0-9]|0?[1-9])(?:[ ]?[일日]|\.(?![0-9]))?|"
    r"(?P<whole>(?:(?:18|19|20)[0-9]{2}|[0-9]{2})(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))|"
    rf"(?P<name1>{_MONTH_NAME})[ ](?P<day1>[0-9]{{1,2}})(?:st|nd|rd|th)?,?[ ](?P<year1>(?:19|20)[0-9]{{2}})|"
    rf"(?P<day2>[0-9]{{1,2}})[ ](?P<name2>{_MONTH_NAME}),?[ ](?P<year2>(?:19|20)[0-9]{{2}}))"
    r"(?![0-9])(?![-./][0-9])"
)
_FILLER = r"[^가-힣0-9A-Za-z]{0,12}"
_FORWARD = re.compile(
    r"(?:[ ]?(?:연|년)?[ ]?월[ ]?일|[ ]?일자?|[ ]?날짜|[ _-]?(?i:date|day))?"
    rf"(?:\([^)\n]{{1,14}}\))?(?:[은는이가란]|이란|[ ]on|[ ]is)?{_FILLER}"
    rf"(?:(?:양력|음력|만|은|는|이|가|날짜|날은|일자|앞자리|제|저는|요|아마|19|기준){_FILLER}){{0,2}}?"
    + _DATE
)
_BACKWARD = re.compile(
    _DATE
    + r"[ ]?(?:\([^)\n]{1,12}\)[ ]?)?(?:에[ ]?|날[ ]?|[ ]?(?:서울|부산)?(?:에서)?[ ]?)?(?P<word>생|生|출생|태어|born)$"
)
_HEADING = re.compile(r"(?:생년|생 ?일|출생|(?i:birth|dob))$")
_DATE_ALONE = re.compile(_DATE)
_AFTER_BIRTH = re.compile(r"(?![가-힣])|(?:으로|이[다고며에야]|인|의|일[ )]|입니다|은|을|남|여|년월일|자)")
_REACH = 48
_BORN = frozenset("생生어n")


class Dob:
    kind: ClassVar[str] = "DOB"
    patterns: ClassVar[tuple[str, ...]] = (
        "생년|생 ?일|출생|태어|난 ?날|앞자리|生|" + any_case("birth|born|dob|d[.]o[.]b"),
        r"[0-9일日.)] ?생",
        r"[(/,|] ?[남여][자성]? ?[,/|]",
    )
    alphabet: ClassVar[frozenset[str]] = ANCHOR
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.95

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        after_date = text[end - 1] in _BORN
        label = not after_date or text.endswith(("출생", "태어", "born", "Born", "BORN"), 0, end)
        for match in (
            _FORWARD.match(text, start) if label else None,
            _before(text, end) if after_date else None,
        ):
            if match and _is_date(match):
                begin, stop = _span(match)
                yield Finding(kind="DOB", start=begin, end=stop, score=0.9, why=("context",))
        if not _HEADING.search(text, max(0, end - 6), end):
            return
        for begin, stop in cells_below(text, end):
            match = _DATE_ALONE.match(text, begin, stop)
            if match and _is_date(match):
                yield Finding(kind="DOB", start=begin, end=match.end(), score=0.9, why=("heading",))


def _before(text: str, at: int) -> re.Match[str] | None:
    match = _BACKWARD.search(text, max(0, at - _REACH), at)
    if match is None or (match["word"] == "생" and not _AFTER_BIRTH.match(text, at)):
        return None
    return match


def _span(match: re.Match[str]) -> tuple[int, int]:
    parts = [name for name, value in match.groupdict().items() if value is not None and name != "word"]
    start = min(map(match.start, parts))
    end = max(map(match.end, parts))
    tail = re.compile(r"[ ]?[일日]|\.(?![0-9])").match(match.string, end) if match["day"] else None
    return start, tail.end() if tail else end


def _is_date(match: re.Match[str]) -> bool:
    if whole := match["whole"]:
        year, month, day = whole[:-4], whole[-4:-2], whole[-2:]
    elif match["day"]:
        year, month, day = match["year"].lstrip("'"), match["month"], match["day"]
    else:
        name = match["name1"] or match["name2"]
        year, month = match["year1"] or match["year2"], str(_MONTHS.index(name[:3].lower()) + 1)
        day = match["day1"] or match["day2"]
    try:
        date(int(year) if len(year) > 2 else 2000 + int(year), int(month), int(day))  # noqa: PLR2004 - '90
    except ValueError:
        return False
    return True
