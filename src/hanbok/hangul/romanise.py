"""Hangul in Latin letters, syllable by syllable as names are spelt (국어의 로마자 표기법 제3장 제4항)."""

from hanbok.hangul.jamo import is_syllable

_INITIALS, _MEDIALS, _FINALS = (
    [one.strip("_") for one in line.split()]
    for line in (
        "g kk n d tt r m b pp s ss _ j jj ch k t p h",
        "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
        "_ k k k n n n t l k m l l l p l m p p t t ng t t k t p t",
    )
)
"""Letters of first, middle and final sounds in the order of Unicode; `_` is none."""
_FIRST = 0xAC00

SURNAMES: dict[str, tuple[str, ...]] = {
    "김": ("kim", "gim"), "이": ("lee", "yi", "rhee"), "박": ("park", "bak", "pak"), "최": ("choi", "choe"),
    "정": ("jung", "jeong", "chung"), "강": ("kang", "gang"), "조": ("cho", "jo"), "윤": ("yoon", "yun"),
    "장": ("jang", "chang"), "임": ("lim", "im"), "한": ("han",), "오": ("oh",), "서": ("seo", "suh"),
    "신": ("shin", "sin"), "권": ("kwon", "gwon"), "황": ("hwang",), "안": ("ahn", "an"), "송": ("song",),
    "유": ("yoo", "yu"), "홍": ("hong",), "전": ("jeon", "jun"), "문": ("moon", "mun"), "백": ("baek", "paik"),
    "남궁": ("namgung", "namkoong"), "황보": ("hwangbo",), "제갈": ("jegal",), "선우": ("sunwoo", "seonu"),
}  # fmt: skip
"""How people spell their surnames; the first is the usual one."""

_HABITS = (
    ("eo", "u"),
    ("eo", "uh"),
    ("u", "oo"),
    ("yu", "yoo"),
    ("si", "shi"),
    ("yeo", "you"),
    ("hui", "hee"),
)
"""What people write instead of the official letters in given names."""


def romanise(text: str) -> str:
    """Return text with its syllables in official letters; other signs stay."""
    return "".join(_syllable(sign) if is_syllable(sign) else sign for sign in text)


def split_name(name: str) -> tuple[str, str]:
    """Return surname and given name of a Korean name of two to five syllables, else two empty strings."""
    if not 2 <= len(name) <= 5 or not all(map(is_syllable, name)):  # noqa: PLR2004 - as the docstring says
        return "", ""
    size = 2 if len(name) > 3 and name[:2] in SURNAMES else 1  # noqa: PLR2004 - two syllables of given name
    return (name[:size], name[size:]) if len(name) - size <= 3 else ("", "")  # noqa: PLR2004 - as above


def surname_spellings(surname: str) -> tuple[str, ...]:
    """Return how a surname may be spelt, the usual spelling first."""
    return SURNAMES.get(surname) or (romanise(surname),)


def given_spellings(given: str) -> frozenset[str]:
    """Return how a given name may be spelt, without hyphens."""
    spelt = {""}
    for sign in given:
        official = _syllable(sign) if is_syllable(sign) else sign
        ways = {official, *(official.replace(one, other) for one, other in _HABITS)}
        spelt = {before + way for before in spelt for way in ways}
    return frozenset(spelt)


def _syllable(sign: str) -> str:
    place = ord(sign) - _FIRST
    return _INITIALS[place // 588] + _MEDIALS[place // 28 % 21] + _FINALS[place % 28]
