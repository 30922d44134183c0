"""Word documents (DOCX). What was deleted with tracking is no text, what was inserted is.

The package is read here rather than by python-docx, whose model has no text boxes, notes or tracked changes.
"""

from typing import Final

from hanbok.documents.format import Document, Limits
from hanbok.documents.ooxml import Markup, Package, known
from hanbok.documents.parts import Parts

_ASIDE: Final = {
    "diagramData": "body", "footnotes": "note", "endnotes": "note", "comments": "comment", "header": "header",
    "footer": "footer",
}  # fmt: skip
"""Parts beside the body, in the order in which they follow it."""


class Docx:
    def knows(self, head: bytes, name: str) -> bool:
        return known(head, name, b"word/", (".docx", ".docm", ".dotx"))

    def read(self, data: bytes, limits: Limits) -> Document:
        package, parts = Package(data, limits), Parts(limits)
        markup = Markup(parts, limits)
        for line in markup.lines(package.archive.xml(package.main)):
            parts.add(line)
        named = package.related(package.main).values()
        for wanted, kind in _ASIDE.items():
            for path in dict.fromkeys(one.path for one in named if one.kind == wanted):
                for line in markup.lines(package.archive.xml(path)):
                    parts.add(line, kind=kind)
        return parts.document(**package.named())
