"""Texts of more words than people write."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import TOKENS, Limits, above
from hanbok.studio.curate.measure import Seeks


class Long:
    why: ClassVar[Text] = Text(
        ko="너무 길어 한 편의 글이 아닙니다: 로그, 덤프, 붙여 놓은 목록",
        en="too long to be one text: a log, a dump, lists joined",
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    seeks: ClassVar[Seeks] = Seeks()

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {"tokens": TOKENS})
