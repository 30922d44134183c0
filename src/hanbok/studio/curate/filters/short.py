"""Texts of a few words."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import TOKENS, Limits, below
from hanbok.studio.curate.measure import Seeks


class Short:
    why: ClassVar[Text] = Text(
        ko="너무 짧아 앞뒤가 있는 글이 아닙니다: 제목, 단추, 댓글 한 줄",
        en="too short to be a text: a title, a button, one line of a comment",
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    seeks: ClassVar[Seeks] = Seeks()

    def beyond(self, limits: Limits) -> pl.Expr:
        return below(limits, {"tokens": TOKENS})
