"""HWP 5, the binary format of 한글 (Hancom Office). For distribution it is read, under a password or DRM refused.

본 제품은 한글과컴퓨터의 한글 문서 파일(.hwp) 공개 문서를 참고하여 개발하였습니다.
(Hancom, "한글 문서 파일 형식 5.0" revision 1.3: 3.2.1 for the header, table 14 for the number of sections.)

Documents for distribution (배포용 문서) open in every viewer without a password: they are read.
"""

import re
import struct
import zlib
from typing import Final

from hanbok.core.values import Text
from hanbok.documents.compound import MAGIC, Compound
from hanbok.documents.distribution import unlocked
from hanbok.documents.errors import DocumentLocked, DocumentTooLarge, DocumentUnreadable
from hanbok.documents.flow import Flow
from hanbok.documents.format import Document, Limits
from hanbok.documents.hwp_records import DOCUMENT_PROPERTIES, END, PARA_SHAPE, RECORDS, Records, Section
from hanbok.documents.parts import Parts
from hanbok.documents.summary import summary
from hanbok.documents.whys import (
    CUT_TEXT,
    DAMAGED_TEXT,
    NO_HWP,
    NO_PROPERTIES,
    NO_SECTION,
    OLD_HWP,
    more_unpacked,
    other_version,
    protected,
)

_ENDINGS: Final = (".hwp", ".hwt", ".hwpx")
_STREAM: Final = "FileHeader".encode("utf-16-le")
_OLD: Final = b"HWP Document File V"
"""Before 5 the signature began the file; now it begins the stream `FileHeader` of a compound file."""
_SIGNATURE: Final = b"HWP Document File"
_HEADER: Final = struct.Struct("<32s3xBI")
_VERSION: Final = 5
_COMPRESSED: Final = 1 << 0
_DISTRIBUTION: Final = 1 << 2
_TRACKED: Final = 1 << 14
_LOCKS: Final = {
    1 << 1: Text(ko="암호로", en="a password"),
    1 << 4: Text(ko="DRM으로", en="DRM"),
    1 << 8: Text(ko="인증서로", en="a certificate"),
    1 << 10: Text(ko="인증서(DRM)로", en="a certificate (DRM)"),
}
_COUNT: Final = struct.Struct("<H")
_HEADING: Final = 23
"""From this bit on, a shape (표 44) tells what stands before the paragraph: nothing, outline, number, bullet."""
_NUMBERED: Final = (1, 2)
_SECTION: Final = re.compile(r"/section(0|[1-9]\d{0,4})")
_SUMMARY: Final = "\x05HwpSummaryInformation"


class Hwp:
    def knows(self, head: bytes, name: str) -> bool:
        named = name.lower().endswith(_ENDINGS)
        return head.startswith(_OLD) or (head.startswith(MAGIC) and (named or _STREAM in head))

    def read(self, data: bytes, limits: Limits) -> Document:
        if data.startswith(_OLD):
            raise DocumentUnreadable(why=OLD_HWP)
        file, parts = _File(data, limits), Parts(limits)
        if not file.sections:
            raise DocumentUnreadable(why=NO_SECTION)
        count, numbered = file.told()
        if not file.sections.keys() >= set(range(count)):
            parts.leave("missing section")
        flow, left = Flow(limits, parts), RECORDS
        for number in sorted(file.sections):
            records = Records(file.section(number), left)
            Section(records, flow, numbered).read()
            flow.end(place=f"section {number + 1}")
            left = records.left
        if file.flags & _TRACKED:  # the specification does not tell which text was deleted
            parts.leave("tracked changes")
        title, author = file.summary()
        return parts.document(title=title, author=author)


class _File:
    """The streams of a document, unlocked and decompressed."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._file = Compound(data)
        self._left = self._limit = limits.unpacked
        head = self._file.read("FileHeader")
        if len(head) < _HEADER.size or not head.startswith(_SIGNATURE):
            raise DocumentUnreadable(why=NO_HWP)
        _, version, self.flags = _HEADER.unpack_from(head)
        if version != _VERSION:
            raise DocumentUnreadable(why=other_version(version, _VERSION))
        if lock := next((by for flag, by in _LOCKS.items() if self.flags & flag), None):
            raise DocumentLocked(why=protected(lock))
        folder = "viewtext" if self.flags & _DISTRIBUTION else "bodytext"
        found = ((_SECTION.fullmatch(path.removeprefix(folder)), path) for path in self._file.paths)
        self.sections = {int(number[1]): path for number, path in found if number}

    def section(self, number: int) -> bytes:
        """Return the records of a section. Raises DocumentUnreadable, DocumentTooLarge."""
        data = self._file.read(self.sections[number])
        return self._unpacked(unlocked(data) if self.flags & _DISTRIBUTION else data)

    def told(self) -> tuple[int, frozenset[int]]:
        """Return how many sections there should be, and which shapes of paragraphs the program numbers.

        Raises DocumentUnreadable, DocumentTooLarge.
        """
        records = Records(self._unpacked(self._file.read("DocInfo")))
        first = records.now
        if first.tag != DOCUMENT_PROPERTIES or len(first.data) < _COUNT.size:
            raise DocumentUnreadable(why=NO_PROPERTIES)
        shapes: list[int] = []
        while records.now is not END:
            tag, _, data = records.step()
            if tag == PARA_SHAPE:
                shapes.append(int.from_bytes(data[:4], "little") >> _HEADING & 3)
        count: int = _COUNT.unpack_from(first.data)[0]
        return count, frozenset(at for at, heading in enumerate(shapes) if heading in _NUMBERED)

    def summary(self) -> tuple[str, str]:
        """Return title and author."""
        return summary(self._file.read(_SUMMARY)) if _SUMMARY in self._file else ("", "")

    def _unpacked(self, data: bytes) -> bytes:
        if self.flags & _COMPRESSED:
            inflating = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                data = inflating.decompress(data, self._left + 1)
            except zlib.error as error:
                raise DocumentUnreadable(why=DAMAGED_TEXT) from error
            if len(data) <= self._left and not inflating.eof:
                raise DocumentUnreadable(why=CUT_TEXT)
        self._left -= len(data)
        if self._left < 0:
            raise DocumentTooLarge(why=more_unpacked(self._limit))
        return data
