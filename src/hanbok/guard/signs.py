"""Characters that people write instead of plain digits, separators and letters, and what each stands for."""

from hanbok.hangul.numerals import SIGNS

_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\u3161\u30fc\uff70\u2500\u2501\u1173"
_DOTS = (
    "\u00b7\u2022\u318d\u30fb\u2024\u2027\u2219\u22c5\u3002\uff61\ufe52\u0387\uff65\u25cf\u25e6\u2026\u2025"
)
_SLASHES = "\u2044\u2215\u29f8"
_TILDES = "\u301c\u223c\u02dc\u3030"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
INVISIBLE = (
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufe00\ufe01\ufe0e\ufe0f\ufeff\uffa0\u3164\u20e3"
    + "".join(map(chr, (*range(1, 9), 0xB, 0xC, *range(0xE, 0x1E), 0x1F, 0x7F, *range(0x300, 0x370))))
)
"""Characters that are not seen, controls among them, and marks laid over digits: they vanish."""

_CYRILLIC = dict(zip("АВСЕНІЈКМОРЅТХаеорсухіјѕ", "ABCEHIJKMOPSTXaeopcyxijs", strict=True))
_GREEK = dict(zip("ΑΒΕΗΙΚΜΝΟΡΤΧο", "ABEHIKMNOPTXo", strict=True))
FOREIGN = {**_CYRILLIC, **_GREEK}
"""Letters of other alphabets that look like Latin ones."""

_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_TAGS = {chr(code): chr(code - 0xE0000) for code in range(0xE0020, 0xE007F)}
"""Invisible twins of ASCII, which language models read all the same."""
_SEPARATORS = (
    dict.fromkeys(_HYPHENS, "-")
    | dict.fromkeys(_DOTS, ".")
    | dict.fromkeys(_SLASHES, "/")
    | dict.fromkeys(_TILDES, "~")
    | dict.fromkeys(_SPACES, " ")
)
PLAIN: dict[str, str] = {**_WIDE, **_TAGS, **SIGNS, **_SEPARATORS, **FOREIGN, "\ufe6b": "@"}
"""What each disguise stands for, one character for one."""

ODD_DIGITS = "".join(SIGNS) + "".join(map(chr, range(0xE0030, 0xE003A)))
ODD_SEPARATORS = "".join(_SEPARATORS) + "（）．－／＿～＊，\U000e002d\U000e002e\U000e0020"
ODD_LETTERS = "Ａ-Ｚａ-ｚ＠\ufe6b"
