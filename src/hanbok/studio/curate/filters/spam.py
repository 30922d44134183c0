"""Advertisements of what Korean spam sells: gambling, massages, loans, counterfeit goods."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import TEXT, WORDS, Limits
from hanbok.studio.curate.measure import Seeks
from hanbok.studio.curate.mentions import mentioning


class Spam:
    why: ClassVar[Text] = Text(
        ko="도박, 출장 안마, 불법 대출, 모조품 같은 광고의 말이 잦습니다",
        en="words of advertisements for gambling, massages, illegal loans or fakes are frequent",
    )
    languages: ClassVar[frozenset[str]] = frozenset({"ko", ""})
    seeks: ClassVar[Seeks] = Seeks()

    def beyond(self, limits: Limits) -> pl.Expr:
        """Ask for many words close together: one or two are a mention."""
        hits = TEXT.map_batches(_hits, return_dtype=pl.UInt32)
        return hits >= pl.max_horizontal(WORDS * limits["share"], pl.lit(limits["least"]))


def _hits(texts: pl.Series) -> pl.Series:
    """Count the words in each text; most have none."""
    none = pl.zeros(len(texts), dtype=pl.UInt32, eager=True)
    at = mentioning(texts, _words(), caseless=True).arg_true()
    if not len(at):
        return none
    found = texts.gather(at).str.extract_many(_words(), ascii_case_insensitive=True).list.len()
    return none.scatter(at, found)


@cache
def _words() -> list[str]:
    table = tomllib.loads(files("hanbok.studio.curate").joinpath("spam.toml").read_text(encoding="utf-8"))
    return [word for topic in table.values() for word in topic["words"]]
