"""Office Open XML (ECMA-376): the package, and the text of its two markups.

WordprocessingML and DrawingML call paragraphs, runs, tables and rows alike, and their strict and transitional forms
differ in namespaces only: names are compared without them.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from hanbok.core.values import Text
from hanbok.documents.archive import ZIP, Archive, local
from hanbok.documents.compound import MAGIC
from hanbok.documents.errors import DocumentLocked, DocumentTooLarge, DocumentUnreadable
from hanbok.documents.format import Limits
from hanbok.documents.parts import Parts

_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_SPACES: Final = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_NO_TEXT: Final = {
    # What was deleted or moved away, codes of fields, readings above Chinese characters, properties.
    "del", "moveFrom", "delText", "instrText", "delInstrText", "rt", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr",
    "sdtPr", "tblGrid", "bodyPr", "lstStyle", "endParaRPr",
}  # fmt: skip
_UNREAD: Final = {
    "pic": "picture", "imagedata": "picture", "chart": "chart", "OLEObject": "object", "oleObj": "object",
    "altChunk": "object",
}  # fmt: skip
_LEVELS: Final = 12
"""Levels of XML that one level of a table or a text box takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A part that another names."""

    kind: str
    """The last word of its type: `header`, `notesSlide`..."""
    path: str


def known(head: bytes, name: str, folder: bytes, endings: tuple[str, ...]) -> bool:
    """Tell whether this is a package with that folder, or an encrypted one that is called so."""
    if head.startswith(ZIP):
        return folder in head or name.lower().endswith(endings)
    return head.startswith(MAGIC) and name.lower().endswith(endings)


def attribute(element: Element, name: str) -> str:
    """Return an attribute whatever its namespace, or nothing."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


class Package:
    """The parts of a document and how they name each other."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Open a package. Raises DocumentUnreadable, DocumentLocked, DocumentTooLarge."""
        if data.startswith(MAGIC):
            if _ENCRYPTED in data:
                raise DocumentLocked(
                    why=Text(
                        ko="암호나 권한 관리(DRM)로 암호화되어 있습니다",
                        en="it is encrypted with a password or by rights management",
                    )
                )
            raise DocumentUnreadable(
                why=Text(
                    ko="새 확장자를 단 옛 이진 형식의 오피스 파일입니다",
                    en="an old binary Office file under a new name",
                )
            )
        self.archive = Archive(data, limits)
        self._top = self.related("")
        self.main = self.first(self._top, "officeDocument")
        if not self.main:
            raise DocumentUnreadable(
                why=Text(ko="패키지에 본문을 가리키는 항목이 없습니다", en="its package names no main part")
            )

    def related(self, part: str) -> dict[str, Relation]:
        """Return what a part names, by id; what lies outside of the package is left out."""
        folder, _, file = part.rpartition("/")
        path = posixpath.join(folder, "_rels", f"{file}.rels")
        if path not in self.archive:
            return {}
        return {
            one.get("Id", ""): Relation(
                kind=one.get("Type", "").rpartition("/")[2],
                path=posixpath.normpath(posixpath.join("/", folder, one.get("Target", ""))).lstrip("/"),
            )
            for one in self.archive.xml(path)
            if one.get("TargetMode") != "External"
        }

    @staticmethod
    def first(relations: dict[str, Relation], kind: str) -> str:
        """Return the path of the first part of this kind, or nothing."""
        return next((one.path for one in relations.values() if one.kind == kind), "")

    def named(self) -> dict[str, str]:
        """Return `title` and `author` where the package tells them."""
        path = self.first(self._top, "core-properties")
        told = {local(one): one.text or "" for one in self.archive.xml(path)} if path in self.archive else {}
        return {"title": told.get("title", ""), "author": told.get("creator", "")}


class Markup:
    """Takes the lines of text out of markup, and notes in `parts` what holds none."""

    def __init__(self, parts: Parts, limits: Limits) -> None:
        self._parts = parts
        self._deepest = limits.depth * _LEVELS

    def lines(self, element: Element, deep: int = 0) -> Iterator[str]:
        """Yield paragraphs and rows of tables, in order. Raises DocumentTooLarge."""
        for child in self._children(element, deep):
            match local(child):
                case "p":
                    yield from self._paragraph(child, deep + 1)
                case "tbl":
                    yield from self._rows(child, deep + 1)
                case _:
                    yield from self.lines(child, deep + 1)

    def _children(self, element: Element, deep: int) -> Iterator[Element]:
        if deep > self._deepest:
            raise DocumentTooLarge(
                why=Text(ko="표나 글상자가 너무 깊이 겹쳐 있습니다", en="tables or text boxes nest too deep")
            )
        for child in element:
            name = local(child)
            if name in _UNREAD:
                self._parts.leave(_UNREAD[name])
            if name == "AlternateContent":  # the same thing for new programs and for old ones
                yield from child[:1]
            elif name not in _NO_TEXT:
                yield child

    def _paragraph(self, paragraph: Element, deep: int) -> Iterator[str]:
        pieces: list[str] = []
        boxes: list[Element] = []
        self._runs(paragraph, pieces, boxes, deep)
        yield "".join(pieces)
        for box in boxes:
            yield from self.lines(box, deep + 1)

    def _runs(self, element: Element, pieces: list[str], boxes: list[Element], deep: int) -> None:
        for child in self._children(element, deep):
            name = local(child)
            if name == "t":
                pieces.append(child.text or "")
            elif name in _SPACES:
                pieces.append(_SPACES[name])
            elif name in {"txbxContent", "txBody"}:
                boxes.append(child)
            else:
                self._runs(child, pieces, boxes, deep + 1)

    def _rows(self, table: Element, deep: int) -> Iterator[str]:
        for row in self._within(table, "tr", deep):
            if row.find("{*}trPr/{*}del") is not None:
                continue
            cells = (cell for cell in self._within(row, "tc", deep) if not _continued(cell))
            yield " | ".join(" ".join(" ".join(self.lines(cell, deep + 2)).split()) for cell in cells)

    def _within(self, element: Element, name: str, deep: int) -> Iterator[Element]:
        """Yield the rows or cells, also those that stand in controls or were inserted."""
        for child in self._children(element, deep):
            if local(child) == name:
                yield child
            else:
                yield from self._within(child, name, deep + 1)


def _continued(cell: Element) -> bool:
    """Tell whether a cell is the rest of one that stood before."""
    merged = cell.find("{*}tcPr/{*}vMerge")
    below = merged is not None and attribute(merged, "val") in {"", "continue"}
    return below or bool({cell.get("hMerge"), cell.get("vMerge")} & {"1", "true"})
