"""Values that look like the ones they stand for and belong to nobody.

Numbers with a check digit get a wrong one, telephone numbers an exchange that begins with 0, addresses of the net
those reserved for documentation (RFC 5737, 3849, 2606), postal codes a zone that does not exist, addresses a road
that does not. What follows from memory, not from a source: exchanges that begin with 0 are not given out, and areas
97 to 99 in a resident registration number are not used.
"""

import re
import tomllib
from calendar import monthrange
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from random import Random
from types import MappingProxyType
from typing import Any

from hanbok.guard.shape import DIGITS, digits_of
from hanbok.hangul.checksum import (
    brn_check_digit,
    crn_check_digit,
    frn_check_digit,
    luhn_check_digit,
    rrn_check_digit,
)
from hanbok.hangul.jamo import is_syllable
from hanbok.hangul.romanise import romanise

_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z .'-]*")
_GROUPS = re.compile(r"[0-9]+")
_PREFIX = re.compile(r"(?:\+?82)?(?:0?1[016789]|0?50[0-9]?|0?70|0?80|02|0[3-6][1-5]|2|[3-6][1-5]|)")
_NOWHERE = "79"
_LONG = 64
_DIGIT = "0123456789"


def stand_in(kind: str, shape: str, chance: Random) -> str:
    """Return a value of this kind that looks like the value `shape`, without disguise; `chance` decides which."""
    return _MAKERS.get(kind, _refilled)(shape, chance)


def _refilled(shape: str, chance: Random) -> str:
    """Return random signs of the same classes at the same places."""
    return "".join(_another(sign, chance) for sign in shape)


def _another(sign: str, chance: Random) -> str:
    if sign in DIGITS:
        return str(chance.randrange(10))
    if sign.isascii() and sign.isalpha():
        letter = chr(ord("a") + chance.randrange(26))
        return letter.upper() if sign.isupper() else letter
    return chance.choice("가나다라마바사아자하") if is_syllable(sign) else sign


def _put(shape: str, digits: str) -> str:
    """Put these digits in place of those of `shape`."""
    left = iter(digits)
    return "".join(next(left, sign) if sign in DIGITS else sign for sign in shape)


def _random(size: int, chance: Random) -> str:
    """Return random digits: those that `randrange(10)` would draw one by one."""
    draw, digits = chance.getrandbits, ""
    while len(digits) < size:
        digit = draw(4)
        if digit < 10:  # noqa: PLR2004 - four bits that are no digit are drawn again
            digits += _DIGIT[digit]
    return digits


def _checked(right: Callable[[str], int], first: Callable[[Random], str]) -> Callable[[str, Random], str]:
    """Return a maker of numbers whose last digit is wrong on purpose."""

    def make(shape: str, chance: Random) -> str:
        size = len(digits_of(shape))
        digits = first(chance)
        digits = (digits + _random(max(0, size - 1 - len(digits)), chance))[: max(size - 1, 0)]
        wrong = (right(digits) + 1 + chance.randrange(9)) % 10 if len(digits) > 8 else chance.randrange(10)  # noqa: PLR2004 - the shortest number with a check digit has ten
        return _put(shape, f"{digits}{wrong}")

    return make


def _born(codes: str) -> Callable[[Random], str]:
    def begin(chance: Random) -> str:
        year, month, day = _some_day(chance)
        return f"{year % 100:02}{month:02}{day:02}{chance.choice(codes)}{chance.randrange(97, 100)}"

    return begin


def _some_day(chance: Random) -> tuple[int, int, int]:
    year, month = chance.randrange(1950, 2000), chance.randrange(1, 13)
    return year, month, chance.randrange(1, monthrange(year, month)[1] + 1)


def _phone(shape: str, chance: Random) -> str:
    digits = digits_of(shape)
    prefix = _PREFIX.match(digits)
    kept = prefix.end() if prefix else 0
    return _put(shape, f"{digits[:kept]}0{_random(max(0, len(digits) - kept - 1), chance)}"[: len(digits)])


def _birthday(shape: str, chance: Random) -> str:
    year, month, day = _some_day(chance)
    groups = [len(one) for one in _GROUPS.findall(shape)]
    if len(groups) == 3:  # noqa: PLR2004 - year, month, day
        new = iter((f"{year}"[-groups[0] :], f"{month:0{groups[1]}}", f"{day:0{groups[2]}}"))
        return _GROUPS.sub(lambda _: next(new), shape)
    return _put(shape, f"{year}{month:02}{day:02}"[-len(digits_of(shape)) or None :])


def _licence(shape: str, chance: Random) -> str:
    new = _refilled("".join(sign if sign in DIGITS else "-" for sign in shape), chance)
    digits = digits_of(new)
    return _put(shape, f"2{chance.choice(_NOWHERE)}{digits[2:]}" if shape[:1] in DIGITS else digits)


def _digits_only(shape: str, chance: Random) -> str:
    return _put(shape, _random(len(digits_of(shape)), chance))


def _lettered(shape: str, chance: Random) -> str:
    """Keep the letter that such a number begins with."""
    return shape[:1] + _refilled(shape[1:], chance)


def _token(shape: str, chance: Random) -> str:
    """Return a key of the same signs; one of many lines is told by a short one, too."""
    return _refilled(shape if len(shape) <= _LONG and "\n" not in shape else "a0Aa" * 8, chance)


def _postal(shape: str, chance: Random) -> str:
    return _put(shape, f"00{_random(len(shape), chance)}")


def _person(shape: str, chance: Random) -> str:
    words = _words()
    if _LATIN_NAME.fullmatch(shape):
        return f"{chance.choice(words['foreign_first'])} {chance.choice(words['foreign_last'])}"
    return chance.choice(words["surnames"]) + chance.choice(words["given"])


def _email(_shape: str, chance: Random) -> str:
    words = _words()
    name = romanise(chance.choice(words["given"]) + chance.choice(words["surnames"]))
    return f"{name}{chance.randrange(10, 1000)}@{chance.choice(words['domains'])}"


def _address(_shape: str, chance: Random) -> str:
    words = _words()
    return f"{chance.choice(words['districts'])} {chance.choice(words['roads'])} {chance.randrange(1, 400)}"


def _host(shape: str, chance: Random) -> str:
    if ":" in shape:
        return f"2001:db8::{chance.randrange(1, 0xFFFF):x}"
    return f"{chance.choice(('192.0.2', '198.51.100', '203.0.113'))}.{chance.randrange(1, 255)}"


def _nothing(_chance: Random) -> str:
    return ""


def _nine(_chance: Random) -> str:
    return "9"


_MAKERS: Mapping[str, Callable[[str, Random], str]] = MappingProxyType(
    {
        "RRN": _checked(rrn_check_digit, _born("12")),
        "FRN": _checked(frn_check_digit, _born("56")),
        "BRN": _checked(brn_check_digit, _nothing),
        "CRN": _checked(crn_check_digit, _nothing),
        "CARD": _checked(luhn_check_digit, _nine),
        "ACCOUNT": _digits_only,
        "HEALTH_INS": _digits_only,
        "VEHICLE": _digits_only,
        "DRIVER_LICENSE": _licence,
        "PASSPORT": _lettered,
        "PCCC": _lettered,
        "PHONE": _phone,
        "DOB": _birthday,
        "POSTAL": _postal,
        "PERSON": _person,
        "EMAIL": _email,
        "SECRET": _token,
        "CI_DI": _token,
        "ADDRESS": _address,
        "IP": _host,
    }
)


@cache
def _words() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, Any] = tomllib.loads(
        files("hanbok.guard").joinpath("stand_ins.toml").read_text(encoding="utf-8")
    )
    return {
        name: tuple(
            one.strip() for one in re.split(r"[|\n]" if name == "districts" else r"\s+", text) if one.strip()
        )
        for name, text in table.items()
    }
