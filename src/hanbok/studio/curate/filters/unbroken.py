"""Long runs without a space."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import Limits, above
from hanbok.studio.curate.measure import Seeks


class Unbroken:
    why: ClassVar[Text] = Text(
        ko="띄어쓰기 없이 길게 이어진 글자가 큰 몫입니다: 부호화된 자료, 주소 목록, 키",
        en="long runs without a space are a large part of it: encoded data, lists of addresses, keys",
    )
    languages: ClassVar[frozenset[str]] = frozenset({"ko", "en", "de", "ar", ""})
    seeks: ClassVar[Seeks] = Seeks()

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {name: pl.col("wording").struct.field(name) for name in limits})
