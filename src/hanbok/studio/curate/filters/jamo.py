"""Letters that make no syllables: laughter, weeping, initials."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import CHARS, Limits, above, share
from hanbok.studio.curate.measure import Seeks


class Jamo:
    why: ClassVar[Text] = Text(
        ko="ㅋㅋㅋ, ㅠㅠ 같은 낱자가 글의 큰 몫입니다",
        en="letters alone, as in ㅋㅋㅋ or ㅠㅠ, are a large part of it",
    )
    languages: ClassVar[frozenset[str]] = frozenset({"ko", ""})
    seeks: ClassVar[Seeks] = Seeks(classes={"jamo": "[ㄱ-ㆎ]"})

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {"most": share(pl.col("jamo"), CHARS)})
