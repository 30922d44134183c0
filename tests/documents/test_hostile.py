"""Files made to harm, and files that accidents happened to: each is read or refused by an error of ours, in little time
and memory. The accidents come from seeds.
"""

import random
import re
import zipfile
from io import BytesIO

import pytest

from contracts.test_document import data_of, golden
from documents.made import changed, entry, pdf, slides, word, workbook
from hanbok.documents import archive
from hanbok.documents.errors import DocumentLocked, DocumentTooLarge, DocumentUnreadable
from hanbok.documents.format import Document, Limits
from hanbok.documents.reading import is_document, read
from hanbok.documents.shown import shown

PAGE = (
    b"<!doctype html><meta charset=euc-kr><p>&amp;\xb0\xa1<table><tr><td>1<td>2</table><textarea>x</textarea>"
)
MADE = {
    "a.docx": word(),
    "a.pptx": slides(),
    "a.xlsx": workbook(),
    "a.pdf": pdf("가나다\n라마바", "둘째 쪽"),
    "a.html": PAGE,
}
VALUES = (b"", b"-1", b"9" * 5000, b"NaN", b"inf", b"1e400", b"../../x", b"%s", b"rId1", "가".encode())


def damaged(data, chance):
    """Return bytes with some changed, cut out, added or doubled."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(changed))
        changed[at : at + chance.choice((1, 1, 1, 0, 90))] = chance.choice(
            (chance.randbytes(1), chance.randbytes(9), b"", bytes(changed[at : at + 200]))
        )
    return bytes(changed[: chance.choice((len(changed), len(changed), len(changed) // 2))])


def twisted(data, chance):
    """Return a package that is whole, with attributes, texts and elements of one of its parts changed."""
    with zipfile.ZipFile(BytesIO(data)) as package:
        name = chance.choice([one for one in package.namelist() if "theme" not in one and "xml" in one])
        pieces = re.findall(rb"<[^>]*>|[^<]+", package.read(name))
    for _ in range(chance.randint(1, 5)):
        at, value = chance.randrange(len(pieces)), chance.choice(VALUES)
        if not pieces[at].startswith(b"<"):
            pieces[at] = value
        elif pieces[at].endswith(b"/>") and chance.random() < 0.3:
            pieces[at] *= chance.choice((0, 2))
        else:
            pieces[at] = re.sub(rb'"[^"]*"', b'"' + value + b'"', pieces[at], count=1)
    return changed(data, {name: b"".join(pieces)})


@pytest.mark.parametrize("name", MADE)
def test_accidents_end_in_text_or_in_an_error_of_ours(name):
    ends = set()
    for seed in range(12 if name == "a.pdf" else 80):
        chance = random.Random(seed)
        twist = twisted if seed % 2 and is_document(MADE[name]) and name != "a.pdf" else damaged
        try:
            ends.add(type(read(twist(MADE[name], chance), name)))
        except DocumentUnreadable as error:
            ends.add(type(error))
    assert Document in ends
    assert name == "a.html" or DocumentUnreadable in ends


def test_any_code_of_numbers_and_any_number_give_a_text():
    for seed in range(600):
        chance = random.Random(seed)
        code = "".join(chance.choices('#0?.,%E+-ymdhsa;"\\[$₩-412]원_*/ @AMPM', k=chance.randint(0, 30)))
        value = chance.choice((0.0, -1.5, 46083.25, 1e15, 1e300, -1e-300, float("inf"), float("nan")))
        assert isinstance(shown(value, code, from_1904=bool(seed % 2)), str)


def bomb(name, part, content):
    return changed(MADE[name], {part: content})


BODY, SHEET = "word/document.xml", "xl/worksheets/sheet1.xml"
TEXT = b"<s><row><c t='str'><v>" + b"x" * (2 << 20) + b"</v></c></row></s>"
HOSTILE = [
    ("a.docx", lambda: bomb("a.docx", BODY, b" " * (9 << 20)), DocumentTooLarge),
    ("a.docx", lambda: bomb("a.docx", BODY, b"<a>" * 100_000 + b"</a>" * 100_000), DocumentTooLarge),
    ("a.docx", lambda: bomb("a.docx", BODY, b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), DocumentUnreadable),
    ("a.docx", lambda: bomb("a.docx", "_rels/.rels", b"<a/>"), DocumentUnreadable),
    ("a.pptx", lambda: bomb("a.pptx", "ppt/_rels/presentation.xml.rels", b"<a/>"), DocumentUnreadable),
    ("a.xlsx", lambda: bomb("a.xlsx", SHEET, TEXT), DocumentTooLarge),
    (
        "a.xlsx",
        lambda: bomb("a.xlsx", SHEET, b"<s>" + b"<row><c t='s'><v>0</v></c></row>" * 9_000 + b"</s>"),
        None,
    ),
    ("a.pptx", lambda: b"PK\x03\x04" + random.Random(1).randbytes(1 << 20), DocumentUnreadable),
    ("a.pdf", lambda: b"%PDF-1.7\n" + random.Random(2).randbytes(7 << 20), DocumentUnreadable),
    (
        "a.xlsx",
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + random.Random(3).randbytes(1 << 20),
        DocumentUnreadable,
    ),
    ("a.html", lambda: b"<html>" + b"<div>" * 100_000, None),
    ("a.html", lambda: b"<html><table>" * 20_000, None),
]


@pytest.mark.parametrize(("name", "made", "error"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_file_made_to_harm_is_refused_or_costs_what_it_holds(name, made, error):
    data, limits = made(), Limits(unpacked=8 << 20)
    if error is None:
        read(data, name, limits)
    else:
        with pytest.raises(error) as raised:
            read(data, name, limits)
        assert raised.type is error


def test_elements_beyond_count_are_refused_however_many_parts_hold_them(monkeypatch):
    monkeypatch.setattr(archive, "_ALL_MARKS", 50_000)
    with pytest.raises(DocumentTooLarge):
        read(bomb("a.xlsx", SHEET, b"<s>" + b"<c/>" * 50_000 + b"</s>"), "a.xlsx")


def test_a_sheet_that_claims_all_cells_there_can_be_costs_what_it_holds():
    sheet = entry(MADE["a.xlsx"], SHEET)
    claimed = re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', sheet)
    rows = "".join(
        f'<row r="{1048576 - at}"><c r="XFD{1048576 - at}"><v>1</v></c></row>' for at in range(2000, 0, -1)
    )
    claimed = claimed.replace("</sheetData>", rows + "</sheetData>")
    document = read(bomb("a.xlsx", SHEET, claimed), "a.xlsx")
    assert document.parts[0].text.count("\n") == 2002


def looping(kids, more=""):
    pages = f"2 0 obj<</Type/Pages/Kids[{kids}]/Count 9999>>endobj\n"
    top = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    return f"%PDF-1.4\n{top}{pages}{more}trailer<</Root 1 0 R/Size 9>>\n".encode()


@pytest.mark.parametrize(
    "data",
    [
        looping("2 0 R 2 0 R"),
        looping("3 0 R", "3 0 obj<</Type/Pages/Kids[2 0 R]/Count 9>>endobj\n"),
        looping("3 0 R", "3 0 obj<</Type/Page/Parent 2 0 R/Contents 3 0 R>>endobj\n"),
        looping("3 0 R", "3 0 obj<</Type/Page/Contents 4 0 R>>endobj\n4 0 obj<</Length 4 0 R>>stream\nx endstream\n"),
        b"%PDF-1.5\ntrailer<</Root 1 0 R/Prev 9/XRefStm 9>>\nstartxref\n9\n%%EOF",
    ],
    ids=range(5),
)  # fmt: skip
def test_a_pdf_that_goes_in_circles_comes_to_an_end(data):
    try:
        assert not read(data, "a.pdf", Limits(seconds=5)).parts
    except DocumentUnreadable as error:
        assert not isinstance(error, DocumentLocked)  # noqa: PT017 - it may be refused, or hold no text


def test_a_pdf_that_takes_too_long_is_ended_from_outside():
    forms = "".join(
        f"{at} 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X {at + 1} 0 R>>>>/Length 60>>"
        f"stream\n{'/X Do ' * 10}\nendstream endobj\n"
        for at in range(4, 24)
    )
    own = "/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>"
    page = f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]{own}>>endobj\n"
    with pytest.raises(DocumentTooLarge, match="takes more than 1 seconds"):
        read(looping("3 0 R", page + forms), "a.pdf", Limits(seconds=1))


def test_a_pdf_with_the_empty_password_is_read_and_another_one_is_locked():
    import pypdf  # noqa: PLC0415 - for this test alone

    for password in ("", "열쇠"):
        writer = pypdf.PdfWriter(clone_from=BytesIO(MADE["a.pdf"]))
        writer.encrypt(password, owner_password="owner", algorithm="AES-256")
        out = BytesIO()
        writer.write(out)
        if password:
            with pytest.raises(DocumentLocked):
                read(out.getvalue(), "a.pdf")
        else:
            assert read(out.getvalue(), "a.pdf").parts[1].text == "둘째 쪽"


def test_the_process_that_reads_a_pdf_has_no_environment(monkeypatch):
    from hanbok.documents.formats import pdf as reader  # noqa: PLC0415

    asked = []
    run = reader.subprocess.run
    monkeypatch.setattr(
        reader.subprocess, "run", lambda *given, **how: asked.append(how) or run(*given, **how)
    )
    case = golden("pdf")[0]
    assert read(data_of(case), "a.pdf").parts
    assert asked[0]["env"] == {}
