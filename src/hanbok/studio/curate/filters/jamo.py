"""Letters that make no syllables: laughter, weeping, initials."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import CHARS, TEXT, Limits, above, share


class Jamo:
    why: ClassVar[Text] = Text(
        ko="ㅋㅋㅋ, ㅠㅠ 같은 낱자가 글의 큰 몫입니다",
        en="letters alone, as in ㅋㅋㅋ or ㅠㅠ, are a large part of it",
    )
    languages: ClassVar[frozenset[str]] = frozenset({"ko", ""})

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {"most": share(TEXT.str.count_matches("[ㄱ-ㆎ]"), CHARS)})
