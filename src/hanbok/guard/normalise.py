"""Numbers as people disguise them, rewritten as plain digits; every offset of the original is kept."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from hanbok.guard import disguise
from hanbok.guard.align import Aligned
from hanbok.guard.regions import search
from hanbok.guard.scanner import RUN, SIGNS, Place, Sought
from hanbok.guard.signs import FOREIGN, INVISIBLE, ODD_DIGITS, ODD_LETTERS, ODD_SEPARATORS, PLAIN
from hanbok.hangul.jamo import DECOMPOSED, compose
from hanbok.hangul.numerals import HANGUL, HANJA

_H, _J = "".join(HANGUL), "".join(HANJA)
_ALIKE = "OoIlㅇ"

_ENTITY = (
    r"&(?:#[0-9]{2,5}|#[xX][0-9a-fA-F]{2,4}|commat|period|nbsp|hyphen|dash|ndash|mdash|minus|lowbar|lpar|rpar|shy|"
    r"zwj|zwnj|num|plus|sol|colon|middot|bull|ensp|emsp|thinsp|amp|lt|gt|quot);"
)
_ESCAPE = r"%(?:40|2[dDeE])"

_SIGNS = Sought(
    alphabet=None,
    patterns=(
        f"[{ODD_DIGITS}][-./ ()]{{0,3}}[0-9{ODD_DIGITS}]",
        f"[0-9][-./ ()]{{0,3}}[{ODD_DIGITS}]",
        f"[0-9] ?[{ODD_SEPARATORS}]{{1,2}} ?[0-9]{{2}}",
        f"[{INVISIBLE}][-(.:0-9A-Za-z@가-힣]",
        f"[{ODD_LETTERS}]",
        "[A-Za-z0-9][．｡－＿][A-Za-z]",
        f"[A-Za-z0-9@.][{''.join(FOREIGN)}]|[{''.join(FOREIGN)}][A-Za-z0-9@.]",
        "[\u1100-\u1112][\u1161-\u1175]",
        _ENTITY,
        _ESCAPE,
    ),
)
"""Single characters, or references to them, that stand for plain ones."""
_RUN = Sought(
    alphabet=disguise.ALPHABET,
    patterns=(
        f"[{_J}]{{3}}|[{_J}][-. ][{_J}]|[{_J}] ?[0-9]|[0-9] ?[{_J}]",
        f"[{_H}]{{4}}",
        f"[{_H}]{{3}}[-. 에]{{0,2}}[{_H}0-9]",
        f"[{_H}0-9][-. 에]{{0,2}}[{_H}]{{3}}",
        f"(?:[{_H}][-. ]{{1,2}}){{3}}[{_H}]",
        f"[0-9][{_H}][0-9]|[{_H}][0-9][{_H}]",
        f"[0-9][-. ][{_H}]{{1,3}}[-. ][0-9]",
        f"[0-9]{{3}}[-. ][{_H}]{{2}}",
        f"[{_H}]{{2}}[-.][0-9]{{2}}|[{_H}]-[0-9]{{4}}",
        r"(?:^|[^0-9])(?:[0-9][-./_ ]{1,3}){5}[0-9](?:[^0-9]|$)",
        r"[0-9][0-9-. )]{5,8}[ ]{0,2}\r?\n[- .]{0,4}[0-9]",
        r"[0-9][- .)]{0,3}\r?\n[- .]{0,4}[0-9][0-9-. ]{5}",
        r"[0-9] ?(?:점|[\[(](?:\.|dot|점)[\])]) ?[0-9]",
        f"[{_H}]점[{_H}0-9]{{1,3}}점[{_H}0-9]{{1,3}}점[{_H}0-9]",
        r"[0-9]{2}(?:에 ?| ?다시 ?| ?대시 ?)[0-9]{3}",
        r"[0-9] \. ?[0-9]{1,3} ?\. ?[0-9]{1,3} ?\. ?[0-9]",
        r"[0-9]{3}-?[ ]{0,2}\r?\n[ ]{0,4}[0-9]{3}",
        f"[{_ALIKE}](?:[-. ]?[0-9{_ALIKE}]){{5}}",
        f"(?:[0-9{_ALIKE}][-. ]?){{5}}[{_ALIKE}]",
        f"[0-9][{_ALIKE}][-. ]?[0-9]{{3}}|[0-9]{{3}}[-. ]?[{_ALIKE}][0-9]",
        r"[0-9][-. ]?[SBZ][0-9]{2}[-. ]?[0-9]{3}",
        r"[0-9]{3}[-. ]?[0-9]?[SBZ][0-9]",
    ),
)
"""Numbers written so that the whole run must be read before it is known what its characters stand for."""
DISGUISES: Mapping[int, Sought] = MappingProxyType({SIGNS: _SIGNS, RUN: _RUN})

_VEILED = re.compile(f"{_ENTITY}|{_ESCAPE}|[{INVISIBLE}]+|{DECOMPOSED.pattern}")
_ESCAPES = {"%40": "@", "%2d": "-", "%2e": "."}
_ODD = re.compile("[^\x00-\x7f가-힣]+")
_PLAINLY = re.compile("[0-9a-z@._-]*")
_SUSPECT = re.compile(r"[-._][0-9][-._]|[ol][-.]?[0-9ol][-.]?[0-9ol]|[0-9ol][-.]?[0-9ol][-.]?[ol]")
"""What numbers and addresses of mail are mostly written with, and the only disguises that may be among it: single
digits apart, and letters that look like digits.
"""

Scan = Callable[[str], Sequence[Place]]


def read(text: str, scan: Scan) -> tuple[Aligned, Sequence[Place], Sequence[Place]]:
    """Return `text` with every disguise of digits and separators undone, its places, and those of `text` as written."""
    raw = places = scan(text)
    aligned = Aligned(text)
    if raw and any(index < 0 for index, _, _ in raw):
        aligned = _plain_characters(text)
        if aligned.text != text:
            places = scan(aligned.text)
        runs = [(start, end) for index, start, end in places if index == RUN]
        rewritten = _plain_runs(aligned, runs) if runs else aligned
        if rewritten is not aligned:
            aligned = rewritten
            places = scan(aligned.text)
    return aligned, places, raw


def normalise(text: str) -> Aligned:
    """Return `text` with every disguise of digits and separators undone."""
    plainly = _PLAINLY.fullmatch(text) and not _SUSPECT.search(text)
    if plainly or not _any_disguise().search(text):
        return Aligned(text)
    return read(text, lambda one: search(one, DISGUISES))[0]


@cache
def _any_disguise() -> re.Pattern[str]:
    """Return one pattern that matches somewhere wherever one of the many does."""
    return re.compile("|".join(pattern for one in DISGUISES.values() for pattern in one.patterns))


def _plain_characters(text: str) -> Aligned:
    aligned = Aligned(text).sub(_VEILED, _unveil)
    plain = aligned.text
    for sign in PLAIN.keys() & set("".join(_ODD.findall(plain))):
        plain = plain.replace(sign, PLAIN[sign])
    return aligned.retype(plain)


def _plain_runs(aligned: Aligned, runs: Iterable[tuple[int, int]]) -> Aligned:
    spans = list(runs)
    for sign, pattern, rewrite in disguise.RULES:
        aligned, spans = aligned.sub_in(spans, pattern, rewrite, sign)
    return aligned


def _unveil(match: re.Match[str]) -> Sequence[str]:
    written = match[0]
    if written[0] not in "&%":
        return (compose(written),) if written[0] not in INVISIBLE else [""] * len(written)
    meant = _ESCAPES.get(written.lower())
    if not meant:
        from html import unescape  # noqa: PLC0415 - its table of names is large, and few texts hold one

        meant = unescape(written)
    return ("",) if meant in INVISIBLE else (meant,)
