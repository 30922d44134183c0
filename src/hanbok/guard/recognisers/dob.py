"""Dates of birth (생년월일): a real date that a word beside it, or the row it stands in, makes a birthday."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard import dates
from hanbok.guard.alone import find_alone
from hanbok.guard.dates import DATE, is_date, stands_in_row
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import ANCHOR, any_case
from hanbok.guard.table import cells_below

_FILLER = r"[^가-힣0-9A-Za-z]{0,12}"
_FORWARD = re.compile(
    r"(?:[ ]?(?:연|년)?[ ]?월[ ]?일|[ ]?일[자시]?|[ ]?날짜|[ _-]?(?i:date|day|ymd|dt|dy|dd))?"
    rf"(?:\([^)\n]{{1,14}}\))?(?:[은는이가란을]|이란|[ ]on|[ ]is)?{_FILLER}"
    rf"(?:(?:양력|음력|만|은|는|이|가|날짜|날은|일자|[앞뒤]자리|[68]자리|제|저는|요|아마|19|기준){_FILLER}){{0,2}}?"
    + DATE
)
_FULL = re.compile(r"(?:생 ?년 ?월 ?일|생년|(?i:birth[a-z_]*|dob|brth|brdt|bday))$")
_SAID = re.compile(r"[^0-9<?]{0,12}[?][^0-9<?]{0,10}?(?<![0-9A-Za-z])" + DATE)
"""Asked and answered: 생일 언제야? 1990년 1월 2일."""
_ANSWERED = re.compile(
    r"[^0-9\n]{1,24}[.?!~]?[ ]?\n[가-힣A-Za-z ]{1,8}[:：][ ]{0,2}(?:(?:네|예)[,.]?[ ])?" + DATE
)
"""Said on the next line by the other speaker."""
_STOP = (
    r"(?:예[):시]|개정|신설|삭제|시행|제정|전문|가입|등록일|입사|발급|만료|작성|접수|신청|계약|설립|기준|유효|날짜|일시|주문|결제|"
    r"사망|퇴사|수정|변경일|created|updated|date\b|<(?![/a-z])|\x1e|다\.)"
)
_FAR = re.compile(
    rf"(?:(?!{_STOP})[^0-9]){{0,36}}?(?:[68]자리[^0-9가-힣]{{0,4}})?(?<![0-9A-Za-z])"
    + DATE
    + "(?! ?(?:까지|부터|이후|이전|~))"
)
"""A full label may be answered a little further on: in the next cell, by the other speaker."""
_BACKWARD = re.compile(
    DATE
    + r"[ ]?(?:\([^)\n]{1,12}\)[ ]?)?(?:에[ ]?|날[ ]?|[ ]?(?:에[ ])?(?:(?:[가-힣]{2,5} ){0,2}[가-힣]{1,5}에서[ ]?)?|"
    r"[ ](?:서울|부산|대구|인천|광주|대전|울산|[가-힣]{1,3}[시군도])[ ]|"
    r"에?[ ](?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충[청북남]|전[라북남]|경[상북남]|제주)"
    r"[^\n?!;]{1,60}에서[ ](?=태어|출생))?(?P<word>생|生|출생|태생|태어|born)$"
)
_ANSWERS = re.compile(r"[:?=|>\n]")
_HEADING = re.compile(r"(?:생년|생 ?일|출생|(?i:birth|dob))$")
_DATE_ALONE = re.compile(DATE)
_AFTER_BIRTH = re.compile(
    r"(?![가-힣])|(?:으로|이[다고며에야라었]|인|의|일[ )]|입니다|은|을|남|여|년월일|자)"
)
_REGISTER = re.compile("신고|[률율]|통보|증명|아[동 ]|순")
_ASKED = ("생일", "태어", "생신")
_LABEL_REST = "년월일"
_AHEAD = 128
"""Characters behind a label within which any of its forms would have begun its date."""
_BORN = frozenset("생生어n")


class Dob:
    kind: ClassVar[str] = "DOB"
    patterns: ClassVar[tuple[str, ...]] = (
        "생년|생 년 월 일|생 ?일|생신|출생|탄생|태어|태생|난 ?날|앞 ?[68]? ?자리|生|"
        + any_case("birth|born|brth|brdt|bday|dob|d[.]o[.]b"),
        r"[0-9일日.)] ?생",
        r"[(/,|] ?[남여][자성]? ?[,/|]",
        dates.BEFORE_SEX,
        *dates.IN_ROW,
    )
    alphabet: ClassVar[frozenset[str]] = ANCHOR
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.9

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        if dates.ends_row_date(text, end):
            if span := stands_in_row(text, end):
                yield Finding(kind="DOB", start=span[0], end=span[1], score=0.8, why=("row",))
            return
        if text[end - 1] in "남여MF":
            if span := dates.stands_before_sex(text, end):
                yield Finding(kind="DOB", start=span[0], end=span[1], score=0.8, why=("row",))
            return
        after_date = text[end - 1] in _BORN
        label = not after_date or text.endswith(
            ("출생", "탄생", "태어", "태생", "born", "Born", "BORN"), 0, end
        )
        for match in (
            _after(text, start) if label else None,
            _before(text, end) if after_date else None,
        ):
            if match and is_date(match):
                begin, stop = dates.span(match)
                yield Finding(kind="DOB", start=begin, end=stop, score=0.9, why=("context",))
        if not _HEADING.search(text, max(0, end - 6), end):
            return
        for begin, stop in cells_below(text, end):
            match = _DATE_ALONE.match(text, begin, stop)
            if match and is_date(match):
                yield Finding(kind="DOB", start=begin, end=match.end(), score=0.9, why=("heading",))


def _after(text: str, at: int) -> re.Match[str] | None:
    if not dates.HINT.search(text, at, at + _AHEAD + 1):
        return None
    near = _FORWARD.match(text, at)
    if near:
        return near
    if _FULL.search(text, max(0, at - 8), at):
        far = _FAR.match(text, at) or _ANSWERED.match(text, at)
        answers = far and (dates.long_ago(far) or _ANSWERS.search(text, at, dates.span(far)[0]))
        return far if answers else None
    said = _SAID.match(text, at) if text.endswith(_ASKED, 0, at) else None
    return said if said and dates.long_ago(said) else None


def _before(text: str, at: int) -> re.Match[str] | None:
    word = text.startswith("생", at - 1) and not text.endswith(("출생", "태생"), 0, at)
    if _REGISTER.match(text, at) or (word and not _AFTER_BIRTH.match(text, at)):
        return None
    if text.startswith(_LABEL_REST, at) and _FORWARD.match(text, at + len(_LABEL_REST)):
        return None  # a label with its own date behind it does not speak of the one before
    since, until = dates.before_birth(text, at)
    match = None
    if dates.HINT.search(text, since, until) and dates.WHOLE_HINT.search(text, since, at):
        for begin in dates.BEGIN.finditer(text, since, until):
            if match := _BACKWARD.match(text, begin.start(), at):
                break
    if match is not None and match["word"] == "생" and not _AFTER_BIRTH.match(text, at):
        return None
    return match
