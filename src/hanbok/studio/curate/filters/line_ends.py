"""Texts whose lines are no sentences."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import LINES, Limits, below, share

# Korean lines often end in a final ending without a mark; a paragraph may be cut after a sentence that was whole.
_ENDED = (
    r"""(?:[.!?。！？…؟]|[다요죠까음임함됨네오라][.!? ~]*)[ \t"'”’)\]」』》>]*$|[다요죠까음임함][.!?] .*$"""
)


class LineEnds:
    why: ClassVar[Text] = Text(
        ko="문장 부호로 끝나는 줄이 거의 없습니다: 메뉴, 목록, 상품 설명",
        en="hardly a line ends like a sentence: menus, lists, descriptions of goods",
    )
    languages: ClassVar[frozenset[str]] = frozenset()

    def beyond(self, limits: Limits) -> pl.Expr:
        ended = LINES.list.eval(pl.element().str.contains(_ENDED)).list.sum()
        return below(limits, {"least": share(ended, LINES.list.len())})
