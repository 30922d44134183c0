"""Texts whose words have no letters."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import WORDS, Limits, below, share
from hanbok.studio.curate.measure import Seeks


class Letters:
    why: ClassVar[Text] = Text(
        ko="글자 없는 낱말이 많습니다: 숫자 표, 날짜와 조회 수, 부호로 그린 그림",
        en="many words have no letter: tables of numbers, dates and counts, pictures of signs",
    )
    languages: ClassVar[frozenset[str]] = frozenset({"ko", "en", "de", "ar", ""})
    seeks: ClassVar[Seeks] = Seeks(
        classes={"sign": r"[!-@\[-`{-~\u00a1-\u00bf\u2000-\u2bff\u3000-\u303f\uff01-\uff20]"}
    )

    def beyond(self, limits: Limits) -> pl.Expr:
        return below(limits, {"least": 1 - share(pl.col("bare"), WORDS)})
