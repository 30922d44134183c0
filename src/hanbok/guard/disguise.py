"""Disguises that only a whole run of characters gives away: read aloud, look-alike letters, spaced out, broken."""

import re
from collections import Counter
from collections.abc import Sequence

from hanbok.guard.align import Rewrite
from hanbok.hangul.checksum import brn_check_digit, luhn_holds
from hanbok.hangul.numerals import HANGUL, HANJA

_READ = {**HANGUL, **HANJA}
_SHORTEST, _LONGEST, _LABEL = 7, 20, 14
_PLAIN_DIGITS = frozenset("0123456789")
_AREA = r"(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50[2-8])"
_OFFICE = r"1(?:5(?:22|33|44|66|77|88|99)|6(?:00|11|33|44|55|60|61|66|68|70|77|88|99)|8(?:00|11|33|44|55|66|77|88|99))"
_J = r"[-. ]{0,3}"
_WHOLE = re.compile(
    rf"01[016789]{_J}[0-9]{{3,4}}{_J}[0-9]{{4}}|0{_AREA}{_J}[0-9]{{3,4}}{_J}[0-9]{{4}}|{_OFFICE}{_J}[0-9]{{4}}|[1-9]-?[0-9]{{10}}|"
    r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    rf"{_J}[0-9]{{7}}|[0-9]{{4}}{_J}[0-9]{{4}}{_J}[0-9]{{4}}{_J}[0-9]{{4}}|"
    rf"[0-9]{{6}}-[0-9]{{7}}|[1-9][0-9]{{2}}{_J}[0-9]{{2}}{_J}[0-9]{{5}}|(?:1[1-9]|2[0-6]|28){_J}[0-9]{{2}}{_J}[0-9]{{6}}{_J}[0-9]{{2}}"
)
"""The identifiers that are read aloud or broken over lines, as digits and separators."""


def _spoken(match: re.Match[str]) -> Sequence[str] | None:
    """공일공에 일이삼사 다시 오육칠팔이요 -> 010-1234-5678이요: a particle at the end is not a digit."""
    run = match[0]
    if run.isascii():
        return None
    tail_of_word = match.start() > 0 and "가" <= match.string[match.start() - 1] <= "힣"
    before = (_TAIL_OF_WORD if tail_of_word else _LONE_BEFORE).match(run)
    after = _LONE_AFTER.search(run)
    first, last = before.end() if before else 0, after.start() if after else len(run)
    copula = run.endswith("이") and match.string[match.end() : match.end() + 1] in _COPULA
    coded = match.start() > 0 and match.string[match.start() - 1] in "Pp"
    cuts = _UNCUT if coded else _COPULA_CUTS if copula and not after else _CUTS
    read = _read(run[first:last], cuts)
    return None if read is None else [*run[:first], *read, *run[last:]]


def _read(run: str, cuts: Sequence[tuple[int, int]]) -> Sequence[str] | None:
    digits = sum(one in _READ or one in _PLAIN_DIGITS for one in run)
    if not _SHORTEST <= digits <= _LONGEST or _PLATE.fullmatch(run):
        return None
    pieces = ["-" if one in "에다대" else " " if one == "시" else _READ.get(one, one) for one in run]
    written = "".join(pieces)
    singles = all(len(one) == 1 for one in _GAPS.split(written.strip(_SEPARATORS)))
    for head, tail in cuts:
        stop = len(run) - tail
        if any(one not in HANGUL for one in run[:head] + run[stop:]):
            continue
        if _is_whole(_GAPS.sub("" if singles else "-", written[head:stop].strip(_SEPARATORS))):
            return [*run[:head], *pieces[head:stop], *run[stop:]]
    return pieces if any(one in _READ for one in run[:-1]) else None


def _dotted(match: re.Match[str]) -> Sequence[str] | None:
    """192점168[.]0 . 1 -> 192.168.0.1."""
    if _PLAIN_POINTS.fullmatch(match[0]):
        return None
    digits, points = _NUMBERS.findall(match[0]), _NUMBERS.split(match[0])[1:-1]
    pieces: list[str] = list(digits[0])
    for point, number in zip(points, digits[1:], strict=True):
        pieces += [".", *[""] * (len(point) - 1), *number]
    return [_READ.get(one, one) for one in pieces]


def _alike(match: re.Match[str]) -> Sequence[str] | None:
    """O1O-l234-5678 -> 010-1234-5678, where at least as many are true digits as are letters."""
    run = match[0]
    letters = sum(map(run.count, _ALIKE))
    if not letters:
        return None
    digits = sum(map(str.isdigit, run))
    before = match.string[max(0, match.start() - 1) : match.start()]
    passport = _PASSPORT.fullmatch(before + run if before.isalpha() else run) is not None
    if passport or letters > digits or not _SHORTEST < digits + letters <= _LONGEST:
        return None
    return [_ALIKE.get(one, one) for one in run]


def _spaced(match: re.Match[str]) -> Sequence[str] | None:
    """0 1 0 - 1 2 3 4 -> 010 - 1234: the separator that is met most stands between digits, others between groups."""
    pieces = _SINGLE.split(match[0])
    gaps = pieces[1::2]
    if not _SHORTEST <= len(gaps) + 1 <= _LONGEST:
        return None
    usual = Counter(gaps).most_common(1)[0][0]
    return [
        one
        for index, piece in enumerate(pieces)
        for one in ([""] * len(piece) if index % 2 and piece == usual else piece)
    ]


def _broken(match: re.Match[str]) -> Sequence[str] | None:
    """010-12/34-5678 over two lines -> one number, unless one of the lines already holds a whole one."""
    head, gap, tail = match["head"], match["gap"], match["tail"]
    goes_on = "-" in gap and _SHORTEST < sum(map(str.isdigit, head + tail)) <= _LONGEST
    whole = head + tail
    complete = _is_whole(head) or _is_whole(tail)
    if _LABELLED.search(match.string, max(0, match.start() - _LABEL), match.start()):
        goes_on |= not complete and _SHORTEST < len(whole) <= _LONGEST
    distinct = _FOURS.fullmatch(head) is not None and _FOURS.fullmatch(tail) is not None
    distinct |= "-" in whole or whole.startswith("01") or len(whole) == 13  # noqa: PLR2004 - 주민등록번호
    joined = distinct and not complete and _is_whole(whole)
    if not goes_on and not joined:
        return None
    return [*head, *(one if one == "-" else "" for one in gap), *tail]


def _is_whole(number: str) -> bool:
    if not _WHOLE.fullmatch(number):
        return False
    digits = "".join(filter(str.isdigit, number))
    if len(digits) == 10 and digits[0] != "0":  # noqa: PLR2004 - 사업자등록번호
        return brn_check_digit(digits) == int(digits[9])
    if len(digits) == 13 and not _BIRTH.match(digits):  # noqa: PLR2004 - 법인등록번호
        return "-" in number
    return len(digits) != 16 or luhn_holds(digits)  # noqa: PLR2004 - a card


_BIRTH = re.compile(r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_X = f"[0-9{''.join(_READ)}]"
_AMONG = f"[{''.join(HANGUL)}]"
_GAP = rf"(?:[-.~ ]{{0,3}}|(?<={_AMONG})[/,] ?(?={_AMONG})|에 ?| ?다시 ?| ?대시 ?)"
_SPOKEN = re.compile(rf"(?<![0-9]){_X}(?:{_GAP}{_X}){{6,}}(?![0-9])")
_ALIKE = dict(zip("OoQDlIi|!ㅇㅣSBZ", "00001111101582", strict=True))
_LETTERS = re.escape("".join(_ALIKE))
_ALIKES = re.compile(
    r"(?:(?<![A-Za-z])(?:[0-9]|[OoQIlㅇ](?=[-0-9OoQIlㅇ]))|(?<=(?<![A-Za-z])[MSRDGPp])[0-9OIl])"
    rf"(?:[-. ()]{{0,3}}[0-9{_LETTERS}]){{7,}}(?<![SBZ|!])(?![A-Za-z0-9])"
)
_PASSPORT = re.compile(r"[MSRODG](?:[0-9]{8}|[0-9]{3}[A-Z][0-9]{4})")
_LONE_BEFORE = re.compile(
    f"[{''.join(HANGUL)}](?:[ ]{{2,}}(?=[0-9])|[ ]+(?=[0-9{''.join(HANJA)}]{{2}}|[0-9{''.join(_READ)}]{{2,}}-))"
)
_TAIL_OF_WORD = re.compile(f"[{''.join(HANGUL)}][ ]+")
_LONE_AFTER = re.compile(f"(?<=[0-9]{{2}})[ ]+[{''.join(_READ)}]$")
"""A syllable apart from a number in plain digits is a word: 생년월일 2011-05-20."""
_LABELLED = re.compile(r"(?:번호|계좌|은행|뱅크|통장|연락처|전화|보험증)[은는이가]?[^0-9\n가-힣]{0,4}$")
_NUMBERS = re.compile(f"[0-9{''.join(HANGUL)}]+")
_POINT = r"(?:[ ]?(?:점|[\[(](?:\.|dot|점)[\])]|\.)[ ]?)"
_PLAIN_POINTS = re.compile("[0-9.]+")
_PLATE = re.compile(r"[0-9]{2,3}[ ]?[구누사오이일육칠팔][ ]?[0-9]{4}")
_GAPS = re.compile(r"[-./, ]+")
_SEPARATORS = " -./,"
_COPULA = frozenset("에고다야라랑며나지죠니래냐었든거")
_UNCUT = ((0, 0),)
"""Behind the letter of a customs code (P팔일공…) all of it is the number."""
_CUTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0))
_COPULA_CUTS = ((0, 1), (0, 2), (0, 0), (1, 1), (1, 0), (2, 0))
_SINGLE = re.compile(r"([-./_ ]{1,3})")
_SINGLES = re.compile(r"(?<![0-9])[0-9](?:[-./_ ]{1,3}[0-9](?![0-9])){6,}")
_BREAKS = re.compile(
    r"(?<![0-9])(?P<head>[0-9](?:[0-9]|[-. ](?=[0-9])){0,17})(?P<gap>-?[ ]{0,2}\r?\n[ ]{0,4}-?)"
    r"(?P<tail>[0-9](?:[0-9]|[-. ](?=[0-9])){0,17})(?![0-9])"
)

_FOURS = re.compile("[0-9]{4}(?: ?[0-9]{4}){0,2}")
"""Groups of a card's number."""

_O = f"[0-9{''.join(HANGUL)}]{{1,3}}"
_DOTTED = re.compile(
    rf"(?<![0-9.])(?:[0-9]{{1,3}}(?:{_POINT}[0-9]{{1,3}}){{3}}|(?<![가-힣]){_O}(?:점{_O}){{3}})(?![0-9.])"
)

RULES: tuple[tuple[re.Pattern[str], re.Pattern[str], Rewrite], ...] = (
    (re.compile(rf"[점\[\]() {''.join(HANGUL)}]"), _DOTTED, _dotted),
    (re.compile(r"[^\x00-\x7f]"), _SPOKEN, _spoken),
    (re.compile(f"[{_LETTERS}]"), _ALIKES, _alike),
    (re.compile(r"(?<![0-9])[0-9][-./_ ]{1,3}[0-9](?![0-9])"), _SINGLES, _spaced),
    (re.compile(r"\n"), _BREAKS, _broken),
)
"""What every run has that a rule rewrites, told at little cost; what it matches; and how: a match is left where that
returns None. In this order."""
ALPHABET = frozenset(f"0123456789 -./_~(),[]\r\ndot에다시대점{''.join(_READ)}{''.join(_ALIKE)}")
"""All that a match of any rule is made of."""
