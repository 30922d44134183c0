"""The contract of a document format: bytes in, the text of each part out, in reading order."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one document may cost; a document that asks for more is refused, never cut short in silence."""

    unpacked: int = 256 << 20
    """Bytes of its parts after decompression, together (zip bombs)."""
    characters: int = 16 << 20
    """Characters of text."""
    depth: int = 16
    """How deep tables, text boxes and embedded lists may nest."""
    seconds: int = 30
    """Seconds of computing, for what is read in a process of its own (PDF)."""
    memory: int = 1 << 30
    """Bytes of memory of such a process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of a document that a citation can point at."""

    text: str
    """Paragraphs are lines; a row of a table is one line, its cells apart by ` | `; a merged cell stands once."""
    place: str
    """Where it is, for a reader: `page 3`, `slide 2`, `sheet 매출`, `section 1`; empty where there is no such place."""
    kind: str = "body"
    """`body`, `header`, `footer`, `note` (footnotes, endnotes, speaker's notes), `comment`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of a document and what of it could not be read."""

    parts: tuple[Part, ...]
    title: str = ""
    author: str = ""
    unread: tuple[str, ...] = ()
    """Kinds of content that hold no text to take: `picture`, `chart`, `object`, `formula`, `page without text`..."""


class Format(Protocol):
    """Knows one format."""

    def knows(self, head: bytes, name: str) -> bool:
        """Tell whether a file that begins with `head` (4 KiB) and is called `name` is of this format: the bytes decide
        where they can, the name only among formats that begin alike (ZIP, OLE, text).
        """
        ...

    def read(self, data: bytes, limits: Limits) -> Document:
        """Return the text. Raises DocumentUnreadable, DocumentLocked (password, DRM), DocumentTooLarge."""
        ...
