"""The step that says which language a text is in, and drops those that nobody asked for.

Scripts tell Korean, Japanese and Arabic writing apart; which language in Latin or Arabic letters, a profile of it does
(resiliparse, 101 languages, in its wheel). Letters alone (ㅋㅋㅋ) are no language.
"""

from typing import Final

import msgspec
import numpy as np
import polars as pl
from resiliparse.parse.lang import detect_fast

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.column import where
from hanbok.studio.curate.looking import scripts
from hanbok.studio.curate.step import DROPPED, told

_SAMPLE: Final = 300
"""Characters of the beginning and of the middle that are looked at."""
_SCRIPTS: Final = {
    "hangul": "[가-힣]",
    "kana": "[ぁ-ゖァ-ヺ]",
    "han": "[一-鿿㐀-䶿]",
    "arabic": "[\u0620-\u064a\u0671-\u06d3]",
    "latin": "[A-Za-zÀ-ɏ]",
}
_PLAIN: Final = 0.5
"""A text of which half is Hangul is Korean, whatever the rest is."""
_OURS: Final = ("en", "de")
_SHORT: Final = 150
"""Below it profiles of 101 languages guess; between two they do not."""
_FARTHEST: Final = 1200
_UNKNOWN: Final = "unknown"
_KANA: Final = 0.1  # Japanese is half Chinese characters


class LanguagePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which languages stay."""

    keep: tuple[str, ...] | None = None
    """Codes (ISO 639-1) of the languages that stay; empty: all, unknown ones too; none given: Korean documents, and
    dialogues in any.
    """
    share: float = 0.3
    """The least share of Hangul in all letters that makes a text Korean, of Arabic letters likewise."""


class Language:
    """Adds `language` and `q_language` (the share of its script), drops others as `language:CODE`."""

    name: str = "language"

    def __init__(self, plan: LanguagePlan, *, dialogues: bool = False) -> None:
        self._plan = plan
        self._keep = plan.keep if plan.keep is not None else () if dialogues else ("ko",)

    @property
    def spec(self) -> Facts:
        return {"version": 1, "keep": list(self._keep), "share": self._plan.share}

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Name each row's language."""
        named = languages(told(rows), self._plan.share)
        rows = rows.with_columns(named["language"], named["q_language"])
        if not self._keep:
            return rows
        other = pl.col(DROPPED).is_null() & ~pl.col("language").is_in(self._keep)
        reason = pl.lit("language:") + pl.col("language")
        return rows.with_columns(pl.when(other).then(reason).otherwise(pl.col(DROPPED)).alias(DROPPED))


def languages(texts: pl.Series, share: float = 0.3) -> pl.DataFrame:
    """Return `language` and `q_language` for each text."""
    counts = scripts(texts, tuple(_SCRIPTS.values()), _SAMPLE)
    shares = pl.DataFrame(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), schema=list(_SCRIPTS))
    hangul = shares["hangul"]
    other = hangul < max(share, _PLAIN)
    rest = _others(_sampled(texts.filter(other)), shares.filter(other), share)
    korean = pl.Series("language", ["ko"]).new_from_index(0, len(texts))
    language = where(korean, other, lambda _: rest["language"])
    return pl.DataFrame(
        {"language": language, "q_language": where(hangul, other, lambda _: rest["q_language"])}
    )


def _sampled(texts: pl.Series) -> pl.Series:
    """Return the parts of texts that are looked at."""
    whole, middle = pl.col("text"), pl.col("text").str.len_chars() // 2
    sample = (
        pl.when(whole.str.len_chars() <= 2 * _SAMPLE)
        .then(whole)
        .otherwise(whole.str.slice(0, _SAMPLE) + whole.str.slice(middle, _SAMPLE))
    )
    return texts.to_frame("text").select(sample.alias("text"))["text"]


def _others(texts: pl.Series, shares: pl.DataFrame, share: float) -> pl.DataFrame:
    """Return `language` and `q_language` of texts that are not plainly Korean, by the shares of their scripts."""
    code = (
        pl.when((pl.col("hangul") >= share) & (pl.col("hangul") > pl.col("kana")))
        .then(pl.lit("ko"))
        .when(pl.col("kana") >= _KANA)
        .then(pl.lit("ja"))
        .when(pl.col("han") >= share)
        .then(pl.lit("zh"))
        .when(pl.col("arabic") >= share)
        .then(pl.lit("arabic"))
        .when(pl.col("latin") > 0)
        .then(pl.lit("latin"))
        .otherwise(pl.lit(_UNKNOWN))
    )
    script = {"ko": "hangul", "ja": "kana", "zh": "han", "arabic": "arabic", "latin": "latin"}
    held = shares.with_columns(code.alias("language"))
    quality = pl.coalesce(
        *(pl.when(pl.col("language") == one).then(pl.col(name)) for one, name in script.items()), 0.0
    )
    held = held.select("language", quality.alias("q_language"), texts.alias("text"))
    named = [_profiled(one, text) for one, text in held.select("language", "text").iter_rows()]
    return held.select(pl.Series("language", named, dtype=pl.String), "q_language")


def _profiled(code: str, text: str) -> str:
    """Return the language of a text in Arabic or Latin letters."""
    if code == "latin":
        return _latin(text)
    if code == "arabic":
        found, _ = detect_fast(text, langs=["ar", "fa", "ur"], cutoff=10 * _FARTHEST)
        return str(found)
    return code


def _latin(text: str) -> str:
    if len(text) < _SHORT:
        found, far = detect_fast(text.lower(), langs=list(_OURS), cutoff=10 * _FARTHEST)
        return str(found) if far < 2 * _FARTHEST else _UNKNOWN
    return str(detect_fast(text.lower(), cutoff=_FARTHEST)[0])
