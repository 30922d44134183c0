"""Paragraphs, tables and what hangs between them, as lines of text."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from hanbok.core.values import Text
from hanbok.documents.errors import DocumentTooLarge
from hanbok.documents.format import Limits
from hanbok.documents.parts import Parts
from hanbok.documents.whys import more_characters

BETWEEN: Final = " | "
"""Between the cells of a row."""
NUMBERS: Final = "paragraph numbers"
"""Told as unread: the program counts them (제1조, 가.), the file has none."""
_KINDS: Final = ("body", "note", "comment", "header", "footer")
"""In the order in which the parts of a section follow each other."""


class Row(str):
    """A line that is a row of a table."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell where its first row and column are; a merged cell is one cell."""

    row: int
    column: int
    lines: list[str] = field(default_factory=list)


def table(cells: Sequence[Cell]) -> list[str]:
    """Return the rows of a table, each followed by those of tables within it. A cell alone is a frame: its lines."""
    if len(cells) == 1:
        return cells[0].lines
    lines: list[str] = []
    for _, row in groupby(sorted(cells, key=lambda one: (one.row, one.column)), key=lambda one: one.row):
        inside: list[str] = []
        texts: list[str] = []
        for cell in row:
            texts.append(" ".join(" ".join(one.split()) for one in cell.lines if not isinstance(one, Row)))
            inside.extend(one for one in cell.lines if isinstance(one, Row))
        if any(texts):
            full = [one for one in texts if one]
            lines.append(Row(BETWEEN.join(texts if len(full) > 1 else full)))
        lines.extend(inside)
    return lines


def paragraph(pieces: Iterable[str | list[str]]) -> list[str]:
    """Return the lines of a paragraph: its text whole, and what hangs in it (lists) before or behind, as it begins."""
    before: list[str] = []
    behind: list[str] = []
    texts: list[str] = []
    hanging = before
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            if piece.strip():
                hanging = behind
        else:
            hanging += piece
    lines = (one.strip() for one in "".join(texts).split("\n"))
    return [*before, *(one for one in lines if one), *behind]


class Flow:
    """What a document holds, section by section, while it is read."""

    def __init__(self, limits: Limits, parts: Parts) -> None:
        self.body: list[str] = []
        self._aside: dict[str, list[str]] = {}
        self._parts = parts
        self._left = self._characters = limits.characters
        self._depth = limits.depth
        self._deep = 0
        self.leave = parts.leave

    def put(self, kind: str, lines: list[str]) -> None:
        """Keep lines that are not of the body."""
        self._aside.setdefault(kind, []).extend(lines)

    def spend(self, characters: int) -> None:
        """Count characters, before they are more than the parts would take. Raises DocumentTooLarge."""
        self._left -= characters
        if self._left < 0:
            raise DocumentTooLarge(why=more_characters(self._characters))

    @contextmanager
    def deeper(self) -> Generator[None]:
        """Stand within a table, a text box or a note. Raises DocumentTooLarge."""
        self._deep += 1
        if self._deep > self._depth:
            raise DocumentTooLarge(
                why=Text(
                    ko=f"표와 글상자가 {self._depth}단계보다 깊이 겹쳐 있습니다",
                    en=f"tables and text boxes nest deeper than {self._depth}",
                )
            )
        yield
        self._deep -= 1

    def end(self, place: str) -> None:
        """Add a section to the parts, as what stands there. Raises DocumentTooLarge."""
        for kind in _KINDS:
            for line in self.body if kind == "body" else self._aside.get(kind, ()):
                self._parts.add(line, place, kind)
        self.body, self._aside = [], {}
