"""Collects the parts of a document, within its limits."""

from hanbok.documents.errors import DocumentTooLarge
from hanbok.documents.format import Document, Limits, Part


class Parts:
    """What a format adds in reading order; an end to it comes as soon as there is more than the limits allow."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.characters
        self._limit = limits.characters
        self._parts: list[Part] = []
        self._unread: dict[str, None] = {}

    def add(self, text: str, place: str = "", kind: str = "body") -> None:
        """Add a part, unless there is no text in it. Raises DocumentTooLarge."""
        if trimmed := text.strip():
            self.spend(len(trimmed))
            self._parts.append(Part(text=trimmed, place=place, kind=kind))

    def spend(self, characters: int) -> None:
        """Count characters as text. Raises DocumentTooLarge."""
        self._left -= characters
        if self._left < 0:
            raise DocumentTooLarge(why=f"more than {self._limit} characters of text")

    def leave(self, kind: str) -> None:
        """Note content that holds no text to take: `picture`, `chart`, `object`, `page without text`..."""
        self._unread[kind] = None

    def document(self, title: str = "", author: str = "") -> Document:
        """Return all that was added."""
        return Document(
            parts=tuple(self._parts), title=title.strip(), author=author.strip(), unread=tuple(self._unread)
        )
