"""Texts whose lines are no sentences."""

from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import LINES, Limits, below, share
from hanbok.studio.curate.measure import Seeks


class LineEnds:
    why: ClassVar[Text] = Text(
        ko="문장 부호로 끝나는 줄이 거의 없습니다: 메뉴, 목록, 상품 설명",
        en="hardly a line ends like a sentence: menus, lists, descriptions of goods",
    )
    languages: ClassVar[frozenset[str]] = frozenset()
    # Korean lines often end in a final ending without a mark; a paragraph may be cut after a sentence that was whole.
    seeks: ClassVar[Seeks] = Seeks(
        classes={
            "mark": "[.!?。！？…؟]",
            "line_ending": "[다요죠까음임함됨네오라]",
            "after_line_ending": "[.!? ~]",
            "after_line": r"""[ \t"'”’)\]」』》>]""",
            "sentence_ending": "[다요죠까음임함]",
            "stop": "[.!?]",
        }
    )

    def beyond(self, limits: Limits) -> pl.Expr:
        return below(limits, {"least": share(pl.col("line_ends"), LINES)})
