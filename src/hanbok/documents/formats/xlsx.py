"""Workbooks (XLSX): sheet after sheet, hidden ones too; a row is a line of the cells that are filled.

Rows are heard one by one as they are read, so that a sheet that claims a million rows of 16,384 columns costs what it
holds: openpyxl would make every cell of it.
"""

from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element

from hanbok.core.values import Text
from hanbok.documents.archive import local
from hanbok.documents.errors import DocumentUnreadable
from hanbok.documents.format import Document, Limits
from hanbok.documents.ooxml import Markup, Package, known
from hanbok.documents.parts import Parts
from hanbok.documents.sheet import Rows, Strings
from hanbok.documents.shown import BUILT_IN

_ASIDE: Final = {"drawing": "body", "comments": "comment", "threadedComment": "comment"}


class Xlsx:
    def knows(self, head: bytes, name: str) -> bool:
        return known(head, name, b"xl/", (".xlsx", ".xlsm", ".xltx"))

    def read(self, data: bytes, limits: Limits) -> Document:
        package, parts = Package(data, limits), Parts(limits)
        book, sheets = package.archive.xml(package.main), package.related(package.main)
        by_kind = {one.kind: one.path for one in sheets.values()}
        strings = Strings()
        if (path := by_kind.get("sharedStrings", "")) in package.archive:
            package.archive.tell(path, strings)
        styles = by_kind.get("styles", "")
        codes = _codes(package.archive.xml(styles)) if styles in package.archive else []
        epoch = book.find("{*}workbookPr")
        from_1904 = epoch is not None and epoch.get("date1904") in {"1", "true"}
        for one in book.iterfind("{*}sheets/{*}sheet"):
            named = sheets.get(next((value for key, value in one.items() if key.endswith("}id")), ""))
            if named is None:
                raise DocumentUnreadable(
                    why=Text(ko="없는 시트를 가리킵니다", en="it names a sheet that is not there")
                )
            hidden = ", hidden" if one.get("state", "visible") != "visible" else ""
            place = f"sheet {one.get('name', '')}{hidden}"
            if named.kind == "worksheet":
                rows = Rows(parts, place, strings.found, codes, from_1904=from_1904)
                package.archive.tell(named.path, rows)
            else:
                parts.leave("chart")
            _beside(package, named.path, place, Markup(parts, limits), parts)
        return parts.document(**package.named())


def _beside(package: Package, path: str, place: str, markup: Markup, parts: Parts) -> None:
    """Add text boxes and comments of a sheet."""
    for one in package.related(path).values():
        if one.kind not in _ASIDE:
            continue
        root = package.archive.xml(one.path)
        lines: Iterable[str] = markup.lines(root)
        if one.kind != "drawing":
            lines = ("".join(part.text or "" for part in text.iter() if local(part) in {"t", "text"})
                     for text in root.iterfind(".//{*}text"))  # fmt: skip
        for line in lines:
            parts.add(line, place=place, kind=_ASIDE[one.kind])


def _codes(styles: Element) -> list[str]:
    """Return the code of numbers of each style."""
    own = {
        one.get("numFmtId", ""): one.get("formatCode", "") for one in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    built_in = {str(number): code for number, code in BUILT_IN.items()}
    ids = (one.get("numFmtId", "") for one in styles.iterfind("{*}cellXfs/{*}xf"))
    return [own.get(one, built_in.get(one, "")) for one in ids]
