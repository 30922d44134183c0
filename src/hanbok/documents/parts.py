"""Collects the parts of a document, within its limits."""

import re
from typing import Final

from hanbok.documents.errors import DocumentTooLarge
from hanbok.documents.format import Document, Limits, Part
from hanbok.documents.whys import more_characters

_BREAK: Final = re.compile("\r\n?|[\x0b\x0c]")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


class Parts:
    """What a format adds in reading order; an end to it comes as soon as there is more than the limits allow."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.characters
        self._limit = limits.characters
        self._parts: list[tuple[str, str, list[str]]] = []
        self._unread: dict[str, None] = {}

    def add(self, text: str, place: str = "", kind: str = "body") -> None:
        """Add text, to the part before where place and kind are the same. Raises DocumentTooLarge.

        Control characters are left out, all breaks become new lines.
        """
        self._left -= len(text)
        if self._left < 0:
            raise DocumentTooLarge(why=more_characters(self._limit))
        if not (trimmed := _CONTROL.sub("", _BREAK.sub("\n", text)).strip()):
            return
        if not self._parts or self._parts[-1][:2] != (place, kind):
            self._parts.append((place, kind, []))
        self._parts[-1][2].append(trimmed)

    def leave(self, kind: str) -> None:
        """Note content that holds no text to take: `picture`, `chart`, `object`, `page without text`..."""
        self._unread[kind] = None

    def document(self, title: str = "", author: str = "") -> Document:
        """Return all that was added."""
        parts = (Part(text="\n".join(lines), place=place, kind=kind) for place, kind, lines in self._parts)
        return Document(
            parts=tuple(parts), title=title.strip(), author=author.strip(), unread=tuple(self._unread)
        )
