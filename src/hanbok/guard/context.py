"""Words around a number that say what it is, or that it is something harmless."""

import re
from dataclasses import dataclass
from functools import cached_property

from hanbok.guard.table import heading_of

_REACH_BEFORE = 40
_REACH_AFTER = 16
_FAR = 1 << 30


@dataclass(frozen=True)
class Context:
    """Words that name a kind of data, found near a value or over its column."""

    words: str
    """Alternatives of a regular expression in lower case, without groups."""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.words)

    def before(self, text: str, start: int, reach: int = _REACH_BEFORE) -> str:
        """Return the last of the words that stands at most `reach` characters before `start`, or nothing."""
        found: list[str] = self._pattern.findall(text[max(0, start - reach) : start].lower())
        return found[-1] if found else ""

    def after(self, text: str, end: int, reach: int = _REACH_AFTER) -> str:
        """Return the first of the words within `reach` characters after `end`, or nothing."""
        found = self._pattern.search(text[end : end + reach].lower())
        return found[0] if found else ""

    def over(self, text: str, start: int) -> str:
        """Return the word in the heading of the column that `start` stands in, or nothing."""
        heading = heading_of(text, start)
        found = self._pattern.search(heading.lower()) if heading else None
        return found[0] if found else ""

    def near(self, text: str, start: int, end: int) -> str:
        """Return the word before, or else the one after, or the one over the column, or nothing."""
        return self.before(text, start) or self.after(text, end) or self.over(text, start)

    def nearer(self, other: "Context", text: str, start: int) -> bool:
        """Tell whether one of these words stands before `start`, closer to it than any of the other's."""
        mine = self.distance(text, start)
        return mine < _FAR and mine < other.distance(text, start)

    def distance(self, text: str, start: int) -> int:
        """Return how many characters before `start` the last of the words ends; a large number when none does."""
        window = text[max(0, start - _REACH_BEFORE) : start].lower()
        last = None
        for match in self._pattern.finditer(window):
            last = match
        return len(window) - last.end() if last else _FAR


_HARMLESS = (
    *[
        "주문",
        "송장",
        "운송장",
        "배송",
        "택배",
        "접수",
        "문서",
        "관리",
        "상품",
        "제품",
        "물품",
        "모델",
        "모델명",
        "품목",
        "품번",
        "부품",
        "일련",
        "시리얼",
        "사건",
        "허가",
    ],
    *[
        "승인",
        "거래",
        "예약",
        "참조",
        "로트",
        "바코드",
        "특허",
        "출원",
        "공고",
        "고시",
        "버전",
        "빌드",
        "티켓",
        "쿠폰",
        "교환권",
        "학번",
        "사번",
        "민원",
        "견적",
        "계약",
    ],
    *[
        "세금계산서",
        "영수증",
        "전표",
        "재고",
        "자산",
        "공정",
        "도서",
        "청구",
        "결재",
        "인증",
        "연번",
        "순번",
        "코드",
        "회원",
        "고객",
        "주차권",
        "대기",
        "추적",
        "규격",
    ],
    *["증서", "등록특허", "발주", "입고", "출고", "신고", "처리", "안건", "의안", "과제", "사업"],
    *[
        "order",
        "invoice",
        "tracking",
        "serial",
        "s/n",
        "model",
        "part",
        "sku",
        "lot",
        "isbn",
        "isbn-13",
        "isbn-10",
        "issn",
        "version",
        "ver",
        "ver.",
        "build",
    ],
    *[
        "ticket",
        "case",
        "product",
        "item",
        "ref",
        "barcode",
        "trace",
        "request",
        "req",
        "session",
        "job",
        "queued",
    ],
)
_NUMBER_WORDS = ("번호", "코드", "넘버", "no.", "no", "number", "id", "code", "#")
_BETWEEN = " \"'`\x1e([:=#\n\t_-"
_REACH_LABEL = 24


_LAST_LETTERS = frozenset(word[-1] for word in _HARMLESS)


def labelled_harmless(text: str, start: int) -> bool:
    """Tell whether a label of something harmless (an order, a product, a case) stands right before `start`."""
    label = text[max(0, start - _REACH_LABEL) : start].lower().rstrip(_BETWEEN)
    if label.endswith(("은", "는", "이", "가")):
        label = label[:-1].rstrip(_BETWEEN)
    if label[-1:] in _LAST_LETTERS and label.endswith(_HARMLESS):
        return True
    if not label.endswith(_NUMBER_WORDS):
        return False
    word = next(one for one in _NUMBER_WORDS if label.endswith(one))
    label = label[: -len(word)].rstrip(_BETWEEN)
    return label[-1:] in _LAST_LETTERS and label.endswith(_HARMLESS)
