"""The ways in which people write personal data so that a pattern misses it, one function each.

Every function takes the plain value and a source of chance and returns it written anew; the whole result is the
span. `NOTATIONS` says to which types each may be applied.
"""

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

_GROUPED = frozenset({"RRN", "FRN", "DRIVER_LICENSE", "BRN", "CRN", "CARD", "ACCOUNT", "PHONE"})
_NUMBERS = _GROUPED | {"HEALTH_INS"}
_CODES = frozenset({"PASSPORT", "PCCC", "VEHICLE"})
_POINT = re.compile(r"[-.]")
_NARROW = "-!\"#$%&'()*+,./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"
_WIDE = {ord(one): ord(one) + 0xFEE0 for one in _NARROW}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_HANGUL = ("공일이삼사오육칠팔구", "영일이삼사오육칠팔구")
_HANJA = "〇一二三四五六七八九"
_CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨"

Rewrite = Callable[[str, random.Random], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """One way of writing, and the types whose values it is used for."""

    name: str
    kinds: frozenset[str]
    rewrite: Rewrite


def _digits(alphabet: str) -> Rewrite:
    table = {ord(str(value)): one for value, one in enumerate(alphabet)}
    return lambda value, _: value.translate(table)


def _separator(*choices: str) -> Rewrite:
    def rewrite(value: str, source: random.Random) -> str:
        return value.replace("-", source.choice(choices))

    return rewrite


def _hangul(value: str, source: random.Random) -> str:
    return _digits(source.choice(_HANGUL))(value, source)


def _hangul_mixed(value: str, source: random.Random) -> str:
    """Write some groups in hangul and leave the others in digits."""
    groups = value.split("-")
    spoken = set(source.sample(range(len(groups)), source.randrange(1, len(groups)))) if groups[1:] else {0}
    return "-".join(_hangul(one, source) if place in spoken else one for place, one in enumerate(groups))


def _spaced(value: str, source: random.Random) -> str:
    """Put a space between all digits, with or without the hyphens."""
    return " ".join(value if source.random() < 0.3 else value.replace("-", ""))  # noqa: PLR2004 -- about a third


def _look_alike(value: str, source: random.Random) -> str:
    """Turn up to three of the zeros and ones into letters."""
    places = [place for place, one in enumerate(value) if one in "01"]
    letters = list(value)
    for place in source.sample(places, min(len(places), source.randrange(1, 4))):
        letters[place] = source.choice("Oo" if letters[place] == "0" else "lI")
    return "".join(letters)


def _sprinkled(characters: str) -> Rewrite:
    def rewrite(value: str, source: random.Random) -> str:
        places = set(source.sample(range(1, len(value)), min(len(value) - 1, source.randrange(1, 5))))
        return "".join(
            source.choice(characters) + one if place in places else one for place, one in enumerate(value)
        )

    return rewrite


def _broken(value: str, source: random.Random) -> str:
    """Break the line after a hyphen, or within the digits where there is none."""
    after = [match.end() for match in _POINT.finditer(value)] or list(range(3, len(value) - 2))
    place = source.choice(after)
    return f"{value[:place]}\n{value[place:]}"


def _parenthesised(value: str, source: random.Random) -> str:
    groups = value.split("-")
    place = source.randrange(len(groups) - 1)
    groups[place] = f"({groups[place]})"
    return source.choice(("", " ")).join((groups[0], "-".join(groups[1:]))).replace(")-", ")")


def _at_word(at: tuple[str, ...], dot: tuple[str, ...]) -> Rewrite:
    def rewrite(value: str, source: random.Random) -> str:
        local, domain = value.split("@")
        gap = source.choice(("", "", " "))
        place = source.randrange(len(at))
        point = f"{gap}{dot[place]}{gap}"
        return f"{local}{gap}{at[place]}{gap}{domain.replace('.', point)}"

    return rewrite


def _entities(value: str, source: random.Random) -> str:
    """Write the separators, or every character, as HTML character references."""
    shape = source.choice(("&#{};", "&#x{:x};"))
    marks = "-@. " if source.random() < 0.5 and not value.isalnum() else value  # noqa: PLR2004 -- half of them
    return "".join(shape.format(ord(one)) if one in marks else one for one in value)


def _name_gap(*gaps: str) -> Rewrite:
    def rewrite(value: str, source: random.Random) -> str:
        return source.choice(gaps).join(value)

    return rewrite


def _wide(value: str, _: random.Random) -> str:
    return value.translate(_WIDE)


def decompose(value: str, _: random.Random) -> str:
    """Write hangul as conjoining jamo; the generator does so with the whole line."""
    return unicodedata.normalize("NFD", value)


_PERSON = frozenset({"PERSON"})
_EMAIL = frozenset({"EMAIL"})
_TABLE: tuple[tuple[str, frozenset[str], Rewrite], ...] = (
    ("fullwidth", _NUMBERS | _CODES | _EMAIL | {"IP"}, _wide),
    ("circled", _NUMBERS, _digits(_CIRCLED)),
    ("hanja_numerals", _NUMBERS, _digits(_HANJA)),
    ("hangul_numerals", _NUMBERS, _hangul),
    ("hangul_mixed", _NUMBERS, _hangul_mixed),
    ("spaced", _NUMBERS | {"PCCC"}, _spaced),
    ("no_separator", _GROUPED, _separator("")),
    ("space_separator", _GROUPED, _separator(" ")),
    ("unicode_hyphen", _GROUPED, _separator(*"‐‑‒–—―−－﹣")),
    ("dot_separator", _GROUPED, _separator(".", " . ")),
    ("slash_separator", _GROUPED, _separator("/")),
    ("other_separator", _GROUPED, _separator("_", "~", "·", " - ", "ㅡ", "ㆍ")),
    ("look_alike", _NUMBERS | {"PCCC"}, _look_alike),
    ("zero_width", _NUMBERS | _CODES | _EMAIL | _PERSON | {"IP"}, _sprinkled(_INVISIBLE)),
    ("soft_hyphen", _NUMBERS | _CODES | _EMAIL, _sprinkled("\u00ad")),
    ("line_break", _NUMBERS, _broken),
    ("parentheses", frozenset({"PHONE", "RRN", "BRN"}), _parenthesised),
    ("at_hangul", _EMAIL, _at_word(("골뱅이",), ("점",))),
    ("at_brackets", _EMAIL, _at_word(("(at)", "[at]", "(AT)", "{at}"), ("(dot)", "[dot]", ".", "."))),
    ("nfd", _PERSON | _NUMBERS | _EMAIL | {"VEHICLE", "ADDRESS", "DOB", "POSTAL"}, decompose),
    ("html_entities", _GROUPED | _EMAIL | _PERSON, _entities),
    ("name_spaced", _PERSON, _name_gap(" ", "  ")),
    ("name_dotted", _PERSON, _name_gap(".", "·", "-", "ㆍ")),
)
NOTATIONS = tuple(Notation(name=name, kinds=kinds, rewrite=rewrite) for name, kinds, rewrite in _TABLE)
"""All but `plain` and `name_hanja`, for which the generator draws another value instead of rewriting one."""
