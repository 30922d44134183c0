"""Texts full of hash signs and dots."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import TOKENS, Limits, above, share
from hanbok.studio.curate.measure import Seeks


class Symbols:
    why: ClassVar[Text] = Text(
        ko="해시태그나 말줄임표가 낱말만큼 많습니다: 태그 모음, 잘린 목록",
        en="hash signs or ellipses are as many as words: collected tags, lists cut short",
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    seeks: ClassVar[Seeks] = Seeks(classes={"hash": "#", "ellipsis": "[.…]"})

    def beyond(self, limits: Limits) -> pl.Expr:
        hashes, ellipses = pl.col("hashes"), pl.col("ellipses")
        return above(limits, {"hashes": share(hashes, TOKENS), "ellipses": share(ellipses, TOKENS)})
