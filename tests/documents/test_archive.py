"""Packages made to harm: whatever a ZIP or an XML claims, memory and time stay bounded and the error is ours."""

import zipfile
from io import BytesIO

import pytest

from hanbok.core.values import Language, Text
from hanbok.documents.archive import Archive, parsed
from hanbok.documents.errors import DocumentLocked, DocumentTooLarge, DocumentUnknown, DocumentUnreadable
from hanbok.documents.format import Limits
from hanbok.documents.parts import Parts
from hanbok.documents.reading import read

BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;">]><a>&y;</a>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"""


def package(*entries, compression=zipfile.ZIP_DEFLATED):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, compression)  # the same bytes at any time
    return out.getvalue()


def test_an_archive_gives_what_is_in_it_whatever_the_case_of_the_name():
    archive = Archive(package(("Word/Document.xml", "<a xmlns='urn:x'>글</a>")), Limits())
    assert archive.names == ("Word/Document.xml",)
    assert "word/document.XML" in archive
    root = archive.xml("word/document.xml")
    assert (root.tag, root.text) == ("{urn:x}a", "글")
    with pytest.raises(DocumentUnreadable, match="missing"):
        archive.read("word/styles.xml")


def read_all(data):
    archive = Archive(data, Limits(unpacked=1 << 20))
    return [archive.read(name) for name in archive.names]


def claiming_less(data):
    """Return a package whose headers claim that its one entry unpacks to a single byte."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = changed.index(mark) + offset
        changed[at : at + 4] = (1).to_bytes(4, "little")
    return bytes(changed)


def encrypted(data):
    changed = bytearray(data)
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        changed[changed.index(mark) + offset] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (package(("a", b"\0" * (2 << 20))), DocumentTooLarge),
        (package(*((f"{number}", b"\0" * (300 << 10)) for number in range(4))), DocumentTooLarge),
        (claiming_less(package(("a", b"\0" * (2 << 20)))), DocumentUnreadable),
        (package(*((f"{number}", b"") for number in range(10_001))), DocumentTooLarge),
        (b"PK\x01\x02" * 2_000_000, DocumentTooLarge),
        (package(("../a", b"1")), DocumentUnreadable),
        (package(("/etc/a", b"1")), DocumentUnreadable),
        (package(("a/..\\b", b"1")), DocumentUnreadable),
        (package(("a.xml", b"1"), ("A.xml", b"2")), DocumentUnreadable),
        (package(("a", b"1" * 5000), compression=zipfile.ZIP_LZMA), DocumentUnreadable),
        (encrypted(package(("a", b"1"))), DocumentLocked),
        (package(("a", b"1"))[:-30], DocumentUnreadable),
        (package(("a", b"text"), compression=zipfile.ZIP_STORED).replace(b"text", b"Text"), DocumentUnreadable),
        (b"PK\x05\x06" + b"\xff" * 18, DocumentUnreadable),
        (b"", DocumentUnreadable),
    ],
)  # fmt: skip
def test_a_package_made_to_harm_is_refused(data, error):
    with pytest.raises(error) as raised:
        read_all(data)
    assert raised.type is error


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (BOMB, DocumentUnreadable),
        (OUTSIDE, DocumentUnreadable),
        (BOMB.decode().encode("utf-16"), DocumentUnreadable),
        (b"<a><b></a>", DocumentUnreadable),
        (b"<?xml version='1.0' encoding='nobody-knows'?><a/>", DocumentUnreadable),
        (b"<a>&unknown;</a>", DocumentUnreadable),
        (b"", DocumentUnreadable),
        (b"<a>" + b"<b/>" * 4_000_000 + b"</a>", DocumentTooLarge),
        (b"<a " + b'b="" ' * 4_000_000 + b"/>", DocumentTooLarge),
    ],
)
def test_xml_made_to_harm_is_refused(data, error):
    with pytest.raises(error) as raised:
        parsed(data)
    assert raised.type is error


def test_xml_that_nests_without_end_does_not_take_the_stack():
    root = parsed(b"<a>" * 100_000 + b"</a>" * 100_000)
    assert sum(1 for _ in root.iter()) == 100_000


def test_text_beyond_the_limit_is_refused_not_cut():
    parts = Parts(Limits(characters=10))
    parts.add("가나다라마")
    parts.add("   \n ")
    with pytest.raises(DocumentTooLarge):
        parts.add("바사아자차카")


def test_errors_say_which_document_and_what_to_do_in_both_languages():
    with pytest.raises(DocumentUnknown) as raised:
        read(b"\x00\x01\x02\x03", "folder/계약서.xyz")
    assert raised.value.say(Language.KO).startswith("계약서.xyz의 형식을")
    assert "documents/formats" in raised.value.advise(Language.EN)
    assert raised.value.say(Language.KO).endswith(": 내용으로도 이름으로도 가려낼 수 없습니다")
    unnamed = DocumentLocked(why=Text(ko="암호가 걸려 있습니다", en="a password"))
    assert unnamed.say(Language.KO) == "문서은(는) 잠겨 있습니다: 암호가 걸려 있습니다"
    assert unnamed.of("a.hwp").say(Language.EN) == "a.hwp is locked: a password"
    with pytest.raises(DocumentTooLarge, match=r"a\.pdf"):
        read(b"%PDF-1.7" + b" " * 100, "a.pdf", Limits(unpacked=50))
