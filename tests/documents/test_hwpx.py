"""HWPX: what OWPML holds is read in order; the twelve real documents, and the same document in both formats."""

import copy
import random
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hanbok.documents.errors import DocumentLocked, DocumentTooLarge, DocumentUnreadable
from hanbok.documents.format import Limits
from hanbok.documents.reading import read

REAL = Path(__file__).parents[3] / "shared" / "data" / "docs"
OWPML = "http://www.hancom.co.kr/hwpml/2011/"
LATER = "http://www.owpml.org/owpml/2024/"
"""The namespaces of the edition of 2024."""
LOCKED = """<odf:manifest xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<odf:file-entry full-path="Contents/section0.xml"><odf:encryption-data/></odf:file-entry></odf:manifest>"""


def hwpx(*bodies, spine=None, names=OWPML, **entries):
    """Return a document with these sections; `__` in the name of a further entry stands for `/`, `_xml` for `.xml`."""
    numbered = dict(enumerate(bodies))
    items = "".join(f'<item id="s{at}" href="Contents/section{at}.xml"/>' for at in numbered)
    order = "".join(f'<itemref idref="s{at}"/>' for at in (numbered if spine is None else spine))
    manifest = f"""<package><metadata><title>용역 계약서</title><meta name="creator">총무과</meta></metadata>
    <manifest><item id="header" href="Contents/header.xml"/><item id="m0" href="masterpage0.xml"/>{items}</manifest>
    <spine><itemref idref="header"/>{order}</spine></package>"""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", "application/hwp+zip")
        package.writestr("Contents/header.xml", entries.pop("header", "<head/>"))
        package.writestr("Contents/content.hpf", manifest)
        for at, body in numbered.items():
            section = f'<hs:sec xmlns:hs="{names}section" xmlns:hp="{names}paragraph">{body}</hs:sec>'
            package.writestr(f"Contents/section{at}.xml", section)
        for name, content in entries.items():
            package.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


def p(*runs):
    return "<hp:p>" + "".join(f"<hp:run>{one}</hp:run>" for one in runs) + "</hp:p>"


def t(text):
    return f"<hp:t>{text}</hp:t>"


def listed(*paragraphs):
    return "<hp:subList>" + "".join(p(t(one)) for one in paragraphs) + "</hp:subList>"


def cell(row, column, *texts, inside=""):
    return f'<hp:tc>{inside or listed(*texts)}<hp:cellAddr colAddr="{column}" rowAddr="{row}"/></hp:tc>'


def table(*rows, more=""):
    return f"<hp:tbl>{more}" + "".join(f"<hp:tr>{one}</hp:tr>" for one in rows) + "</hp:tbl>"


def nested(levels):
    inner = p(t("속"))
    for _ in range(levels):
        inner = p(table(f"<hp:tc><hp:subList>{inner}</hp:subList></hp:tc>"))
    return inner


def parts(document):
    return [(one.kind, one.place, one.text) for one in document.parts]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (p(t("첫째")) + p() + p(t(" 둘"), t("째 ")), "첫째\n둘째"),
        (
            p(t("가<hp:tab/>나<hp:hyphen/>다<hp:nbSpace/>라<hp:fwSpace/>마<hp:lineBreak/>바")),
            "가\t나-다 라 마\n바",
        ),
        (p(t("<hp:markpenBegin/>형광<hp:markpenEnd/>펜<hp:titleMark/>")), "형광펜"),
        (
            p(
                t('기간은 <hp:deleteBegin Id="1"/>일'),
                t(" 년<hp:deleteEnd/>"),
                t("<hp:insertBegin/>이 년"),
                t("이다"),
            ),
            "기간은 이 년이다",
        ),
        (
            p(t("앞") + f"<hp:rect><hp:drawText>{listed('상자')}</hp:drawText></hp:rect>" + t("뒤")),
            "앞뒤\n상자",
        ),
        (
            p(
                f"<hp:container><hp:rect><hp:drawText>{listed('하나')}</hp:drawText></hp:rect><hp:ellipse><hp:drawText>"
                f"{listed('둘')}</hp:drawText></hp:ellipse></hp:container>"
            ),
            "하나\n둘",
        ),
        (p(t("식 ") + "<hp:equation><hp:script>a = b</hp:script></hp:equation>" + t("이다")), "식 a = b이다"),
        (p('<hp:compose composeText="秘"/>' + t("문서")), "秘문서"),
        (
            p("<hp:dutmal><hp:mainText>大韓</hp:mainText><hp:subText>대한</hp:subText></hp:dutmal>"),
            "大韓(대한)",
        ),
        (p('<hp:ctrl><hp:autoNum num="7" numType="PAGE"/></hp:ctrl>' + t("쪽")), "쪽"),
        (
            p(
                '<hp:ctrl><hp:fieldBegin type="HYPERLINK"/></hp:ctrl>'
                + t("누리집")
                + "<hp:ctrl><hp:fieldEnd/></hp:ctrl>"
            ),
            "누리집",
        ),
        (
            p(table(cell(0, 0, "항목") + cell(0, 1, "금액"), cell(1, 1, "천", "원") + cell(1, 0, "가"))),
            "항목 | 금액\n가 | 천 원",
        ),
        (p(table(cell(0, 0, "틀 안의", "두 문단"))), "틀 안의\n두 문단"),
        (
            p(
                table(
                    cell(0, 0, "겉")
                    + cell(
                        0,
                        1,
                        inside=f"<hp:subList>{p(t('속'), table(cell(0, 0, '가') + cell(0, 1, '나')))}</hp:subList>",
                    )
                )
            ),
            "겉 | 속\n가 | 나",
        ),
        (
            p(
                table(
                    cell(0, 0, "가") + cell(0, 1, "나"),
                    more=f'<hp:caption side="BOTTOM">{listed("표 설명")}</hp:caption>',
                )
            ),
            "가 | 나\n표 설명",
        ),
        (
            p(
                table(
                    cell(0, 0, "가") + cell(0, 1, "나"),
                    more=f'<hp:caption side="TOP">{listed("표 설명")}</hp:caption>',
                )
            ),
            "표 설명\n가 | 나",
        ),
        (
            p(table("<hp:tc>" + listed("주소 없는") + "</hp:tc><hp:tc>" + listed("칸") + "</hp:tc>")),
            "주소 없는 | 칸",
        ),
        (p(table(cell("9" * 5000, "-1", "거짓") + cell(0, 1, "주소"))), "거짓 | 주소"),
    ],
)
def test_what_a_paragraph_holds(body, text):
    for names in (OWPML, LATER):
        assert parts(read(hwpx(body, names=names), "a.hwpx")) == [("body", "section 1", text)]


def test_what_is_not_of_the_body_stands_by_its_kind_and_sections_in_the_order_of_the_spine():
    number = '<hp:ctrl><hp:autoNum num="1" numType="FOOTNOTE"><hp:autoNumFormat suffixChar=")"/></hp:autoNum></hp:ctrl>'
    first = (
        p(
            f"<hp:ctrl><hp:header>{listed('대외비')}</hp:header></hp:ctrl><hp:ctrl><hp:footer>{listed('한복상사')}</hp:footer></hp:ctrl>"
        )
        + p('<hp:secPr><hp:masterPage idRef="m0"/></hp:secPr>')
        + p(
            t("본문")
            + f"<hp:ctrl><hp:footNote><hp:subList>{p(number, t(' 각주'))}</hp:subList></hp:footNote></hp:ctrl>"
            + t("이다")
        )
        + p(
            f"<hp:ctrl><hp:hiddenComment>{listed('숨은 설명')}</hp:hiddenComment></hp:ctrl>"
            f'<hp:ctrl><hp:fieldBegin type="MEMO">{listed("메모")}</hp:fieldBegin></hp:ctrl>'
        )
        + p(
            "<hp:pic/><hp:switch><hp:case><hp:chart/></hp:case><hp:default><hp:ole/></hp:default></hp:switch>"
        )
    )
    master = f'<m:masterPage xmlns:m="{OWPML}master-page" xmlns:hp="{OWPML}paragraph">{listed("바탕쪽")}</m:masterPage>'
    document = read(hwpx(p(t("둘째 구역")), first, spine=(1, 0), Contents__masterpage0_xml=master), "a.hwpx")
    assert parts(document) == [
        ("body", "section 1", "본문이다"),
        ("note", "section 1", "1) 각주"),
        ("comment", "section 1", "숨은 설명\n메모"),
        ("header", "section 1", "대외비\n바탕쪽"),
        ("footer", "section 1", "한복상사"),
        ("body", "section 2", "둘째 구역"),
    ]
    assert (document.title, document.author) == ("용역 계약서", "총무과")
    assert document.unread == ("picture", "chart")


@pytest.mark.parametrize(
    ("heading", "unread"),
    [("NONE", ()), ("OUTLINE", ("paragraph numbers",)), ("NUMBER", ("paragraph numbers",)), ("BULLET", ())],
)
def test_numbers_that_the_program_counts_are_told(heading, unread):
    head = f'<h:head xmlns:h="{OWPML}head"><h:paraPr id="7"><h:heading type="{heading}"/></h:paraPr></h:head>'
    numbered = p(t("목적")).replace("<hp:p>", '<hp:p paraPrIDRef="7">')
    assert read(hwpx(numbered, header=head), "a.hwpx").unread == unread
    assert read(hwpx(p(t("목적")), header=head), "a.hwpx").unread == ()


@pytest.mark.parametrize(
    ("data", "unread"),
    [
        (hwpx(p(t("글")), p(t("밖의 글")), spine=(0,)), "section outside the order of reading"),
        (hwpx(p(t("글")), spine=(0, 7)), "missing part"),
        (hwpx(p(t("글")) + p('<hp:secPr><hp:masterPage idRef="m0"/></hp:secPr>')), "missing part"),
        (hwpx(p(t("글<hp:deleteBegin/>지운 글"))), "deleted text"),
    ],
)
def test_what_is_left_out_is_told(data, unread):
    document = read(data, "a.hwpx")
    assert (parts(document), document.unread) == ([("body", "section 1", "글")], (unread,))


@pytest.mark.parametrize(
    ("data", "error", "why"),
    [
        (hwpx(p(t("글")), **{"META-INF__manifest_xml": LOCKED}), DocumentLocked, "a password"),
        (hwpx(p(t("글")), spine=()), DocumentUnreadable, "no section"),
        (hwpx(p(t("글"))[:-3]), DocumentUnreadable, "not well formed"),
        (
            hwpx(p(t("글")), **{"META-INF__container_xml": "<!DOCTYPE a []><a/>"}),
            DocumentUnreadable,
            "DOCTYPE",
        ),
        (hwpx(p(t("글")))[:900], DocumentUnreadable, "ZIP"),
        (hwpx(nested(17)), DocumentTooLarge, "deeper than 16"),
        (
            hwpx(p("<hp:rect>" * 50_000 + "</hp:rect>" * 50_000 + t("글" * 700)) * 3),
            DocumentTooLarge,
            "characters",
        ),
        (hwpx(p(t("가" * 1000)), p(t("나" * 1001))), DocumentTooLarge, "characters of text"),
    ],
)
def test_what_was_made_to_harm_ends_in_an_error(data, error, why):
    with pytest.raises(DocumentUnreadable, match=why) as raised:
        read(data, "a.hwpx", Limits(characters=2000))
    assert type(raised.value) is error


def shuffled(section, chance):
    """Return the section with an element moved, doubled or renamed."""
    root = ET.fromstring(f'<sec xmlns:hp="{OWPML}paragraph">{section}</sec>')  # noqa: S314 - made above
    for _ in range(chance.choice((1, 2, 8))):
        chosen, other = chance.choices([*root.iter()], k=2)
        if chance.random() < 0.5 and chosen is not root and chosen not in set(other.iter()):
            other.append(copy.deepcopy(chosen))
        chosen.tag = other.tag
        chosen.attrib.update(other.attrib)
    return "".join(ET.tostring(one, encoding="unicode") for one in root)


def test_seeded_mutations_end_in_text_or_in_an_error_of_ours():
    section = p(t("본문") + f"<hp:ctrl><hp:footNote>{listed('각주')}</hp:footNote></hp:ctrl>") + nested(3)
    whole = hwpx(section)
    chance = random.Random(20261122)
    ended = {"read": 0, "refused": 0}
    for number in range(400):
        if number % 2:
            broken = hwpx(shuffled(section, chance))
        else:
            data = bytearray(whole)
            at = chance.randrange(len(data))
            data[at : at + chance.choice((1, 4))] = chance.randbytes(chance.choice((0, 1, 4)))
            broken = bytes(data)
        try:
            read(broken, "a.hwpx", Limits(unpacked=1 << 20))
            ended["read"] += 1
        except DocumentUnreadable:
            ended["refused"] += 1
    assert min(ended.values()) > 30


def real(name):
    path = REAL / name
    if not path.exists():
        pytest.skip("shared/data/docs is not here: real documents are not read")
    return path.read_bytes()


def test_the_same_document_in_both_formats_has_the_same_text():
    binary, markup = read(real("chart.hwp"), "chart.hwp"), read(real("chart.hwpx"), "chart.hwpx")
    assert binary == markup
    assert (binary.title, binary.author, binary.unread) == ("유형 1", "ymy", ())
    text = binary.parts[0].text
    assert (
        "사이버범죄 발생 통계(단위 : %)\n구분 | 10대 | 20대 | 30대 | 40대 이상 | 합계\n2015년 | 11.2 | 24.7"
        in text
    )


@pytest.mark.parametrize(
    ("name", "parts_of"),
    [
        ("표.hwp", [("body", "section 1", "ABC 123 | DEF | GHI\nLMN | OPQ | STR\nUVM | 123 | 456\n표 1")]),
        ("글상자.hwp", [("body", "section 1", "ABC\n그림 1\n123\nABC")]),
        ("필드.hwp", [("body", "section 1", "박성균")]),
        ("HeaderFooter.hwpx", [("header", "section 1", "머리말 테스트"), ("footer", "section 1", "꼬리말")]),
        ("SimpleTable.hwpx", [("body", "section 1", "1 | 2\n3\n5 | 4")]),
        ("30_table_merge_min.hwpx", [("body", "section 1", "<<TABLE_MERGE_01>>")]),
    ],
)
def test_small_real_documents(name, parts_of):
    assert parts(read(real(name), name)) == parts_of


@pytest.mark.parametrize(
    "name",
    [
        "A_form.hwpx",
        "HeaderFooter.hwpx",
        "MultiColumn.hwpx",
        "SimpleTable.hwpx",
        "blank_form_1-2hak.hwpx",
        "chart.hwpx",
    ],
)
def test_no_character_of_a_real_document_is_lost(name):
    data = real(name)
    with zipfile.ZipFile(BytesIO(data)) as package:
        root = ET.fromstring(package.read("Contents/section0.xml"))  # noqa: S314 - a file of ours
    runs = ("".join(one.itertext()) for one in root.iter() if one.tag.endswith("}t"))
    text = "".join(one.text for one in read(data, name).parts)
    assert sorted("".join("".join(runs).split())) == sorted("".join(text.replace("|", "").split()))
