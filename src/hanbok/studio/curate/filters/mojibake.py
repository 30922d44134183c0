"""Texts that were read in the wrong encoding."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import CHARS, Limits, above, share
from hanbok.studio.curate.measure import Seeks


class Mojibake:
    why: ClassVar[Text] = Text(
        ko="인코딩을 잘못 읽어 글자가 깨졌습니다", en="the characters were read in a wrong encoding"
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    # Characters that stand for lost ones; UTF-8 Hangul read as Latin-1 or Windows-1252 (0xEA-0xED and two bytes above
    # 0x7F); CP949 read so (runs of such bytes).
    seeks: ClassVar[Seeks] = Seeks(
        classes={
            "lost": r"[\ufffd\ue000-\uf8ff]",
            "lead": "[ê-í]",
            "follow": r"[\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u203a\u20ac\u2122]",
            "wide": r"[\u00a1-\u00fe]",
        }
    )

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {"most": share(pl.col("broken"), CHARS)})
