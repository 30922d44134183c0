"""Documents for the tests, written by the libraries that others write theirs with, and changed by hand where those
know less than the formats.
"""

import datetime as dt
import zipfile
from io import BytesIO

import docx
import openpyxl
import pptx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from openpyxl.comments import Comment
from pptx.util import Cm

BOXED = "<w:txbxContent><w:p><w:r><w:t>상자 안의 글</w:t></w:r></w:p></w:txbxContent>"
TEXT_BOX = f"""<w:r {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
 xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml">
<mc:AlternateContent>
<mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx>{BOXED}</wps:txbx></wps:wsp></w:drawing></mc:Choice>
<mc:Fallback><w:pict><v:textbox>{BOXED}</v:textbox></w:pict></mc:Fallback>
</mc:AlternateContent></w:r>"""
TRACKED = f"""<w:p {nsdecls("w")}><w:r><w:t>계약 기간은 </w:t></w:r>
<w:del w:author="a"><w:r><w:delText>일 년</w:delText></w:r></w:del>
<w:ins w:author="a"><w:r><w:t>이 년</w:t></w:r></w:ins><w:r><w:t>이다.</w:t><w:tab/><w:t>끝</w:t></w:r></w:p>"""
NOTES = f"""<w:footnotes {nsdecls("w")}>
<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>
<w:footnote w:id="1"><w:p><w:r><w:t>각주의 내용</w:t></w:r></w:p></w:footnote></w:footnotes>"""
FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"


def saved(document):
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def changed(data, entries):
    """Return a package with these entries in place of its own."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        named = dict(entries)
        for info in old.infolist():
            new.writestr(info.filename, named.pop(info.filename, None) or old.read(info))
        for name, content in named.items():
            new.writestr(name, content)
    return out.getvalue()


def entry(data, name):
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read(name).decode()


def word(body="본문의 첫 문단"):
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "용역 계약서", "총무과"
    document.add_heading("제1조", level=1)
    document.add_paragraph(body)
    table = document.add_table(2, 3)
    for at, text in enumerate(("항목", "금액", "비고", "용역비", "1,200,000원", "")):
        table.cell(at // 3, at % 3).text = text
    table.cell(0, 2).merge(table.cell(1, 2))
    inner = table.cell(1, 0).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "안", "쪽"
    document.element.body.insert(3, parse_xml(TRACKED))
    document.paragraphs[1]._p.append(parse_xml(TEXT_BOX))
    document.sections[0].header.paragraphs[0].text = "대외비"
    document.sections[0].footer.paragraphs[0].text = "한복상사"
    document.add_comment(document.paragraphs[0].runs, text="검토 바랍니다", author="a")
    data = saved(document)
    rels = entry(data, "word/_rels/document.xml.rels")
    added = rels.replace(
        "</Relationships>",
        f'<Relationship Id="n" Type="{FOOTNOTES}" Target="footnotes.xml"/></Relationships>',
    )
    return changed(data, {"word/_rels/document.xml.rels": added, "word/footnotes.xml": NOTES})


def slides(notes="천천히 말할 것"):
    show = pptx.Presentation()
    show.core_properties.title = "사업 설명회"
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "추진 배경"
    first.placeholders[1].text = "첫째\n둘째"
    table = first.shapes.add_table(2, 2, Cm(1), Cm(1), Cm(9), Cm(3)).table
    for at, text in enumerate(("연도", "예산", "2026", "3억 원")):
        table.cell(at // 2, at % 2).text = text
    first.notes_slide.notes_text_frame.text = notes
    second = show.slides.add_slide(show.slide_layouts[6])
    group = second.shapes.add_group_shape()
    for text in ("묶음 하나", "묶음 둘"):
        group.shapes.add_textbox(0, 0, Cm(3), Cm(1)).text_frame.text = text
    second._element.set("show", "0")
    return saved(show)


def workbook():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "매출"
    sheet.append(["날짜", "금액", "비율", "확정", "번호"])
    sheet.append([dt.date(2026, 3, 2), 1200000, 0.256, True, 10012345678])
    sheet["A2"].number_format, sheet["B2"].number_format = 'yyyy"년" m"월" d"일"', '#,##0"원"'
    sheet["C2"].number_format, sheet["E2"].number_format = "0.0%", "000-0000-0000"
    sheet["B2"].comment = Comment("부가세 별도", "a")
    sheet.oddHeader.center.text = "내부용 &P쪽"
    sheet.append(["=1+1", None, "가 나\n다"])
    hidden = book.create_sheet("숨은 표")
    hidden.sheet_state = "hidden"
    hidden["XFD1048576"] = "끝 칸"
    book.properties.creator, book.properties.title = "회계팀", "매출 현황"
    return saved(book)


def pdf(*pages):
    """Return a PDF in the font and the character map of old Korean offices, neither of which it holds."""
    font = "/BaseFont/HYSMyeongJo-Medium"
    system = "/CIDSystemInfo<</Registry(Adobe)/Ordering(Korea1)/Supplement 1>>"
    described = "/FontDescriptor<</Type/FontDescriptor/FontName/HYSMyeongJo-Medium/Flags 4>>"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{' '.join(f'{5 + 2 * at} 0 R' for at in range(len(pages)))}]/Count {len(pages)}>>",
        f"<</Type/Font/Subtype/Type0{font}/Encoding/KSCms-UHC-H/DescendantFonts[4 0 R]>>",
        f"<</Type/Font/Subtype/CIDFontType0{font}{system}/DW 1000{described}>>",
    ]
    for at, text in enumerate(pages):
        lines = "".join(f"<{line.encode('cp949').hex()}> Tj 0 -20 Td " for line in text.split("\n"))
        drawn = f"BT /F1 12 Tf 20 700 Td {lines}ET"
        page = "/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>"
        objects += [
            f"<</Type/Page/Parent 2 0 R{page}/Contents {6 + 2 * at} 0 R>>",
            f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream",
        ]
    body = "%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()
