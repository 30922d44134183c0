"""Lines of a page become paragraphs where the page leaves no doubt, and stay lines where it does."""

import pytest

from hanbok.documents.paragraphs import Line, joined, spaced


def page(*rows, right=500.0, height=10.0, pitch=15.0):
    """Lay lines out one below the other; a row is its text, or the text and what is different about it."""
    lines = []
    for at, row in enumerate(rows):
        text, own = row if isinstance(row, tuple) else (row, {})
        top = 800 - pitch * at - own.get("lower", 0)
        tall = own.get("height", height)
        left = own.get("left", 70.0)
        lines.append(Line(text, left, top - tall, own.get("right", right), top, own.get("gap", 3.0)))
    return lines


FULL = ("가나다라 마바사아 자차", "카타파하 가나다라 ", "마바사아 자차카타 파")

BEGUN = "".join(FULL)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((*FULL, ("끝이다.", {"right": 120.0})), BEGUN + "끝이다."),
        ((*FULL, "다. 이어진다."), BEGUN + "다. 이어진다."),
        ((*FULL[:2], "끝이다.", "다. 다음 항목"), "가나다라 마바사아 자차카타파하 가나다라 끝이다.\n다. 다음 항목"),
        ((*FULL, "- 항목"), BEGUN + "\n- 항목"),
        ((*FULL, "제2조(목적)"), BEGUN + "\n제2조(목적)"),
        ((*FULL, ("들여 쓴 줄", {"left": 80.0})), BEGUN + "\n들여 쓴 줄"),
        ((*FULL, ("떨어진 줄", {"lower": 20.0})), BEGUN + "\n떨어진 줄"),
        ((*FULL, ("작은 글", {"height": 6.0})), BEGUN + "\n작은 글"),
    ],
)  # fmt: skip
def test_full_lines_go_on_and_others_end(rows, said):
    lines = page(*rows)
    assert spaced(lines)
    assert joined(lines, spaces=True) == said


@pytest.mark.parametrize(
    "rows",
    [
        [(text, {"gap": 80.0}) for text in ("항목 금액 ", "용역비 1,200,000원 ", "재료비 300,000원 ", "계")],
        [
            (text, {"right": end})
            for text, end in (("이름: 가 ", 130.0), ("부서: 총무과 ", 180.0), ("전화", 100.0))
        ],
        ["제1장 총칙 ........ 1", "제2장 계약 ........ 2", "부칙 ............ 3", "끝"],
        ["한 줄뿐인 글"],
        [],
    ],
)
def test_tables_short_lines_and_contents_stay_lines(rows):
    lines = page(*rows)
    assert not spaced(lines)
    assert joined(lines, spaces=True) == "\n".join(one.text for one in lines)


def test_without_spaces_at_breaks_korean_lines_stay_and_latin_ones_are_joined():
    korean = page("글자 단위로 나뉘었습니다.", "2026년의 글입니다 또", "그리고 또 다음 줄이고", "끝")
    assert not spaced(korean)
    assert joined(korean, spaces=False).count("\n") == 3
    latin = page("a paragraph that", "wraps over lines", "of one width", ("here.", {"right": 90.0}))
    assert joined(latin, spaces=False) == "a paragraph that wraps over lines of one width here."
