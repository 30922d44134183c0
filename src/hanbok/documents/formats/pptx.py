"""Presentations (PPTX): slide after slide, the speaker's notes and comments after each.

The package is read here rather than by python-pptx, whose model has no diagrams and leaves the walk to its user.
"""

from typing import Final
from xml.etree.ElementTree import Element

from hanbok.core.values import Text
from hanbok.documents.archive import local
from hanbok.documents.errors import DocumentUnreadable
from hanbok.documents.format import Document, Limits
from hanbok.documents.ooxml import Markup, Package, attribute, known
from hanbok.documents.parts import Parts

_FOOT: Final = {"ftr": "footer", "dt": "footer", "hdr": "header"}
_NOT_SAID: Final = {"sldNum", "sldImg"}


class Pptx:
    def knows(self, head: bytes, name: str) -> bool:
        return known(head, name, b"ppt/", (".pptx", ".pptm", ".ppsx"))

    def read(self, data: bytes, limits: Limits) -> Document:
        package, parts = Package(data, limits), Parts(limits)
        markup = Markup(parts, limits)
        slides = package.related(package.main)
        order = package.archive.xml(package.main).iterfind("{*}sldIdLst/{*}sldId")
        ids = [next((value for key, value in one.items() if key.endswith("}id")), "") for one in order]
        for number, one in enumerate(ids, 1):
            if one not in slides:
                raise DocumentUnreadable(
                    why=Text(ko="없는 슬라이드를 가리킵니다", en="it names a slide that is not there")
                )
            _slide(package, slides[one].path, number, markup, parts)
        return parts.document(**package.named())


def _slide(package: Package, path: str, number: int, markup: Markup, parts: Parts) -> None:
    root = package.archive.xml(path)
    place = f"slide {number}, hidden" if root.get("show") in {"0", "false"} else f"slide {number}"
    _shapes(root, place, "body", markup, parts)
    named = package.related(path).values()
    for wanted, kind in (("diagramData", "body"), ("notesSlide", "note"), ("comments", "comment")):
        for one in named:
            if one.kind == wanted:
                _shapes(package.archive.xml(one.path), place, kind, markup, parts)


def _shapes(root: Element, place: str, kind: str, markup: Markup, parts: Parts) -> None:
    """Add the text of each shape; those for date, footer and number of the slide are no body."""
    tree = root.find("{*}cSld/{*}spTree")
    for shape in root if tree is None else tree:
        holder = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
        sort = "" if holder is None else attribute(holder, "type")
        if sort in _NOT_SAID:
            continue
        spoken = shape.find("{*}text") if local(shape) == "cm" else None
        alone = Element("shape")
        alone.append(shape)
        lines = [spoken.text or ""] if spoken is not None else markup.lines(alone)
        for line in lines:
            parts.add(line, place=place, kind=_FOOT.get(sort, kind))
