"""The step that gives one spelling to what looks the same: whole syllables, plain spaces, no hidden characters."""

import unicodedata
from typing import Final

import msgspec
import polars as pl

from hanbok.hangul.jamo import final_consonant
from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.column import where
from hanbok.studio.curate.looking import holding
from hanbok.studio.curate.step import TEXTS


def _letters() -> dict[str, str]:
    """Return conjoining letters (U+1100..) and the letters that Koreans type (ㄱ..): what is left of them after
    composing stands alone, as in ᄏᄏ, and is meant as ㅋㅋ.
    """
    table = {unicodedata.normalize("NFKD", chr(one)): chr(one) for one in range(0x3131, 0x3164)}
    for one in range(0xAC01, 0xAC01 + 27):
        table[unicodedata.normalize("NFD", chr(one))[2]] = final_consonant(chr(one))
    return table


_LETTERS: Final = _letters()
_HALF: Final = {
    chr(one): unicodedata.normalize("NFKC", chr(one))
    for one in range(0xFFA1, 0xFFDD)
    if unicodedata.name(chr(one), "")
}
_DECOMPOSED: Final = "[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\uffa1-\uffdc\u0300-\u036f\u3099\u309a]"
_HIDDEN: Final = (
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u115f\u1160\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\uffa0]"
)
"""Controls, fillers and marks of direction; the joiners of emoji and of Persian stay."""
_SPACES: Final = "[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164]"
_BREAKS: Final = "\r\n|[\r\u0085\u2028\u2029]"
_ANY: Final = f"[{_DECOMPOSED[1:-1]}{_HIDDEN[1:-1]}{_SPACES[1:-1]}\r\u0085\u2028\u2029]"
"""One look for all of them: most texts have none."""
_CAPPED: Final = "[ㅋㅎㅠㅜ!?~.…]"
"""What people hold the key down for."""


class NormalisePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How texts are spelt alike."""

    most: int = 3
    """How often ㅋ, ㅎ, ㅠ, ㅜ and marks may follow themselves; 0: as often as was written."""
    blanks: bool = True
    """Spaces in a row become one, and blank lines in a row one (documents only)."""


class Normalise:
    """Changes texts, drops none but what had nothing but hidden characters: `normalise:empty`."""

    name: str = "normalise"

    def __init__(self, plan: NormalisePlan) -> None:
        self._plan = plan

    @property
    def spec(self) -> Facts:
        return {"version": 1, **msgspec.to_builtins(self._plan)}

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Spell every text of the rows."""
        spelt = [self._spelt(rows[name]) for name in TEXTS if name in rows.columns]
        rows = rows.with_columns(*spelt)
        if "text" in rows.columns:
            empty = pl.col("dropped").is_null() & (pl.col("text").str.len_bytes() == 0)
            rows = rows.with_columns(
                pl.when(empty).then(pl.lit("normalise:empty")).otherwise(pl.col("dropped")).alias("dropped")
            )
        return rows

    def _spelt(self, texts: pl.Series) -> pl.Series:
        most = self._plan.most
        odd, runs, blanks = holding(texts, _ANY, _CAPPED, most)
        if odd.any():
            texts = where(texts, odd, _characters)
            at = odd.arg_true()
            _, *again = holding(texts.gather(at), _ANY, _CAPPED, most)
            runs, blanks = (one.scatter(at, now) for one, now in zip((runs, blanks), again, strict=True))
        texts = where(texts, runs, self._capped)
        return where(texts, blanks, _blanks) if self._plan.blanks and texts.name == "text" else texts

    def _capped(self, texts: pl.Series) -> pl.Series:
        for one in _CAPPED[1:-1]:
            texts = texts.str.replace_all(f"[{one}]{{{self._plan.most + 1},}}", one * self._plan.most)
        return texts


def _characters(texts: pl.Series) -> pl.Series:
    texts = where(texts, texts.str.contains(_DECOMPOSED), composed)
    for pattern, instead in ((_HIDDEN, ""), (_SPACES, " "), (_BREAKS, "\n")):
        texts = texts.str.replace_all(pattern, instead)
    return texts


def composed(texts: pl.Series) -> pl.Series:
    """Return texts with whole syllables: NFC, then letters that were left alone as Koreans type them."""
    some = texts.str.replace_many(list(_HALF), list(_HALF.values())).str.normalize("NFC")
    return some.str.replace_many(list(_LETTERS), list(_LETTERS.values()))


def _blanks(texts: pl.Series) -> pl.Series:
    some = (
        texts.str.replace_all("  +", " ").str.replace_all(" ?\n ?", "\n").str.replace_all("\n\n\n+", "\n\n")
    )
    return some.str.strip_chars(" \n\t")
