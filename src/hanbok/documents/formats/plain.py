"""Plain text, Markdown and tables of text (TXT, MD, CSV, TSV), in UTF-8, UTF-16 or CP949."""

from typing import Final

from hanbok.core.values import Text
from hanbok.documents.characters import decoded
from hanbok.documents.errors import DocumentUnreadable
from hanbok.documents.format import Document, Limits
from hanbok.documents.parts import Parts

_ENDINGS: Final = (".txt", ".md", ".csv", ".tsv", ".log")


class Plain:
    def knows(self, head: bytes, name: str) -> bool:  # noqa: ARG002 - text begins with anything
        return name.lower().endswith(_ENDINGS)

    def read(self, data: bytes, limits: Limits) -> Document:
        if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise DocumentUnreadable(why=Text(ko="글이 아닙니다", en="it is no text"))
        parts = Parts(limits)
        parts.add(decoded(data))
        return parts.document()
