"""Texts that break the line every few words."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import LINES, TOKENS, Limits, above, share
from hanbok.studio.curate.measure import Seeks


class Newlines:
    why: ClassVar[Text] = Text(
        ko="몇 낱말마다 줄이 바뀝니다: 메뉴, 표, 색인",
        en="the line breaks every few words: menus, tables, indexes",
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    seeks: ClassVar[Seeks] = Seeks()

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {"most": share(LINES - 1, TOKENS)})
