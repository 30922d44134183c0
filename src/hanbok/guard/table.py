"""Rows of cells in plain text (CSV, tab-separated, Markdown): which heading stands over a value."""

from collections.abc import Iterator

_DELIMITERS = "\t|,;"
_LINE = 1024
"""A longer line is no row of a table."""
_REACH = 4096
"""How far up, in characters, a table's first row is looked for."""
_ROWS = 200
_HEAD_LINES = 4


class Page(str):
    """A text that keeps the head of the table that was asked for last: several recognisers ask about each place."""

    __slots__ = ("head", "row")

    def __init__(self, _: str) -> None:
        self.row: tuple[int, int] = 0, 0
        """Where the row is that was asked for last."""
        self.head: tuple[str, list[str]] = "", []


def heading_of(text: str, at: int) -> str:
    """Return the text of the heading over the cell at `at`, or nothing where there is no table."""
    begin = text.rfind("\n", max(0, at - _LINE), at) + 1
    if not begin:
        return ""
    row = begin, _end_of_line(text, at)
    if not isinstance(text, Page):
        delimiter, cells = _cells(text, *row)
    elif text.row == row:
        delimiter, cells = text.head
    else:
        delimiter, cells = text.head = _cells(text, *row)
        text.row = row
    column = text.count(delimiter, begin, at) if delimiter else 0
    return cells[column] if column < len(cells) else ""


def _cells(text: str, begin: int, stop: int) -> tuple[str, list[str]]:
    """Return the delimiter of a row, and the headings over its cells."""
    row = text[begin:stop]
    for delimiter in _DELIMITERS:
        if delimiter in row:
            return delimiter, _head(text, begin, delimiter, row.count(delimiter)).split(delimiter)
    return "", []


def cells_below(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the cells under the heading that ends at `at`, without the blanks and quotes around them."""
    stop = _end_of_line(text, at)
    if stop >= len(text) or text[stop] != "\n":
        return
    begin = text.rfind("\n", max(0, at - _LINE), at) + 1
    above = text[text.rfind("\n", max(0, begin - _LINE), max(0, begin - 1)) + 1 : begin]
    for delimiter in _DELIMITERS:
        width = text.count(delimiter, begin, stop)
        if width and above.count(delimiter) != width:
            yield from _column(text, stop + 1, delimiter, text.count(delimiter, begin, at), width)
        if width:
            return


def _column(text: str, begin: int, delimiter: str, column: int, width: int) -> Iterator[tuple[int, int]]:
    for _ in range(_ROWS):
        stop = _end_of_line(text, begin)
        if begin >= len(text) or text.count(delimiter, begin, stop) != width:
            return
        start = begin
        for _ in range(column):
            start = text.find(delimiter, start, stop) + 1
        end = text.find(delimiter, start, stop)
        end = stop if end < 0 else end
        cell = text[start:end]
        start += len(cell) - len(cell.lstrip(" \"'"))
        yield start, max(start, end - len(cell) + len(cell.rstrip(" \"'\r")))
        begin = stop + 1


def _head(text: str, begin: int, delimiter: str, width: int) -> str:
    """Return the first row of the table whose row begins at `begin`."""
    floor = max(0, begin - _REACH)
    top = text.rfind("\n\n", floor, begin) + 2
    if top == 1:
        top = 0
    for _ in range(_HEAD_LINES):
        stop = _end_of_line(text, top)
        if top >= begin:
            break
        if text.count(delimiter, top, stop) == width:
            return text[top:stop]
        top = stop + 1
    return ""


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at, at + _LINE)
    return min(len(text), at + _LINE) if end < 0 else end
