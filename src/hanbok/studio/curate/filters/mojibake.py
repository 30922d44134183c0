"""Texts that were read in the wrong encoding."""

from typing import ClassVar, Final

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import CHARS, TEXT, Limits, above, share

# Characters that stand for lost ones; UTF-8 Hangul read as Latin-1 or Windows-1252 (0xEA-0xED and two bytes above
# 0x7F); CP949 read so (runs of such bytes).
_BROKEN: Final = (
    r"[\ufffd\ue000-\uf8ff]"
    r"|[ê-í][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u203a\u20ac\u2122]{2}"
    r"|[\u00a1-\u00fe]{4}"
)


class Mojibake:
    why: ClassVar[Text] = Text(
        ko="인코딩을 잘못 읽어 글자가 깨졌습니다", en="the characters were read in a wrong encoding"
    )
    languages: ClassVar[frozenset[str]] = frozenset()

    def beyond(self, limits: Limits) -> pl.Expr:
        return above(limits, {"most": share(TEXT.str.count_matches(_BROKEN), CHARS)})
