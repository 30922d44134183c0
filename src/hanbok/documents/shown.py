"""Numbers of a sheet as a person sees them, by the codes of ECMA-376 part 1, 18.8.30 and 18.8.31."""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

BUILT_IN: Final = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "yyyy-mm-dd",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm", 27: "yyyy년 mm월 dd일", 28: "mm-dd", 29: "mm-dd", 30: "mm-dd-yy", 31: "yyyy년 mm월 dd일",
    32: "h시 mm분", 33: "h시 mm분 ss초", 34: "yyyy-mm-dd", 35: "yyyy-mm-dd", 36: "yyyy년 mm월 dd일", 37: "#,##0",
    38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 41: "#,##0", 42: "#,##0", 43: "#,##0.00", 44: "#,##0.00",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 48: "##0.0E+0", 50: "yyyy년 mm월 dd일", 51: "mm-dd", 52: "yyyy-mm-dd",
    53: "yyyy-mm-dd", 54: "mm-dd", 55: "yyyy-mm-dd", 56: "yyyy-mm-dd", 57: "yyyy년 mm월 dd일", 58: "mm-dd",
}  # fmt: skip
"""Codes that a workbook need not write out, as Korean programs show them."""
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<elapsed>\[(?:h+|m+|s+)\])|\[[^\]]*\]'
    r"|(?P<half>AM/PM|A/P|오전/오후)|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|a{3,4})"
    r"|(?P<number>[#0?,]*\.?[#0?,]+)|(?P<exponent>E[+-][#0]+)|(?P<general>General|G/표준|@)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_WEEKDAYS: Final = "월화수목금토일"
_LONGEST: Final = 255
"""Characters of a code; Excel allows no more."""

Token = tuple[str, str]


def shown(value: float, code: str, *, from_1904: bool = False) -> str:
    """Return a number in the form that this code gives it; one that the code cannot show, as it is."""
    sections = _sections(code)
    tokens = sections[1] if value < 0 and len(sections) > 1 else sections[0]
    kinds = {kind for kind, _ in tokens}
    if kinds & {"date", "elapsed"}:
        return _date(value, tokens, from_1904=from_1904)
    if "number" not in kinds or "general" in kinds:
        return plain(value)
    return _number(value, tokens, signed=len(sections) == 1)


def plain(value: float) -> str:
    """Return a number without any form, and without the noise of binary fractions."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")  # noqa: PLR2004


@lru_cache(maxsize=1024)
def _sections(code: str) -> list[list[Token]]:
    """Return the tokens of a code for positive and for negative numbers, as kind and text."""
    sections: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(code[:_LONGEST]):
        kind = match.lastgroup
        if match[0] == ";":
            sections.append([])
        elif kind in {"quoted", "escaped", "currency", "other"}:
            sections[-1].append(("literal", match[kind]))
        elif kind is not None:
            sections[-1].append((kind, match[0].lower() if kind in {"date", "elapsed"} else match[0]))
    return sections


def _date(value: float, tokens: list[Token], *, from_1904: bool) -> str:
    try:
        # Excel counts a 29 February 1900 that never was.
        days = value + (1462 if from_1904 else 0) + (1 if not from_1904 and 0 <= value < 60 else 0)  # noqa: PLR2004
        at = datetime(1899, 12, 30) + timedelta(seconds=round(days * 86400, 3))  # noqa: DTZ001 - a sheet has no zone
    except (OverflowError, ValueError):
        return plain(value)
    halves = any(kind == "half" for kind, _ in tokens)
    said = [text for kind, text in tokens if kind in {"date", "elapsed"}]
    pieces: list[str] = []
    place = 0
    for kind, text in tokens:
        if kind == "half":
            pieces.append("오전" if at.hour < 12 else "오후")  # noqa: PLR2004 - noon
        elif kind == "elapsed":
            pieces.append(str(int(value * {"h": 24, "m": 1440, "s": 86400}[text[1]])))
            place += 1
        elif kind == "date":
            near = (
                said[place - 1][:2].strip("[") if place else "",
                said[place + 1] if place + 1 < len(said) else "",
            )
            minute = text in {"m", "mm"} and (near[0].startswith("h") or near[1].startswith("s"))
            pieces.append(_field(at, "n" * len(text) if minute else text, halves=halves))
            place += 1
        else:
            pieces.append(text if kind in {"literal", "other"} else "")
    return "".join(pieces)


def _field(at: datetime, text: str, *, halves: bool) -> str:
    letter, size = text[0], len(text)
    if letter == "y":
        return f"{at.year:04}" if size > 2 else f"{at.year % 100:02}"  # noqa: PLR2004
    if letter == "a" or (letter == "d" and size > 2):  # noqa: PLR2004
        return _WEEKDAYS[at.weekday()] + ("요일" if size > 3 else "")  # noqa: PLR2004
    if letter == "m" and size > 2:  # noqa: PLR2004
        return f"{at.month}월"
    hour = (at.hour % 12 or 12) if halves else at.hour
    number = {"m": at.month, "d": at.day, "h": hour, "n": at.minute, "s": at.second}[letter]
    return f"{number:02}" if size > 1 else str(number)


def _number(value: float, tokens: list[Token], *, signed: bool) -> str:
    codes = "".join(text for kind, text in tokens if kind == "number")
    percent = sum(text.count("%") for kind, text in tokens if kind == "literal")
    whole, _, fraction = codes.partition(".")
    if any(kind == "exponent" for kind, _ in tokens):
        return f"{value:.{len(fraction)}E}"
    try:
        exact = abs(Decimal(repr(value))) * 100**percent
        rounded = exact.quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP)
    except InvalidOperation:
        return plain(value)
    digits, _, rest = f"{rounded:f}".partition(".")
    kept = len(fraction.rstrip("#?"))
    rest = rest[:kept] + rest[kept:].rstrip("0")
    digits = ("" if digits == "0" else digits).rjust(whole.count("0"), "0")
    if "," in whole:
        digits = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", digits)
        return _spread(f"{digits}.{rest}" if rest else digits, None, tokens, minus=signed and value < 0)
    return _spread(digits, f".{rest}" if rest else "", tokens, minus=signed and value < 0)


def _spread(digits: str, rest: str | None, tokens: list[Token], *, minus: bool) -> str:
    """Return the tokens with the digits in their places from the right, as in `000000-0000000`; `rest` follows them,
    and without it all stand in the first place.
    """
    pieces: list[str] = []
    places = [at for at, (kind, _) in enumerate(tokens) if kind == "number"]
    for at in range(len(tokens) - 1, -1, -1):
        kind, text = tokens[at]
        if kind != "number":
            pieces.append(text if kind == "literal" else "")
        elif at == places[0]:
            pieces.append(digits + (rest or "" if at == places[-1] else ""))
        elif rest is not None:
            size = len(text.partition(".")[0])
            cut = max(len(digits) - size, 0)
            pieces.append(digits[cut:] + (rest if at == places[-1] else ""))
            digits = digits[:cut]
    return ("-" if minus else "") + "".join(reversed(pieces))
