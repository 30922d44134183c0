"""HWPX, the open format of 한글 (Hancom Office): OWPML (KS X 6101) in a ZIP package."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree.ElementTree import Element

from hanbok.core.values import Text
from hanbok.documents.archive import ZIP, Archive, local
from hanbok.documents.errors import DocumentLocked, DocumentUnreadable
from hanbok.documents.flow import Flow
from hanbok.documents.format import Document, Limits
from hanbok.documents.hwpx_paragraphs import Paragraphs
from hanbok.documents.parts import Parts
from hanbok.documents.whys import NO_SECTION

_TYPE: Final = b"mimetypeapplication/hwp+zip"
"""The first entry of the package, not compressed: its name is at byte 30, what it holds behind that."""
_NAME: Final = 30
_ENDINGS: Final = (".hwpx", ".hwtx")
_CONTAINER: Final = "META-INF/container.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_PACKAGE: Final = "Contents/content.hpf"
_PACKAGE_TYPE: Final = "application/hwpml-package+xml"
_HEADER: Final = "Contents/header.xml"
_NUMBERED: Final = ("OUTLINE", "NUMBER")
_SECTION: Final = re.compile(r"contents/section\d+\.xml", re.IGNORECASE)


class Hwpx:
    def knows(self, head: bytes, name: str) -> bool:
        typed = head.startswith(_TYPE, _NAME)
        return head.startswith(ZIP) and (typed or name.lower().endswith(_ENDINGS))

    def read(self, data: bytes, limits: Limits) -> Document:
        package, parts = _Package(data, limits), Parts(limits)
        flow, numbered = Flow(limits, parts), package.numbered()
        for number, root in enumerate(package.sections(parts), start=1):
            paragraphs = Paragraphs(flow, numbered)
            flow.body += paragraphs.lines(root)
            for page in package.named(dict.fromkeys(paragraphs.master_pages), parts):
                flow.put(
                    "header", [line for one in package.archive.xml(page) for line in paragraphs.lines(one)]
                )
            flow.end(place=f"section {number}")
        return parts.document(title=package.title, author=package.author)


class _Package:
    """The parts of a document and how they are called."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.archive = Archive(data, limits)
        if _MANIFEST in self.archive and any(
            local(one) == "encryption-data" for one in self.archive.xml(_MANIFEST).iter()
        ):
            raise DocumentLocked(why=Text(ko="암호가 걸려 있습니다", en="it is encrypted with a password"))
        path = self._path()
        root = self.archive.xml(path)
        self._folder = posixpath.dirname(path)
        self._items = {one.get("id", ""): one.get("href", "") for one in root.iterfind("{*}manifest/{*}item")}
        self._spine = dict.fromkeys(one.get("idref", "") for one in root.iterfind("{*}spine/{*}itemref"))
        told = {one.get("name", local(one)): one.text or "" for one in root.iterfind("{*}metadata/*")}
        self.title, self.author = told.get("title", ""), told.get("creator", "")

    def sections(self, parts: Parts) -> Iterator[Element]:
        """Yield the sections in the order of the spine; what it does not name is not shown, and told as unread."""
        listed = [path for path in self.named(self._spine, parts) if path.casefold() != _HEADER.casefold()]
        all_there = sorted(filter(_SECTION.fullmatch, self.archive.names), key=lambda one: (len(one), one))
        if not {one.casefold() for one in all_there} <= {one.casefold() for one in listed}:
            parts.leave("section outside the order of reading")
        found = False
        for path in listed:
            if local(root := self.archive.xml(path)) == "sec":
                found = True
                yield root
        if not found:
            raise DocumentUnreadable(why=NO_SECTION)

    def numbered(self) -> frozenset[str]:
        """Return the ids of the shapes of paragraphs that the program numbers."""
        if _HEADER not in self.archive:
            return frozenset()
        shapes = (one for one in self.archive.xml(_HEADER).iter() if local(one) == "paraPr")
        return frozenset(
            one.get("id", "")
            for one in shapes
            for heading in one.iterfind("{*}heading")
            if heading.get("type") in _NUMBERED
        )

    def named(self, ids: Iterable[str], parts: Parts) -> Iterator[str]:
        """Yield the paths of parts, as the manifest has them: from the top, or from its own folder."""
        for one in ids:
            href = self._items.get(one, "")
            inside = posixpath.join(self._folder, href)
            if href and (href in self.archive or inside in self.archive):
                yield href if href in self.archive else inside
            else:
                parts.leave("missing part")

    def _path(self) -> str:
        """Return the path of the manifest."""
        if _CONTAINER not in self.archive:
            return _PACKAGE
        files = self.archive.xml(_CONTAINER).iterfind("{*}rootfiles/{*}rootfile")
        return next(
            (one.get("full-path", "") for one in files if one.get("media-type") == _PACKAGE_TYPE), _PACKAGE
        )
