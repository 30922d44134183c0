"""Texts that say the same lines again."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import LINES, Limits, above, share
from hanbok.studio.curate.measure import Seeks


class RepeatedLines:
    why: ClassVar[Text] = Text(
        ko="같은 줄이 되풀이됩니다: 틀에 박힌 목록, 도배",
        en="the same lines come again: lists out of a form, flooding",
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    seeks: ClassVar[Seeks] = Seeks()

    def beyond(self, limits: Limits) -> pl.Expr:
        said_again = share(pl.col("said_again"), pl.col("said"))
        return above(limits, {"lines": share(pl.col("again"), LINES), "chars": said_again})
