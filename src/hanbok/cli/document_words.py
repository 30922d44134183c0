"""Places of documents, and what of them holds no text to take, in Korean."""

from typing import Final

PLACES: Final = {
    "page": "쪽", "slide": "슬라이드", "sheet": "시트", "section": "구역", "header": "머리말", "footer": "꼬리말",
    "note": "주석", "comment": "댓글",
}  # fmt: skip
LEFT: Final = {
    "XFA form": "XFA 양식", "attachment": "첨부 파일", "chart": "차트", "damaged page": "손상된 쪽",
    "damaged text": "손상된 글", "deleted text": "지운 글", "form": "양식 개체", "missing part": "빠진 부분",
    "missing section": "빠진 구역", "object": "개체", "page without text": "글이 없는 쪽",
    "paragraph numbers": "문단 번호", "picture": "그림",
    "section outside the order of reading": "읽는 순서에 없는 구역", "text art": "글맵시",
    "tracked changes": "변경 내용 추적", "video": "동영상",
}  # fmt: skip
"""What `Document.unread` may name."""


def place_in_korean(place: str) -> str:
    """Return a place as Koreans write it: `3쪽`, `시트 매출`."""
    kind, gap, which = place.partition(" ")
    word = PLACES.get(kind, kind)
    return f"{which}{word}" if kind == "page" and which else f"{word}{gap}{which}"
