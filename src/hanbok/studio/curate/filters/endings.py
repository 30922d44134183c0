"""Korean without particles and endings.

The published filter looks for two of 21 frequent morphemes, which needs a morphological analysis at 0.03 MB a second.
All but 하, 했, 있 and 되 stand at the end of an eojeol, so its last letters say nearly the same; in Korean prose about
half of all eojeols end in one of these.
"""

from typing import ClassVar, Final

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.filter import WORDS, Limits, below, share
from hanbok.studio.curate.measure import Seeks

_PHRASES: Final = (
    "의 ", "다 ", "다.", "은 ", "는 ", "이 ", "가 ", "을 ", "를 ", "에 ", "한 ", "고 ", "에서 ", "로 ", "인 ", "년 ",
    "월 ", "요.", "요 ", "도 ", "와 ", "과 ", "면 ", "게 ", "했", "있", "되", "하",
)  # fmt: skip


class Endings:
    why: ClassVar[Text] = Text(
        ko="조사와 어미가 거의 없습니다: 검색어 나열, 메뉴, 상품 이름, 아무 글자",
        en="hardly any particle or ending: key words, menus, names of goods, random syllables",
    )
    languages: ClassVar[frozenset[str]] = frozenset({"ko"})
    seeks: ClassVar[Seeks] = Seeks(
        classes={
            "ending": "[의다은는이가을를에한고서로인요도와과면지게며자까네죠음됨함]",
            "after_ending": r"""[.,!?…"'”’)\]」』]""",
        },
        phrases=_PHRASES,
    )

    def beyond(self, limits: Limits) -> pl.Expr:
        return below(limits, {"kinds": pl.col("phrases"), "share": share(pl.col("ended"), WORDS)})
