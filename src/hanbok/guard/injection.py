"""A first screen for instructions hidden in documents and tool results, in Korean and English.

It reads surface forms only (`injection.toml`), also behind invisible and look-alike letters, base64 and hexadecimal: a
clever attack passes it, a text about attacks may not. Use it to warn or to route, together with limits on what a
model may do. What it finds and misses on public test kits stands in `benchmarks/LOG.md`.
"""

import base64
import binascii
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hanbok.guard.align import Aligned
from hanbok.guard.recogniser import Finding
from hanbok.guard.settle import settle
from hanbok.guard.stems import Seek, seeker

_GAP, _GAP_OR_NONE = r"[ \t\n]{1,3}", r"[ \t\n]{0,3}"
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+")
_ODD = re.compile("[\u00ad\u0370-\u04ff\u200b-\u200f\u2060-\u2064\ufeff\uff21-\uff5a\U000e0020-\U000e007e]")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_ALIKE = str.maketrans(
    "АВЕКМНОРСТХІЈЅавекмнорстухіјѕԁɡΑΒΕΗΙΚΜΝΟΡΤΧαορι", "ABEKMHOPCTXIJSabekmhopctyxijsdgABEHIKMNOPTXaopi"
) | {code: code - 0xFEE0 for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_PACKED = re.compile(
    r"(?<![A-Za-z0-9+/=])(?:(?:[0-9a-fA-F]{2}){20,2000}|[A-Za-z0-9+/]{28,4000}={0,2})(?![A-Za-z0-9+/=])"
)
_LONG_RUN = r"[A-Za-z0-9+/]{28}"
"""What holds enough letters to be a packed instruction."""
_TEXT = re.compile(r"[\t\n -~가-힣]*")


@dataclass(frozen=True, slots=True)
class _Form:
    why: str
    score: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Screen:
    forms: tuple[_Form, ...]
    owners: tuple[int, ...]
    """The form that each stem belongs to."""
    seek: Seek


def screen(text: str) -> list[Finding]:
    """Return findings of kind INJECTION in a text that came from outside, such as a document or a tool's result."""
    known = _screen()
    hits = known.seek(text)
    found = list(_found(text, hits)) if hits else []
    if not text.isascii() and _ODD.search(text):
        plain = Aligned(text).sub(_UNSEEN, lambda match: [""] * len(match[0]))
        plain = plain.retype(plain.text.translate(_ALIKE))
        found += map(plain.restore, _found(plain.text, known.seek(plain.text)))
        found += _tagged(text)
    if len(known.owners) in hits:
        found += _unpacked(text)
    return settle(found) if found else found


def _found(text: str, hits: set[int]) -> Iterator[Finding]:
    known = _screen()
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter that grows in lower case would move the offsets
        lowered = text
    for form in sorted({known.owners[hit] for hit in hits if hit < len(known.owners)}):
        one = known.forms[form]
        for match in one.pattern.finditer(lowered):
            yield Finding(
                kind="INJECTION", start=match.start(), end=match.end(), score=one.score, why=(one.why,)
            )


def _tagged(text: str) -> Iterator[Finding]:
    """Yield runs of letters that no screen shows (Unicode tags)."""
    for match in _TAGS.finditer(text):
        yield Finding(kind="INJECTION", start=match.start(), end=match.end(), score=0.9, why=("hidden",))


def _unpacked(text: str) -> Iterator[Finding]:
    """Yield places that read as an instruction once they are decoded."""
    for match in _PACKED.finditer(text):
        inner = _decoded(match[0])
        if inner and any(_found(inner, _screen().seek(inner))):
            yield Finding(kind="INJECTION", start=match.start(), end=match.end(), score=0.9, why=("encoded",))


def _decoded(packed: str) -> str:
    try:
        if len(packed) % 2 == 0 and all(one in "0123456789abcdefABCDEF" for one in packed):
            inner = bytes.fromhex(packed).decode()
        else:
            inner = base64.b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
    return inner if _TEXT.fullmatch(inner) else ""


@cache
def _screen() -> _Screen:
    table = tomllib.loads(files("hanbok.guard").joinpath("injection.toml").read_text(encoding="utf-8"))
    rows = table["form"]
    forms = tuple(
        _Form(
            row["why"],
            row["score"],
            re.compile(row["pattern"].replace("~~", _GAP).replace("~", _GAP_OR_NONE)),
        )
        for row in rows
    )
    stems = [(stem, number) for number, row in enumerate(rows) for stem in row["stems"]]
    return _Screen(
        forms, tuple(number for _, number in stems), seeker([stem for stem, _ in stems], _LONG_RUN)
    )
