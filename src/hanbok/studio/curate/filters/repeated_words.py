"""Texts that turn round the same words."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import Limits, above
from hanbok.studio.curate.measure import Seeks


class RepeatedWords:
    why: ClassVar[Text] = Text(
        ko="같은 말이 되풀이됩니다: 검색을 노린 글, 기계가 늘어놓은 글, 도배",
        en="the same words come again: texts for search engines, machine chatter, flooding",
    )
    languages: ClassVar[frozenset[str]] = frozenset({"ko", "en", "de", "ar", ""})
    seeks: ClassVar[Seeks] = Seeks()

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {name: pl.col("wording").struct.field(name) for name in limits})
