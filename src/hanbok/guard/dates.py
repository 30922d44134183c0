"""Dates as people write them, and those that a row of somebody's data makes a birthday without saying so."""

import re
from datetime import date
from string import ascii_letters
from typing import Final

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = rf"(?i:(?:{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?)"
_SIGN = r"[ ]{0,2}[-./~_,][ ]{0,2}"
_MM, _DD = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12][0-9]|3[01])"
_READ = "일이삼사오육칠팔구"
DATE: Final = (
    r"(?<![0-9])(?<![0-9][-./,])(?:"
    rf"(?P<year>(?:18|19|20)[0-9]{{2}}|['’]?[0-9]{{2}})(?:{_SIGN}|[ ]?[년年][ ]{{0,2}}|[ ])"
    rf"(?:[음양]력[ ]?)?(?P<month>1[0-2]|0?[1-9])(?:{_SIGN}|[ ]?[월月][ ]{{0,2}}|[ ])"
    r"(?P<day>3[01]|[12][0-9]|0?[1-9])(?:[ ]?[일日]|\.(?![0-9]))?|"
    rf"(?P<whole>(?:(?:18|19|20)[0-9]{{2}}|[0-9]{{2}}){_MM}{_DD})|"
    rf"(?P<name1>{_MONTH_NAME})[ ](?P<day1>[0-9]{{1,2}})(?:st|nd|rd|th)?,?[ ](?P<year1>(?:19|20)[0-9]{{2}})|"
    rf"(?P<day2>[0-9]{{1,2}})(?:st|nd|rd|th)?[ -/.](?P<name2>{_MONTH_NAME}),?[ -/.](?P<year2>(?:19|20)[0-9]{{2}})|"
    r"(?P<first>[0-3]?[0-9])[-./](?P<second>[0-3]?[0-9])[-./](?P<year3>(?:19|20)[0-9]{2})|"
    rf"(?P<read>[공영{_READ}]{{6}}(?![가-힣]{{2}})|"
    rf"(?:천구백|이천)?(?:[{_READ}]?십[{_READ}]?|[공영{_READ}]{{1,4}})?년[ ]?"
    rf"(?:십[일이]?|[공영]?[{_READ}유시])월[ ]?(?:[이삼]?십[{_READ}]?|[공영]?[{_READ}])일))"
    r"(?![0-9])(?![-./](?![1-8](?:[^0-9]|$))[0-9])"
)
"""Groups say which of the forms it is; `is_date` tells whether there is such a day."""
HINT: Final = re.compile(rf"[0-9]{{2}}|[공영{_READ}]{{6}}|[십{_READ}유시]월")
"""What every match of `DATE` has some of, found many times faster: where it is not, no date need be looked for."""
WHOLE_HINT: Final = re.compile(rf"[0-9](?:[0-9]{{5}}|[ -/~_년年snrt])|[공영{_READ}]{{6}}|[십{_READ}유시]월")
"""What every match of `DATE` has some of as a whole: six digits, or one and what parts it from the next."""
_LONGEST: Final = 23
"""Characters that a match of `DATE` has at most."""
_LAST: Final = frozenset(f"0123456789일日.공영{_READ}")
"""What the last character of a match of `DATE` is one of."""
_LETTERS: Final = f"0123456789 -./~_,'’년年월月일日음양력공영천백십유시{_READ}{ascii_letters}"
"""All that a match of `DATE` is made of."""
_ENDS: Final = (
    ("whole", "whole"),
    ("name1", "year1"),
    ("day2", "year2"),
    ("first", "year3"),
    ("read", "read"),
)
"""First and last group of each form but the first."""
BEGIN: Final = re.compile(rf"[0-9]+|['’공영천십년{_READ}]|(?=(?i:{'|'.join(_MONTHS)})).")
"""Finds every place where a match of `DATE` could begin: one for a run of digits."""
_FAR_BACK, _BACK, _TOWN_BEFORE = 96, 56, 8
"""Characters that may stand before the word of birth: many only behind a town, 부산광역시 남구에서 태어났다."""
_TWO_SYLLABLES = ("출생", "태생", "태어")
_GAP, _LONGEST_GAP = " 에날", 5
"""What stands between a date and the word of birth, if no bracket and no town does, and one character more."""
_TOWN = re.compile("[울산구천주전시군도] $")
_CENTURY, _CALENDAR = 100, 2000
_LAST_YEAR = 2012
"""Who is younger seldom stands in a list; dates since then are of orders and visits."""

_ROW_DATE = (
    rf"(?:(?:19|20)?[0-9]{{2}}{_MM}{_DD}|(?:(?:19|20)?[0-9]{{2}})[-./] ?[0-1]?[0-9][-./] ?[0-3]?[0-9]\.?)"
)
_PERSONS = r"[^\x00-(*-EG-LN-~]"
"""A letter that is not ASCII, `)`, `F` or `M`: what stands before the gap, without naming every syllable."""
_YEAR = "(?:19[0-9]{2}|20(?:0[0-9]|1[0-2])|[0-9]{2})"
_TIGHT = rf"{_YEAR}(?:[-./][0-1]?[0-9][-./][0-3]?[0-9]|{_MM}{_DD})"
IN_ROW: Final = (
    rf"{_PERSONS}(?: ?[/|,;\t(] ?| ){_TIGHT}[^0-9]",
    rf"[MF남여]/[0-9]{{2}}, ?{_TIGHT}[^0-9]",
    rf"{_PERSONS} ?[(,] ?{_YEAR}[-./] [0-1]?[0-9][-./] [0-3]?[0-9][^0-9]",
    rf"[0-9]{{4}} ?[/|,;\t] ?{_YEAR}[-./][0-1]?[0-9][-./][0-3]?[0-9][^0-9]",
    rf"[\"'] ?[,:] ?[\"']{_TIGHT}[\"']",
)
"""Patterns that a scanner reads: a date behind what may be a name, a sex or a telephone number."""
BEFORE_SEX: Final = r"[0-9][\"'.,)]{0,2} ?[(/,|\t\"']{1,3} ?[\"']?[남여MF]"
"""Pattern that a scanner reads: what may be a date, and a sex behind it."""
_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마"
    "길연위표명기반라왕금옥육인맹제모탁국어은편용예경봉황남제선독사"
)
_NO_NAME = "회안법호령칙록관소식책집터청팀날일월년"
_LEFT = re.compile(
    rf"(?:(?<![가-힣])(?P<name>[{_SURNAMES}][가-힣]{{1,3}})(?:[ ]?(?:님|씨))?|"
    r"(?<![가-힣A-Za-z])(?P<sex>(?:남|여)[자성]?|[MF]|[0-9]{1,3}세)(?:/[0-9]{1,3})?[)]?|"
    r"(?P<phone>[0-9]{3,4}[-. ]?[0-9]{4}))"
    rf"(?P<gap>[\"']?[ ]?[/|,;\t(][ ]?[\"']?|[ ])(?P<date>{_ROW_DATE})$"
)
_RIGHT = re.compile(
    r"[)]?생?[\"']?[ ]{0,2}[/|,;\t)]?[ ]{0,2}[\"']?(?:"
    r"[(]?0(?:1[016789]|2|[3-6][0-9]|70|50[0-9]?)[-). ]?[0-9]{3,4}|[+]82|"
    r"[A-Za-z0-9._%+-]{2,40}@|[남여][자성]?(?![가-힣])|[MF](?![A-Za-z])|[0-9]{6}[- ][0-9*]{7})"
)
_SEX_BEHIND = re.compile(
    rf"(?<![0-9])(?<![0-9][-./])(?P<date>{_ROW_DATE})[\"')]?,? ?[(/,|\t\"']{{1,3}} ?[\"']?[남여MF]$"
)
_GOES_ON = re.compile("[자성]?[가-힣A-Za-z]")
_DAY_SIGN = re.compile(r"[ ]?[일日]|\.(?![0-9])")
_REACH, _LONGEST_LEFT, _LONGEST_WITH_SEX = 40, 9, 22
"""Characters looked at before a place; those of `_LEFT` before its gap at most; those of `_SEX_BEHIND` at most."""
_IN_ROW_DATE, _IN_GAP = "0123456789-./ ", "\"' /|,;\t("
_NUMBERS = re.compile("[0-9]+")


def is_date(match: re.Match[str]) -> bool:
    """Tell whether a match of `DATE` is a day that there is."""
    if match["day"]:
        return _exists(match["year"].lstrip("'’"), match["month"], match["day"])
    if match["read"]:
        return True
    if match["first"]:
        year, first, second = match["year3"], match["first"], match["second"]
        return _exists(year, second, first) or _exists(year, first, second)
    if whole := match["whole"]:
        return _exists(whole[:-4], whole[-4:-2], whole[-2:])
    name = match["name1"] or match["name2"]
    month = str(_MONTHS.index(name[:3].lower()) + 1)
    return _exists(match["year1"] or match["year2"], month, match["day1"] or match["day2"])


def span(match: re.Match[str]) -> tuple[int, int]:
    """Return where the date of a longer match begins and ends."""
    if match["day"]:
        end = match.end("day")
        tail = _DAY_SIGN.match(match.string, end)
        return match.start("year"), tail.end() if tail else end
    first, last = next(ends for ends in _ENDS if match.start(ends[0]) >= 0)
    return match.start(first), match.end(last)


def before_birth(text: str, at: int) -> tuple[int, int]:
    """Return the stretch that the date before a word of birth would begin in.

    Unless a town or a bracket stands between them, the date ends right before the word, give or take 에 and 날.
    """
    word = 2 if text.endswith(_TWO_SYLLABLES, 0, at) else 4 if text[at - 1] == "n" else 1
    before = text[max(0, at - word - _LONGEST_GAP) : at - word]
    date = before.rstrip(_GAP)
    if date.endswith(")") or before.endswith(("에서", "에서 ")) or _TOWN.search(before):
        return max(0, at - (_FAR_BACK if "에서" in text[max(0, at - _TOWN_BEFORE) : at] else _BACK)), at
    if not date or date[-1] not in _LAST:
        return at, at
    end = at - word - len(before) + len(date)
    since = max(0, end - _LONGEST - 1)
    return since + len(text[since:end].rstrip(_LETTERS)), end


def long_ago(match: re.Match[str]) -> bool:
    """Tell whether a match of `DATE` with a year in digits is of a year that a grown-up was born in."""
    year = match["year"] or match["year3"] or (match["whole"] or "")[:-4]
    return bool(year) and _year(year.lstrip("'’")) <= _LAST_YEAR


def ends_row_date(text: str, end: int) -> bool:
    """Tell whether a place is one that `IN_ROW` found: right behind the character that follows a date."""
    return end > 1 and text[end - 2].isdigit() and not text[end - 1].isdigit() and text[end - 1] not in "생生"


def stands_in_row(text: str, end: int) -> tuple[int, int] | None:
    """Return the span of a date that stands between a name, a sex, a telephone number, an address of mail."""
    since = max(0, end - _REACH)
    before = text[since : end - 1].rstrip(_IN_ROW_DATE).rstrip(_IN_GAP)
    since += max(0, len(before) - _LONGEST_LEFT)
    left = _LEFT.search(text, since, end - 1)
    if left is None:
        return None
    groups = _NUMBERS.findall(left["date"])
    bare = len(groups) == 1
    year, month, day = (groups[0][:-4], groups[0][-4:-2], groups[0][-2:]) if bare else groups
    if not _exists(year, month, day):
        return None
    born = _year(year)
    if left["name"]:
        right = _RIGHT.match(text, end - 1) is not None
        bracketed = left["gap"].strip() == "(" and text[end - 1] in "),"
        good = right if bare and len(year) < len("1990") else right and born <= _LAST_YEAR
        name = left["name"].rstrip("님씨")
        good |= bracketed and born <= _LAST_YEAR and len(name) == len("홍길동") and name[-1] not in _NO_NAME
    elif left["sex"]:
        good = born <= _LAST_YEAR and (left["gap"] != " " or not bare)
    else:
        good = born <= _LAST_YEAR and left["gap"] != " " and not bare
    return left.span("date") if good else None


def stands_before_sex(text: str, end: int) -> tuple[int, int] | None:
    """Return the span of a date that a sex follows, which ends at `end`."""
    match = _SEX_BEHIND.search(text, max(0, end - _LONGEST_WITH_SEX), end)
    if match is None or _GOES_ON.match(text, end):
        return None
    groups = _NUMBERS.findall(match["date"])
    year, month, day = (groups[0][:-4], groups[0][-4:-2], groups[0][-2:]) if len(groups) == 1 else groups
    return match.span("date") if _exists(year, month, day) and _year(year) <= _LAST_YEAR else None


def _year(written: str) -> int:
    year = int(written)
    if year >= _CENTURY:
        return year
    return year + _CALENDAR - (_CENTURY if year > date.today().year % _CENTURY else 0)  # noqa: DTZ011 - a year only


def _exists(year: str, month: str, day: str) -> bool:
    try:
        date(int(year) if len(year) > 2 else _CALENDAR + int(year), int(month), int(day))  # noqa: PLR2004 - '90
    except ValueError:
        return False
    return True
