"""Words that are too short or too long on average."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import CHARS, TOKENS, WORDS, Limits, above, below, share
from hanbok.studio.curate.measure import Seeks


class WordLength:
    why: ClassVar[Text] = Text(
        ko="낱말이 한 글자씩 흩어져 있거나 띄어쓰기가 없습니다: 깨진 추출, 붙여 쓴 글, 부호로 만든 표",
        en="letters stand alone or nothing is spaced: a broken extraction, a table made of signs",
    )
    languages: ClassVar[frozenset[str]] = frozenset({"ko", "en", "de", "ar"})
    seeks: ClassVar[Seeks] = Seeks()

    def beyond(self, limits: Limits) -> pl.Expr:
        mean = share(CHARS - WORDS + 1, TOKENS)
        return below(limits, {"least": mean}) | above(limits, {"most": mean})
