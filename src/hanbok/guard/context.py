"""Words around a number that say what it is, or that it is something harmless."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from hanbok.guard.table import heading_of

_REACH_BEFORE = 40
_REACH_AFTER = 16
_WORDY = re.compile(r"[^0-9\s.,:;()/-]")
"""What every word has some of: between number and number there are often no words at all."""


class Surroundings(NamedTuple):
    """What stands before and after a value and over its column, in lower case; empty where there is no word."""

    before: str
    after: str
    over: str


def surroundings(text: str, start: int, end: int) -> Surroundings:
    """Return the windows that `Context.near` looks at."""
    before, after = text[max(0, start - _REACH_BEFORE) : start], text[end : end + _REACH_AFTER]
    return Surroundings(
        before.lower() if _WORDY.search(before) else "",
        after.lower() if _WORDY.search(after) else "",
        heading_of(text, start).lower(),
    )


def _quick(words: str) -> str:
    """Return a pattern that finds the same, and passes over a place where no letter of the words stands.

    Where every word begins with a plain letter, `re` does so by itself.
    """
    plain = _AROUND.sub("", words)
    if not _INVOLVED.search(words) or _OPEN.search(plain):
        return words
    return f"(?=[{re.escape(''.join(sorted(set(plain) - {' '})))}])(?:{words})"


_AROUND = re.compile(r"\(\?<?[!=][^)]*\)")
_INVOLVED = re.compile(r"(?:^|\|)[(\[\\]")
_OPEN = re.compile(r"\[\^|\w-\w|\\[swdSWDB]|(?<![\\[])\.|(?:^|\|)\[ \]")
"""What could begin with a letter that is not in the pattern: ranges, classes, any character; or with a blank."""


@dataclass(frozen=True)
class Context:
    """Words that name a kind of data, found near a value or over its column."""

    words: str
    """Alternatives of a regular expression in lower case, without groups."""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(_quick(self.words))

    def before(self, text: str, start: int, reach: int = _REACH_BEFORE) -> str:
        """Return the last of the words that stands at most `reach` characters before `start`, or nothing."""
        window = text[max(0, start - reach) : start]
        if not _WORDY.search(window):
            return ""
        found: list[str] = self._pattern.findall(window.lower())
        return found[-1] if found else ""

    def after(self, text: str, end: int, reach: int = _REACH_AFTER) -> str:
        """Return the first of the words within `reach` characters after `end`, or nothing."""
        window = text[end : end + reach]
        found = self._pattern.search(window.lower()) if _WORDY.search(window) else None
        return found[0] if found else ""

    def over(self, text: str, start: int) -> str:
        """Return the word in the heading of the column that `start` stands in, or nothing."""
        heading = heading_of(text, start)
        found = self._pattern.search(heading.lower()) if heading else None
        return found[0] if found else ""

    def near(self, text: str, start: int, end: int) -> str:
        """Return the word before, or else the one after, or the one over the column, or nothing."""
        return self.before(text, start) or self.after(text, end) or self.over(text, start)

    def among(self, words: "Surroundings") -> str:
        """Return what `near` does, of windows that several questions share."""
        before, after, over = words
        if before:
            found: list[str] = self._pattern.findall(before)
            if found:
                return found[-1]
        match = (after and self._pattern.search(after)) or (over and self._pattern.search(over))
        return match[0] if match else ""

    def last(self, window: str) -> int:
        """Return where the last of the words in `window` (in lower case) ends, or -1."""
        end = -1
        for match in self._pattern.finditer(window):
            end = match.end()
        return end


_HARMLESS_WORDS = (
    "송장 운송장 문서 상품 제품 물품 모델 모델명 품목 품번 부품 일련 시리얼 사건 허가 참조 로트 바코드 특허 출원 공고 "
    "고시 버전 빌드 티켓 쿠폰 교환권 학번 사번 세금계산서 영수증 전표 재고 자산 "
    "공정 도서 결재 연번 순번 코드 주차권 추적 규격 증서 등록특허 발주 입고 출고 의안 과제 "
    "order invoice tracking "
    "serial s/n model part sku lot isbn isbn-13 isbn-10 issn version ver ver. build ticket case "
    "product item ref barcode trace request req session job queued"
)
_NUMBERED_WORDS = (
    "주문 배송 택배 접수 관리 예약 거래 민원 견적 계약 청구 인증 회원 고객 대기 신고 처리 안건 사업 승인"
)
_HARMLESS = tuple(_HARMLESS_WORDS.split())
_HARMLESS_NUMBERS = (*_HARMLESS, *_NUMBERED_WORDS.split())
"""Words of which only the number is harmless: 고객번호, but behind 고객: stands what identifies one."""
_NUMBER_WORDS = ("번호", "코드", "넘버", "no.", "no", "number", "id", "code", "#")
_BETWEEN = " \"'`\x1e([:=#\n\t_-"
_REACH_LABEL = 24


_LAST_LETTERS = frozenset(word[-1] for word in _HARMLESS)
_ENDS = frozenset("은는이가") | _LAST_LETTERS | frozenset(word[-1] for word in _NUMBER_WORDS)
"""What a label that may be harmless ends in."""


def labelled_harmless(text: str, start: int) -> bool:
    """Tell whether a label of something harmless (an order, a product, a case) stands right before `start`."""
    label = text[max(0, start - _REACH_LABEL) : start].lower().rstrip(_BETWEEN)
    if label[-1:] not in _ENDS:
        return False
    if label.endswith(("은", "는", "이", "가")):
        label = label[:-1].rstrip(_BETWEEN)
    if label[-1:] in _LAST_LETTERS and label.endswith(_HARMLESS):
        return True
    if not label.endswith(_NUMBER_WORDS):
        return False
    word = next(one for one in _NUMBER_WORDS if label.endswith(one))
    label = label[: -len(word)].rstrip(_BETWEEN)
    return label.endswith(_HARMLESS_NUMBERS)
