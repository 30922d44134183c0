"""Web pages and e-mails (HTML): all visible text, menus too. The workshop's reader takes the main text alone."""

import re
from typing import Final

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from hanbok.documents.characters import decoded
from hanbok.documents.format import Document, Limits
from hanbok.documents.parts import Parts

_BEGINS: Final = (b"<!doctype html", b"<html")
_ENDINGS: Final = (".html", ".htm", ".xhtml")
_CELLS: Final = re.compile(r"(?<=\S)\t+(?=\S)")


class Html:
    def knows(self, head: bytes, name: str) -> bool:
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        return start.startswith(_BEGINS) or (name.lower().endswith(_ENDINGS) and b"\0" not in head)

    def read(self, data: bytes, limits: Limits) -> Document:
        parts = Parts(limits)
        tree = HTMLTree.parse(decoded(data))
        text = extract_plain_text(
            tree, main_content=False, alt_texts=True, list_bullets=False, form_fields=True
        )
        parts.add(_CELLS.sub(" | ", text))
        return parts.document(title=tree.title or "")
