"""Words around a number that say what it is, or that it is something harmless."""

import re
from dataclasses import dataclass
from functools import cached_property

from hanbok.guard.table import heading_of

_REACH_BEFORE = 40
_REACH_AFTER = 16
_FAR = 1 << 30

_HARMLESS = (
    r"주문|송장|운송장|배송|택배|접수|문서|관리|상품|제품|물품|모델|품목|품번|부품|일련|시리얼|사건|허가|승인|"
    r"거래|예약|참조|로트|바코드|특허|출원|공고|고시|버전|빌드|티켓|쿠폰|교환권|학번|사번|민원|견적|계약|"
    r"세금계산서|영수증|전표|재고|자산|공정|도서|청구|결재|인증|연번|순번|코드|회원|고객|주차권|대기|추적|규격|증서"
)
_HARMLESS_LABEL = re.compile(
    rf"(?:(?:{_HARMLESS})[ ]?(?:등록[ ]?)?(?:번호|코드|넘버|no\.?|id)?|"
    r"(?:order|invoice|tracking|serial|s/n|model|part|sku|lot|isbn(?:-1[03])?|issn|version|ver\.?|build|ticket|case|"
    r"product|item|ref|barcode|trace|request|req|session|job|queued)[ _]?(?:no\.?|number|id|code|#)?)"
    r"[ ]?(?:[은는이가]|[:=#])?[\s\"'\x1e(\[:]{0,4}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Context:
    """Words that name a kind of data, found near a value or over its column."""

    words: str
    """Alternatives of a regular expression without groups."""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.words, re.IGNORECASE)

    def before(self, text: str, start: int, reach: int = _REACH_BEFORE) -> str:
        """Return the last of the words that stands at most `reach` characters before `start`, or nothing."""
        found: list[str] = self._pattern.findall(text, max(0, start - reach), start)
        return found[-1] if found else ""

    def after(self, text: str, end: int, reach: int = _REACH_AFTER) -> str:
        """Return the first of the words within `reach` characters after `end`, or nothing."""
        found = self._pattern.search(text, end, end + reach)
        return found[0] if found else ""

    def over(self, text: str, start: int) -> str:
        """Return the word in the heading of the column that `start` stands in, or nothing."""
        found = self._pattern.search(heading_of(text, start))
        return found[0] if found else ""

    def near(self, text: str, start: int, end: int) -> str:
        """Return the word before, or else the one after, or the one over the column, or nothing."""
        return self.before(text, start) or self.after(text, end) or self.over(text, start)

    def nearer(self, other: "Context", text: str, start: int) -> bool:
        """Tell whether one of these words stands before `start`, closer to it than any of the other's."""
        return self.distance(text, start) < other.distance(text, start)

    def distance(self, text: str, start: int) -> int:
        """Return how many characters before `start` the last of the words ends; a large number when none does."""
        last = -_FAR
        for match in self._pattern.finditer(text, max(0, start - _REACH_BEFORE), start):
            last = match.end()
        return start - last


def labelled_harmless(text: str, start: int) -> bool:
    """Tell whether a label of something harmless (an order, a product, a case) stands right before `start`."""
    return _HARMLESS_LABEL.search(text, max(0, start - 24), start) is not None
