"""HWP 5: what the records of a document hold is read in order; what was made to harm ends in an error of ours."""

import random
import struct
import time
import zlib

import pytest

from documents.hwp_made import (
    COMPRESSED,
    DISTRIBUTION,
    DRM,
    PASSWORD,
    TRACKED,
    cell,
    compound,
    control,
    hwp,
    listed,
    named,
    paragraph,
    record,
    table,
)
from hanbok.documents.compound import Compound
from hanbok.documents.errors import DocumentLocked, DocumentTooLarge, DocumentUnreadable
from hanbok.documents.format import Limits
from hanbok.documents.reading import read

NOTE = named(
    b"fn  ",
    1,
    listed(
        2,
        paragraph(
            control(18, b"atno") + " 각주",
            named(b"atno", 3, data=struct.pack("<IH3H", 1, 1, 0, 0, 41)),
            level=2,
        ),
    ),
)
BOX = named(b"gso ", 1, record(76, 2), listed(3, paragraph("상자 안의 글", level=3)), record(85, 3))
CAPTION = bytes(8) + struct.pack("<I", 3)


def body(document):
    return "\n".join(one.text for one in document.parts if one.kind == "body")


def lines(*records, **told):
    return body(read(hwp(b"".join(records), **told), "a.hwp"))


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ([paragraph("첫째"), paragraph(""), paragraph(" 둘째 ")], "첫째\n둘째"),
        ([paragraph("한 줄\n다음 줄")], "한 줄\n다음 줄"),
        ([paragraph("가" + control(9) + "나\x18다\x1e라\x1f마\x1a바")], "가\t나-다 라 마바"),
        ([paragraph("漢字와 𠮷, 😀")], "漢字와 𠮷, 😀"),
        ([paragraph("깨진 \ud800글")], "깨진 �글"),
        (
            [
                paragraph(
                    control(3, b"%hlk") + "누리집" + control(4),
                    named(b"%hlk", 1, data="주소".encode("utf-16-le")),
                )
            ],
            "누리집",
        ),
        ([paragraph("앞" + control(11, b"gso ") + "뒤", BOX)], "앞뒤\n상자 안의 글"),
        ([paragraph(control(11, b"gso ") + "뒤", BOX)], "상자 안의 글\n뒤"),
        (
            [
                paragraph(
                    "식 " + control(11, b"eqed") + "이다",
                    named(b"eqed", 1, record(88, 2, struct.pack("<IH", 0, 5) + "a = b".encode("utf-16-le"))),
                )
            ],
            "식 a = b이다",
        ),
        (
            [
                paragraph(
                    control(23, b"tdut"),
                    named(
                        b"tdut",
                        1,
                        data=struct.pack("<H", 2)
                        + "大韓".encode("utf-16-le")
                        + struct.pack("<H", 2)
                        + "대한".encode("utf-16-le"),
                    ),
                )
            ],
            "大韓(대한)",
        ),
        (
            [
                paragraph(
                    control(23, b"tcps"),
                    named(b"tcps", 1, data=struct.pack("<H", 1) + "秘".encode("utf-16-le")),
                )
            ],
            "秘",
        ),
        ([paragraph(control(18, b"atno") + "쪽", named(b"atno", 1, data=struct.pack("<IH", 0, 7)))], "쪽"),
        (
            [
                paragraph(
                    "글", named(b"gso ", 1, record(76, 2), listed(3, paragraph("주인 없는 상자", level=3)))
                )
            ],
            "글\n주인 없는 상자",
        ),
        ([paragraph("가" * 5000)], "가" * 5000),
    ],
)
def test_what_a_paragraph_holds(records, text):
    assert lines(*records) == text


@pytest.mark.parametrize(
    ("below", "text"),
    [
        (
            table(1, cell(0, 0, "항목"), cell(0, 1, "금액"), cell(1, 1, "천", "원"), cell(1, 0, "가")),
            "항목 | 금액\n가 | 천 원",
        ),
        (
            table(1, cell(0, 0, "합친 칸"), cell(0, 1, ""), cell(0, 2, "나"), cell(1, 1, "")),
            "합친 칸 |  | 나",
        ),
        (table(1, cell(0, 0, "틀 안의", "두 문단")), "틀 안의\n두 문단"),
        (
            table(
                1,
                cell(0, 0, "겉"),
                cell(
                    0,
                    1,
                    below=[
                        paragraph(
                            "속" + control(11),
                            table(3, cell(0, 0, "가", level=4), cell(0, 1, "나", level=4)),
                            level=2,
                        )
                    ],
                ),
            ),
            "겉 | 속\n가 | 나",
        ),
        (
            named(
                b"tbl ",
                1,
                listed(2, paragraph("표 설명", level=2), data=CAPTION),
                record(77, 2),
                cell(0, 0, "가"),
                cell(0, 1, "나"),
            ),
            "가 | 나\n표 설명",
        ),
        (
            named(
                b"tbl ",
                1,
                listed(2, paragraph("표 설명", level=2), data=bytes(12)),
                record(77, 2),
                cell(0, 0, "가"),
                cell(0, 1, "나"),
            ),
            "표 설명\n가 | 나",
        ),
    ],
    ids=["order of cells", "empty cells", "a frame", "a table in a table", "caption below", "caption above"],
)
def test_a_table_is_rows(below, text):
    assert lines(paragraph(control(11, b"tbl "), below)) == text


def test_what_is_not_of_the_body_stands_by_its_kind():
    section = (
        paragraph(
            control(16, b"head") + control(16, b"foot"),
            named(b"head", 1, listed(2, paragraph("대외비", level=2))),
            named(b"foot", 1, listed(2, paragraph("한복상사", level=2))),
        )
        + paragraph(
            "본문" + control(17, b"fn  ") + control(15, b"tcmt") + "이다",
            NOTE,
            named(b"tcmt", 1, listed(2, paragraph("숨은 설명", level=2))),
        )
        + paragraph("끝", record(93, 1), listed(2, paragraph("메모", level=2)))
    )
    document = read(hwp(section, paragraph("둘째 구역")), "a.hwp")
    assert [(one.kind, one.place, one.text) for one in document.parts] == [
        ("body", "section 1", "본문이다\n끝"),
        ("note", "section 1", "1) 각주"),
        ("comment", "section 1", "숨은 설명\n메모"),
        ("header", "section 1", "대외비"),
        ("footer", "section 1", "한복상사"),
        ("body", "section 2", "둘째 구역"),
    ]
    assert (document.title, document.author, document.unread) == ("용역 계약서", "총무과", ())


@pytest.mark.parametrize(
    "flags", [0, COMPRESSED, DISTRIBUTION, DISTRIBUTION | COMPRESSED, COMPRESSED | TRACKED]
)
def test_compressed_or_not_and_for_distribution(flags):
    document = read(hwp(paragraph("제1조 목적"), paragraph("둘째"), flags=flags), "A.HWP")
    assert body(document) == "제1조 목적\n둘째"
    assert document.unread == (("tracked changes",) if flags & TRACKED else ())


@pytest.mark.parametrize("name", ["A.HWP", "서식.hwt", "newer than it is.hwpx", "no ending", ""])
def test_its_bytes_tell_a_document_whatever_it_is_called(name):
    assert body(read(hwp(paragraph("제1조 목적")), name)) == "제1조 목적"


def test_large_streams_and_a_table_of_sectors_beyond_the_header():
    data = hwp(*(paragraph(f"{at}" + "가나다라" * 250_000) for at in range(4)), flags=0)
    assert len(data) > 109 * 128 * 512
    assert [len(one.text) for one in read(data, "a.hwp").parts] == [1_000_001] * 4


def test_what_could_not_be_read_is_told():
    section = paragraph(control(11), BOX) + paragraph("글\x0b짧다")
    document = read(hwp(section, count=3), "a.hwp")
    assert body(document) == "상자 안의 글\n글"
    assert document.unread == ("missing section", "picture", "damaged text")


@pytest.mark.parametrize(
    ("heading", "unread"), [(0, ()), (1, ("paragraph numbers",)), (2, ("paragraph numbers",)), (3, ())]
)
def test_numbers_that_the_program_counts_are_told(heading, unread):
    about = record(16, 0, struct.pack("<H", 1) + bytes(24)) + record(25, 1, struct.pack("<I", heading << 23))
    assert read(hwp(paragraph("목적"), flags=0, DocInfo=about), "a.hwp").unread == unread
    assert read(hwp(paragraph(""), flags=0, DocInfo=about), "a.hwp").unread == ()


def summary_of(data):
    file = Compound(hwp(paragraph("글")))
    streams = {path: file.read(path) for path in file.paths}
    document = read(compound(streams | {"\x05hwpsummaryinformation": data}), "a.hwp")
    return document.title, document.author


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff" * 60, bytes(44) + b"\x30\0\0\0" + b"\xff" * 40, bytes(48)],
    ids=["none", "beyond", "lying", "zero"],
)
def test_a_damaged_summary_tells_nothing(data):
    assert summary_of(data) == ("", "")


def changed(data, at, *numbers):
    return data[:at] + struct.pack(f"<{len(numbers)}I", *numbers) + data[at + 4 * len(numbers) :]


def bomb(size):
    """Return a document whose section is that many zeros when unpacked."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(deflate.compress(bytes(1 << 20)) for _ in range(size >> 20)) + deflate.flush()
    file = Compound(hwp(paragraph("글")))
    streams = {path: file.read(path) for path in file.paths}
    return compound(streams | {"bodytext/section0": packed})


def nested(levels):
    """Return a paragraph with that many tables in each other."""
    inner, level = paragraph("속", level=2 * levels), 2 * levels
    while level:
        inner = paragraph(
            control(11), table(level - 1, cell(0, 0, level=level, below=[inner])), level=level - 2
        )
        level -= 2
    return inner


WHOLE = hwp(paragraph("제1조 목적") + paragraph("가나다" * 3000), flags=0)


@pytest.mark.parametrize(
    ("data", "error", "why"),
    [
        (b"HWP Document File V3.00 \x1a\1\2\3\4\5" + bytes(500), DocumentUnreadable, "save it as HWPX"),
        (hwp(paragraph("글"), flags=COMPRESSED | PASSWORD), DocumentLocked, "a password"),
        (hwp(paragraph("글"), flags=DRM), DocumentLocked, "DRM"),
        (hwp(paragraph("글"), version=6), DocumentUnreadable, "version 6"),
        (hwp(), DocumentUnreadable, "no section"),
        (hwp(b"\xff" * 99, flags=0), DocumentUnreadable, "cut off"),
        (hwp(record(77, 0)), DocumentUnreadable, "does not begin with a paragraph"),
        (hwp(paragraph("글")[:-3], flags=0), DocumentUnreadable, "a record is cut off"),
        (
            hwp(paragraph("글") + struct.pack("<II", 67 | 0xFFF << 20, 1 << 31)),
            DocumentUnreadable,
            "a record is cut off",
        ),
        (hwp(paragraph("글") + b"\1\2"), DocumentUnreadable, "a record is cut off"),
        (hwp(paragraph("글"), DocInfo=b"\0garbage"), DocumentUnreadable, "damaged stream|cut off"),
        (hwp(paragraph("글"), DocInfo=b""), DocumentUnreadable, "cut off"),
        (hwp(paragraph("글"), flags=0, DocInfo=record(17, 0, bytes(30))), DocumentUnreadable, "DocInfo"),
        (
            hwp(paragraph("글"), flags=DISTRIBUTION, **{"ViewText/Section0": paragraph("글")}),
            DocumentUnreadable,
            "distribution",
        ),
        (
            hwp(
                paragraph("글"),
                flags=DISTRIBUTION,
                **{"ViewText/Section0": record(28, 0, bytes(256)) + bytes(33)},
            ),
            DocumentUnreadable,
            "whole",
        ),
        (hwp(paragraph("글"), FileHeader=b"Word".ljust(256)), DocumentUnreadable, "another program"),
        (compound({"WordDocument": b"text"}), DocumentUnreadable, "a stream is missing"),
        (hwp(nested(17)), DocumentTooLarge, "deeper than 16"),
        (
            hwp(b"".join(paragraph("글", level=level) for level in range(1000))),
            DocumentTooLarge,
            "deeper than 16",
        ),
        (bomb(33 << 20), DocumentTooLarge, "when unpacked"),
        (hwp(paragraph("글" * 600_000), paragraph("글" * 600_000)), DocumentTooLarge, "characters of text"),
        (hwp(paragraph(control(9) * 130_000)), DocumentTooLarge, "characters of text"),
        (WHOLE[: len(WHOLE) // 2], DocumentUnreadable, "compound file"),
        (WHOLE[:512], DocumentUnreadable, "compound file"),
        (WHOLE[:20], DocumentUnreadable, "no compound file"),
        (WHOLE[:8] + random.Random(1).randbytes(10 << 20), DocumentUnreadable, "compound file"),
        (WHOLE[:30] + b"\x14" + WHOLE[31:], DocumentUnreadable, "sectors of a size"),
        (changed(WHOLE, 48, 0xFFFFFFF0), DocumentUnreadable, "outside"),
        (changed(WHOLE, 48, 0xFFFFFFFE), DocumentUnreadable, "no directory"),
        (changed(WHOLE, 44, 0), DocumentUnreadable, "outside"),
    ],
)
def test_what_was_made_to_harm_ends_in_an_error(data, error, why):
    started = time.process_time()
    with pytest.raises(DocumentUnreadable, match=why) as raised:
        read(data, "a.hwp", Limits(unpacked=32 << 20, characters=1_000_000))
    assert type(raised.value) is error
    assert time.process_time() - started < 10


def test_records_of_all_sections_are_counted(monkeypatch):
    section = paragraph("글") + record(16, 1) * 998
    data = hwp(section, section)
    monkeypatch.setattr("hanbok.documents.formats.hwp.RECORDS", 2000)
    assert lines(section, section) == "글\n글"
    monkeypatch.setattr("hanbok.documents.formats.hwp.RECORDS", 1999)
    with pytest.raises(DocumentTooLarge, match="records"):
        read(data, "a.hwp")


def looped(data, name):
    """Return the file with the chain of this stream leading back to its first sector."""
    at = data.index((name + "\0").encode("utf-16-le"))
    first = struct.unpack_from("<I", data, at + 116)[0]
    table = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
    return changed(data, table + 4 * (first + 1), first)


def test_chains_that_loop_or_share_sectors_and_directories_that_loop():
    with pytest.raises(DocumentUnreadable, match="loops"):
        read(looped(WHOLE, "Section0"), "a.hwp")
    both = hwp(paragraph("가" * 5000), paragraph("나" * 5000), flags=0)
    first, second = (both.index((f"Section{at}" + "\0").encode("utf-16-le")) + 116 for at in (0, 1))
    with pytest.raises(DocumentUnreadable, match="loops"):
        read(changed(both, second, *struct.unpack_from("<I", both, first)), "a.hwp")
    root = both.index("Root Entry".encode("utf-16-le"))
    with pytest.raises(DocumentUnreadable, match="directory"):
        read(changed(both, root + 128 + 68, 1), "a.hwp")
    with pytest.raises(DocumentUnreadable, match="one name"):
        read(both.replace("Section1".encode("utf-16-le"), "section0".encode("utf-16-le")), "a.hwp")


def test_a_difat_that_names_itself_ends():
    data = WHOLE.ljust(-(-len(WHOLE) // 512) * 512, b"\0")
    own = len(data) // 512 - 1
    data += struct.pack("<128I", *[own] * 128)
    padded = data + bytes(512 * 128 * 200)
    with pytest.raises(DocumentUnreadable, match="loops"):
        read(changed(changed(padded, 44, 0xFFFFFF), 68, own, 0xFFFFFF), "a.hwp")


def test_a_directory_of_many_streams_is_read_fast():
    many = {f"BinData/BIN{at:05}.png": b"" for at in range(20_000)}
    started = time.process_time()
    assert lines(paragraph("글"), **many) == "글"
    assert time.process_time() - started < 5


def test_seeded_mutations_end_in_text_or_in_an_error_of_ours():
    seeds = [
        hwp(
            paragraph("본문" + control(17, b"fn  "), NOTE) + paragraph(control(11), BOX) + nested(3),
            flags=flags,
        )
        for flags in (0, COMPRESSED, COMPRESSED | DISTRIBUTION)
    ]
    chance = random.Random(20261122)
    ended = {"read": 0, "refused": 0}
    for number in range(600):
        data = bytearray(seeds[number % len(seeds)])
        for _ in range(chance.choice((1, 2, 8))):
            at = chance.randrange(512 if number % 2 else len(data))
            data[at : at + chance.choice((1, 4))] = chance.randbytes(chance.choice((1, 4)))
        try:
            read(bytes(data), "a.hwp", Limits(unpacked=1 << 20))
            ended["read"] += 1
        except DocumentUnreadable:
            ended["refused"] += 1
    assert min(ended.values()) > 50
