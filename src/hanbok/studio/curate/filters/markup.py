"""Code and markup that was left in a page."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import CHARS, Limits, above, share
from hanbok.studio.curate.measure import Seeks


class Markup:
    why: ClassVar[Text] = Text(
        ko="태그나 스크립트가 글의 큰 몫입니다", en="tags or script are a large part of it"
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    seeks: ClassVar[Seeks] = Seeks(classes={"markup": r"[{}<>;=\\|]"})

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {"most": share(pl.col("markup"), CHARS)})
