"""Documents that other libraries wrote are read as they meant them, in their order."""

import pytest

from documents.made import pdf, slides, word, workbook
from hanbok.core.plugin import ExtraMissing, load
from hanbok.documents import reading
from hanbok.documents.reading import read
from hanbok.documents.shown import shown


def parts(document):
    return [(one.kind, one.place, one.text) for one in document.parts]


def test_a_word_document_with_a_box_a_merged_cell_a_nested_table_and_tracked_changes():
    document = read(word(), "계약.docx")
    body = """제1조
본문의 첫 문단
상자 안의 글
항목 | 금액 | 비고
용역비 안 | 쪽 | 1,200,000원
계약 기간은 이 년이다.\t끝"""
    assert parts(document) == [
        ("body", "", body),
        ("note", "", "각주의 내용"),
        ("comment", "", "검토 바랍니다"),
        ("header", "", "대외비"),
        ("footer", "", "한복상사"),
    ]
    assert (document.title, document.author, document.unread) == ("용역 계약서", "총무과", ())


def test_a_presentation_with_a_table_notes_a_group_and_a_hidden_slide():
    document = read(slides(), "설명회.pptx")
    assert parts(document) == [
        ("body", "slide 1", "추진 배경\n첫째\n둘째\n연도 | 예산\n2026 | 3억 원"),
        ("note", "slide 1", "천천히 말할 것"),
        ("body", "slide 2, hidden", "묶음 하나\n묶음 둘"),
    ]
    assert document.title == "사업 설명회"


def test_a_workbook_shows_numbers_and_dates_as_a_person_sees_them():
    document = read(workbook(), "매출.xlsx")
    rows = "날짜 | 금액 | 비율 | 확정 | 번호\n2026년 3월 2일 | 1,200,000원 | 25.6% | TRUE | 100-1234-5678\n가 나 다"
    assert parts(document) == [
        ("body", "sheet 매출", rows),
        ("header", "sheet 매출", "내부용 쪽"),
        ("comment", "sheet 매출", "부가세 별도"),
        ("body", "sheet 숨은 표, hidden", "끝 칸"),
    ]
    assert (document.title, document.author) == ("매출 현황", "회계팀")


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        (1234567.0, "#,##0", "1,234,567"),
        (-1234.5, "#,##0.00;[Red](#,##0.00)", "(1,234.50)"),
        (-0.5, "0%", "-50%"),
        (1234.0, '"₩"#,##0', "₩1,234"),
        (1234.0, "[$₩-412]#,##0", "₩1,234"),
        (1234.0, '_-* #,##0"원"_-', "1,234원"),
        (9999990000001.0, "000000-0000000", "999999-0000001"),
        (1012345678.0, "000-0000-0000", "010-1234-5678"),
        (110123456789.0, "General", "110123456789"),
        (0.1 + 0.2, "", "0.3"),
        (3.14159, "0.0#", "3.14"),
        (3.0, "0.0#", "3.0"),
        (12345.0, "0.00E+00", "1.23E+04"),
        (46083.0, "yyyy-mm-dd", "2026-03-02"),
        (46083.5, "yyyy/m/d h:mm AM/PM", "2026/3/2 12:00 오후"),
        (46083.0, 'm"월" d"일" aaaa', "3월 2일 월요일"),
        (46083.75, "yyyy-mm-dd hh:mm:ss", "2026-03-02 18:00:00"),
        (1.5, "[h]:mm", "36:00"),
        (1.0, "yyyy-mm-dd", "1900-01-01"),
        (1e12, "yyyy-mm-dd", "1000000000000"),
        (1e300, "#,##0", "1e+300"),
        (5.0, '"제"0"조"', "제5조"),
        (5.0, "@", "5"),
    ],
)
def test_a_code_of_numbers_gives_the_form_that_it_names(value, code, said):
    assert shown(value, code) == said


def test_a_workbook_of_the_old_macintosh_counts_days_from_1904():
    assert shown(0.0, "yyyy-mm-dd", from_1904=True) == "1904-01-01"


def test_what_needs_no_extra_is_read_without_it_and_the_rest_names_it(monkeypatch):
    def base(folder, name):
        if name in {"pdf", "html", "plain"}:
            raise ExtraMissing(name=name, package="pypdfium2", extra="documents")
        return load(folder, name)

    monkeypatch.setattr(reading, "load", base)
    assert read(slides(), "").parts
    with pytest.raises(ExtraMissing, match="'pdf' needs"):
        read(pdf("가"), "a.pdf")
