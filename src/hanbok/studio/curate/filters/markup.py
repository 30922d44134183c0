"""Code and markup that was left in a page."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import CHARS, TEXT, Limits, above, share


class Markup:
    why: ClassVar[Text] = Text(
        ko="태그나 스크립트가 글의 큰 몫입니다", en="tags or script are a large part of it"
    )
    languages: ClassVar[frozenset[str]] = frozenset()

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {"most": share(TEXT.str.count_matches(r"[{}<>;=\\|]"), CHARS)})
