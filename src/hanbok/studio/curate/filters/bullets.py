"""Texts that are nothing but a list, or lines cut short."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import LINES, Limits, above, share
from hanbok.studio.curate.measure import Seeks

_FEW = 2
"""A title and a last line that trail off are no list."""


class Bullets:
    why: ClassVar[Text] = Text(
        ko="줄이 거의 다 글머리표이거나 잘린 줄입니다: 게시판 목록, 더 보기",
        en="nearly all lines are bullets or were cut short: lists of posts, read more",
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    # A line that trails off after a final ending is whole, a sentence as Koreans often end them.
    seeks: ClassVar[Seeks] = Seeks(
        classes={
            "bullet": "[•‣·ㆍ□△▶▷▼◆◇○●◎☆※→]",
            "dash": "[-*]",
            "whole": "[다요죠까음임함됨네지니고]",
            "trailing": "[.… ]",
        }
    )

    def beyond(self, limits: Limits) -> pl.Expr:
        cut = pl.col("cut")
        return above(
            limits,
            {"bullets": share(pl.col("bullets"), LINES), "cut": share(cut, LINES) * (cut > _FEW)},
        )
