"""Telephone numbers (전기통신번호관리세칙): mobile, land line, 050, 070, 080, representative, +82 and abroad."""

import re
from collections.abc import Iterator
from typing import ClassVar

from hanbok.guard.alone import find_alone
from hanbok.guard.context import Context, labelled_harmless
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import JOINT, NUMBER, SIGNED_JOINT, START, TAIL

_AREA = r"(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4])"
_LEFT = (
    r"(?<![0-9])(?<![0-9][-._])(?:(?<![A-Za-z])|(?<=(?<![0-9A-Za-z])[TMHFPtmhfp])|(?<=[HhCc][Pp])|(?<=[Tt][Ee][Ll])|"
    r"(?<=[Ff][Aa][Xx]))"
)
_RIGHT = r"(?![0-9])(?![-._][0-9])(?![A-Za-z])"
_OPEN = r"[(]?"
_MOBILE = r"01[016789]" + SIGNED_JOINT + r"[0-9]{3,4}" + SIGNED_JOINT + r"[0-9]{4}"
_LAND = rf"0(?:{_AREA}|70|80)" + JOINT + r"[1-9][0-9]{2,3}" + JOINT + r"[0-9]{4}"
_PERSONAL = r"050[0-9]?" + JOINT + r"[0-9]{3,4}" + JOINT + r"[0-9]{4}"
_REPRESENTATIVE = (
    r"1(?:5(?:22|33|44|66|77|88|99)|6(?:00|11|33|44|55|60|61|66|68|70|77|88|99)|"
    r"8(?:00|11|33|44|55|66|77|88|99))"
)
_ABROAD = r"[+][0-9]{1,3}" + JOINT + r"[0-9]{1,4}" + JOINT + r"[0-9]{3,4}" + JOINT + r"[0-9]{3,4}"
_HOME = r"(?:[+][ ]?82|0082|00[1-9]{1,3}[- ]82)" + JOINT + r"(?:[(]?0[)]?" + JOINT + r")?"
_SHAPE = re.compile(
    rf"{_LEFT}{_OPEN}(?:"
    rf"(?P<home>{_HOME}{_OPEN}(?:1[016789]|{_AREA}|70|50[0-9]?){SIGNED_JOINT}[0-9]{{3,4}}{SIGNED_JOINT}[0-9]{{4}})|"
    rf"(?P<mobile>{_MOBILE})|(?P<personal>{_PERSONAL})|(?P<land>{_LAND})|"
    rf"(?P<office>{_REPRESENTATIVE}{JOINT}[0-9]{{4}})|(?P<abroad>{_ABROAD})|"
    rf"(?P<code>82{JOINT}1[016789]{JOINT}[0-9]{{3,4}}{JOINT}[0-9]{{4}})|"
    rf"(?P<short>10{JOINT}[2-9][0-9]{{3}}{JOINT}[0-9]{{4}}))"
    rf"{_RIGHT}"
)
_CONTEXT = Context(
    r"전화|휴대|핸드폰|폰|연락|(?<![가-힣])번호|모바일|문자|sms|사무실|카톡|톡|팩스|콜센터|고객센터|상담|문의|대표|직통|내선|집|회사|"
    r"\btel\b|phone|mobile|\bfax\b|\bhp\b|h[.]p|cell|call|contact|\bT[.:)]|\bM[.:)]|[☎☏📞📱]"
)
_SURE = frozenset({"home", "mobile", "personal"})
_SIGNS = re.compile(r"[-.)/_~]")
_GROUPED = re.compile("[0-9][-. ()]+[0-9]+[-. ()]+[0-9]")
_TEMPLATE = re.compile(r"0000[^0-9]?0000$")
_YEARS = re.compile(r"1[5-9][0-9]{2}[^0-9]+(?:1[5-9]|20)[0-9]{2}")


class Phone:
    kind: ClassVar[str] = "PHONE"
    patterns: ClassVar[tuple[str, ...]] = (
        START + r"[(]?01[016789]" + SIGNED_JOINT + r"[0-9]{3,4}" + SIGNED_JOINT + "[0-9]{4}" + TAIL,
        START + rf"[(]?0(?:{_AREA}|70|80|50[0-9]?)" + JOINT + "[0-9]{3,4}" + JOINT + "[0-9]{4}" + TAIL,
        START + _REPRESENTATIVE + JOINT + "[0-9]{4}" + TAIL,
        r"[+][ ]?[0-9][-(). 0-9/_~]{9}",
        START + r"[(]?00[0-9][-(). 0-9/_~]{9}",
        START + "82" + JOINT + "1[016789]" + JOINT + "[0-9]{3,4}" + JOINT + "[0-9]{4}" + TAIL,
        START + "10" + JOINT + "[2-9][0-9]{3}" + JOINT + "[0-9]{4}" + TAIL,
    )
    alphabet: ClassVar[frozenset[str]] = NUMBER
    raw: ClassVar[bool] = False
    most: ClassVar[float] = 0.96

    def find(self, text: str) -> Iterator[Finding]:
        return find_alone(self, text)

    def verify(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in _SHAPE.finditer(text, start, end):
            if _TEMPLATE.search(match[0]) or text.startswith(("형식", " 형식"), match.end()):
                continue
            score, why = _judge(text, match)
            if score:
                begin = match.start()
                if match[0].startswith("(") and ")" not in match[0]:
                    begin += 1
                yield Finding(kind="PHONE", start=begin, end=match.end(), score=score, why=why)


def _judge(text: str, match: re.Match[str]) -> tuple[float, tuple[str, ...]]:
    form, number = match.lastgroup or "", match[0]
    harmless = labelled_harmless(text, match.start())
    if form in _SURE and not harmless:
        return 0.96, ("format",)
    word = _CONTEXT.near(text, match.start(), match.end())
    if harmless and not (word and form in _SURE):
        return 0.0, ()
    if word:
        return 0.95, (f"context:{word}",)
    if form == "abroad" and _GROUPED.search(number):
        return 0.85, ("format",)
    doubtful = not _SIGNS.search(number) or (form == "office" and _YEARS.fullmatch(number))
    return (0.0, ()) if form == "short" or doubtful else (0.85, ("format",))
