"""`hanbok scan` of a document: places of findings by page, sheet and part, and never what was found."""

import json
import re
from pathlib import Path

import pytest

from contracts.test_document import data_of, golden
from documents.made import pdf, slides, word
from hanbok.cli.document_words import LEFT
from hanbok.cli.verbs import run
from hanbok.core.errors import HanbokError
from hanbok.documents import hwp_records, hwpx_paragraphs, ooxml
from hanbok.documents.flow import NUMBERS
from hanbok.testing.korean import Identities

LOCKED = next(one for one in golden("docx") if one.get("error") == "document_locked")
RRN, MOBILE = Identities(11).rrn(), Identities(12).mobile()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "신청서.pdf").write_bytes(pdf("민원 신청서", f"첫 줄\n주민등록번호는 {RRN}입니다."))
    (tmp_path / "계약.docx").write_bytes(word(f"연락처 {MOBILE}"))
    (tmp_path / "글.txt").write_text(f"연락처 {MOBILE}", encoding="utf-8")
    return tmp_path


def scanned(capsys, *arguments):
    code = run(["scan", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_document_is_scanned_part_by_part_and_a_text_as_before(folder, capsys):
    code, rows = scanned(capsys, "신청서.pdf", "계약.docx", "글.txt")
    assert code == 1
    told = [(row["file"], row.get("place"), row["line"], row["column"], row["type"]) for row in rows]
    assert told == [
        ("신청서.pdf", "page 2", 2, 9, "RRN"),
        ("계약.docx", "", 2, 5, "PHONE"),
        ("글.txt", None, 1, 5, "PHONE"),
    ]
    assert RRN not in json.dumps(rows)


def test_what_a_person_is_shown_names_the_part_and_what_was_not_read(folder, capsys):
    (folder / "설명.pptx").write_bytes(slides(notes=f"문의 {MOBILE}"))
    assert run(["scan", "설명.pptx"]) == 1
    said = capsys.readouterr()
    assert {"슬라이드", "주석"} <= set(said.out.split())
    assert MOBILE not in said.out
    (folder / "사진.pdf").write_bytes(
        data_of(next(one for one in golden("pdf") if one.get("told", {}).get("unread")))
    )
    assert run(["scan", "사진.pdf"]) == 0
    assert "글이 없는 쪽" in capsys.readouterr().err
    assert run(["scan", "신청서.pdf"]) == 1
    assert "2쪽" in capsys.readouterr().out


def test_what_a_document_may_leave_unread_has_a_korean_word():
    told = {
        NUMBERS,
        *hwp_records._UNREAD.values(),
        *hwpx_paragraphs._UNREAD.values(),
        *ooxml._UNREAD.values(),
    }
    for path in Path(hwp_records.__file__).parent.rglob("*.py"):
        told.update(re.findall(r'(?:leave\(|unread\[)"([^"]+)"', path.read_text(encoding="utf-8")))
    assert told == LEFT.keys()


def test_the_name_of_a_sheet_is_not_told_where_it_is_somebody(folder, capsys):
    case = next(one for one in golden("xlsx") if "parts" in one)
    entries = {
        name: content.replace("매출", MOBILE).replace("<t>금액</t>", f"<t>{MOBILE}</t>")
        for name, content in case["entries"].items()
    }
    (folder / "표.xlsx").write_bytes(data_of(case | {"entries": entries}))
    _, [row] = scanned(capsys, "표.xlsx")
    assert (row["place"], row["type"]) == ("sheet", "PHONE")


def test_the_text_of_a_document_is_treated_and_written(folder, capfd):
    assert run(["scan", "신청서.pdf", "--apply", "redact"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("민원 신청서\n\n첫 줄\n주민등록번호는 ")
    assert RRN not in out


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("잠긴.docx", data_of(LOCKED), "document_locked"),
        ("깨진.pptx", slides()[:-100], "document_unreadable"),
        ("모르는.zip", b"PK\x03\x04" + bytes(100), "document_unknown"),
        ("글.bin", b"\x7fELF\xff", "unreadable"),
    ],
)
def test_a_document_that_cannot_be_read_is_named_with_its_reason(folder, name, data, code):
    (folder / name).write_bytes(data)
    with pytest.raises(HanbokError) as raised:
        run(["scan", name])
    assert raised.value.code == code
    assert name in str(raised.value)
    assert code == "unreadable" or re.search("[가-힣]", raised.value.facts["why"].ko)
