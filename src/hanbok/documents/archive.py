"""ZIP packages (OOXML, HWPX, OpenDocument) and XML from strangers.

Sizes are counted as bytes come out, not as headers claim them; XML with a DOCTYPE, which no such package needs, is
refused before an entity of it is read.
"""

import re
import struct
import zlib
from io import BytesIO
from typing import Any, Final, NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from hanbok.core.values import Text
from hanbok.documents.errors import DocumentLocked, DocumentTooLarge, DocumentUnreadable
from hanbok.documents.format import Limits
from hanbok.documents.whys import more_unpacked

ZIP: Final = b"PK\x03\x04"
"""What a package begins with."""
_BROKEN: Final = (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, struct.error, ValueError)
"""What `zipfile` raises on damaged packages; RuntimeError is for features that it does not know."""
_DAMAGED: Final = Text(ko="ZIP 패키지가 손상되었습니다", en="a damaged ZIP package")
_ENTRIES: Final = 10_000
_ENTRY: Final = b"PK\x01\x02"
_ENCRYPTED: Final = 0x1
_STEP: Final = 1 << 16
_MARKS: Final = 4_000_000
"""Elements and attributes of one tree: each takes some 100 bytes of memory, however short it is written."""
_ALL_MARKS: Final = 20_000_000
"""Elements of all XML of a package: each takes some time."""
_ENDLESS: Final = re.compile(rb"<[^<]{1048576}")
"""A tag or a text that no program writes: Expat may read such a one again and again."""


class Archive:
    """The entries of a package. Their names are compared without case, as OPC asks."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Open a package. Raises DocumentUnreadable, DocumentLocked, DocumentTooLarge."""
        if data.count(_ENTRY) > _ENTRIES:  # before anything is made of them
            raise DocumentTooLarge(
                why=Text(
                    ko=f"안에 든 파일이 {_ENTRIES}개를 넘습니다", en=f"more than {_ENTRIES} files inside"
                )
            )
        try:
            self._zip = ZipFile(BytesIO(data))
        except _BROKEN as error:
            raise DocumentUnreadable(why=_DAMAGED) from error
        self._left = self._limit = limits.unpacked
        self._marks = _ALL_MARKS
        self._entries: dict[str, ZipInfo] = {}
        for one in self._zip.infolist():
            _check(one)
            if self._entries.setdefault(one.filename.casefold(), one) is not one:
                raise DocumentUnreadable(
                    why=Text(
                        ko="ZIP 패키지에 이름이 같은 파일이 둘 있습니다",
                        en="two files of one name in its ZIP package",
                    )
                )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the entries, in their order in the package."""
        return tuple(one.filename for one in self._entries.values())

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._entries

    def read(self, name: str) -> bytes:
        """Return the bytes of an entry. Raises DocumentUnreadable where there is none, DocumentTooLarge."""
        if (found := self._entries.get(name.casefold())) is None:
            raise DocumentUnreadable(
                why=Text(ko="ZIP 패키지에 빠진 파일이 있습니다", en="a part of its ZIP package is missing")
            )
        taken = bytearray()
        try:
            with self._zip.open(found) as file:
                while step := file.read(_STEP):
                    self._left -= len(step)
                    if self._left < 0:
                        raise DocumentTooLarge(why=more_unpacked(self._limit))
                    taken += step
        except _BROKEN as error:
            raise DocumentUnreadable(why=_DAMAGED) from error
        return bytes(taken)

    def xml(self, name: str) -> Element:
        """Return the root of an entry that is XML. Raises DocumentUnreadable, DocumentTooLarge."""
        return parsed(self._counted(name))

    def tell(self, name: str, target: "Plain") -> None:
        """Have `target` hear of an entry's elements, which are too many for a tree. Raises as `xml` does."""
        _fed(self._counted(name), target)

    def _counted(self, name: str) -> bytes:
        data = self.read(name)
        self._marks -= data.count(b"<")
        if self._marks < 0:
            raise DocumentTooLarge(
                why=Text(
                    ko=f"XML 요소가 {_ALL_MARKS}개를 넘습니다", en=f"more than {_ALL_MARKS} elements of XML"
                )
            )
        return data


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


class Plain:
    """What hears of XML without a DOCTYPE: it may have `start`, `data` and `end` (see XMLParser)."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:  # noqa: ARG002 - as asked
        """Refuse it."""
        raise DocumentUnreadable(
            why=Text(ko="XML에 DOCTYPE 선언이 있습니다", en="an XML part declares a DOCTYPE")
        )


class _Tree(Plain, TreeBuilder):
    pass


def parsed(data: bytes) -> Element:
    """Return the root of XML, names as `{namespace}name`. Raises DocumentUnreadable, DocumentTooLarge."""
    if data.count(b"<") + data.count(b"=") > _MARKS:
        raise DocumentTooLarge(
            why=Text(
                ko=f"한 XML의 요소와 속성이 {_MARKS}개를 넘습니다",
                en=f"more than {_MARKS} elements and attributes in an XML part",
            )
        )
    root: Element = _fed(data, _Tree())
    return root


def _fed(data: bytes, target: Plain) -> Any:  # noqa: ANN401 - what the target makes of it
    if _ENDLESS.search(data):
        raise DocumentTooLarge(
            why=Text(
                ko="XML에 끝없이 이어지는 태그나 글이 있습니다",
                en="an XML part has a tag or text without end",
            )
        )
    parser = XMLParser(target=target)  # noqa: S314 - no DOCTYPE, no entities
    try:
        parser.feed(data)
        return parser.close()
    except (ParseError, LookupError, ValueError) as error:  # the last two are for encodings that nobody knows
        raise DocumentUnreadable(
            why=Text(ko="XML의 문법이 맞지 않습니다", en="an XML part is not well formed")
        ) from error


def _check(one: ZipInfo) -> None:
    """Raise DocumentUnreadable, DocumentLocked on an entry that no honest package has."""
    name = one.filename
    if one.flag_bits & _ENCRYPTED:
        raise DocumentLocked(
            why=Text(ko="ZIP 패키지가 암호화되어 있습니다", en="its ZIP package is encrypted")
        )
    if one.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise DocumentUnreadable(
            why=Text(ko="문서에 쓰이지 않는 압축 방식입니다", en="a compression that no document uses")
        )
    if name != one.orig_filename or "\\" in name or name.startswith("/") or ".." in name.split("/"):
        raise DocumentUnreadable(
            why=Text(
                ko="ZIP 패키지가 자기 밖의 경로를 가리킵니다",
                en="its ZIP package names a path outside of itself",
            )
        )
