"""Texts that are nothing but a list, or lines cut short."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import LINES, Limits, above, share

_BULLET = r"^[ \t]*(?:[-*] |[•‣·ㆍ□△▶▷▼◆◇○●◎☆※→])"
# A line that trails off after a final ending is a sentence, as Koreans often end them.
_CUT = r"(?:^|[^다요죠까음임함됨네지니고.… ])[ ]*(?:\.\.\.|…)[.… ]*$"
_FEW = 2
"""A title and a last line that trail off are no list."""


class Bullets:
    why: ClassVar[Text] = Text(
        ko="줄이 거의 다 글머리표이거나 잘린 줄입니다: 게시판 목록, 더 보기",
        en="nearly all lines are bullets or were cut short: lists of posts, read more",
    )
    languages: ClassVar[frozenset[str]] = frozenset()

    def beyond(self, limits: Limits) -> pl.Expr:
        one = pl.element()
        lines = LINES.list.len()
        cut = LINES.list.eval(one.str.contains(_CUT)).list.sum()
        return above(
            limits,
            {
                "bullets": share(LINES.list.eval(one.str.contains(_BULLET)).list.sum(), lines),
                "cut": share(cut, lines) * (cut > _FEW),
            },
        )
