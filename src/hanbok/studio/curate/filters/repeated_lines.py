"""Texts that say the same lines again."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import LINES, Limits, above, share


class RepeatedLines:
    why: ClassVar[Text] = Text(
        ko="같은 줄이 되풀이됩니다: 틀에 박힌 목록, 도배",
        en="the same lines come again: lists out of a form, flooding",
    )
    languages: ClassVar[frozenset[str]] = frozenset()

    def beyond(self, limits: Limits) -> pl.Expr:
        lines = LINES.list.len()
        once = LINES.list.unique(maintain_order=True)
        said = LINES.list.join("").str.len_chars()
        return above(
            limits,
            {
                "lines": share(lines - LINES.list.n_unique(), lines),
                "chars": share(said - once.list.join("").str.len_chars(), said),
            },
        )
