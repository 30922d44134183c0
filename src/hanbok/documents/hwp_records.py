"""Records of HWP 5: the paragraphs of a section, with all that hangs in them.

본 제품은 한글과컴퓨터의 한글 문서 파일(.hwp) 공개 문서를 참고하여 개발하였습니다.
(Hancom, "한글 문서 파일 형식 5.0" revision 1.3: 3.2.3 and table 6 for characters, 4.1 for records, 4.3 for paragraphs.)
"""

import re
import struct
from collections import deque
from collections.abc import Collection
from typing import Any, Final, NamedTuple

from hanbok.core.values import Text
from hanbok.documents.errors import DocumentTooLarge, DocumentUnreadable
from hanbok.documents.flow import NUMBERS, Cell, Flow, paragraph, table

RECORDS: Final = 2_000_000
"""Of a document: each takes some time, however short it is."""
_HEAD: Final = 4
_LONG: Final = 0xFFF
"""A size of 12 bits that says: the size follows in 32."""
_CUT_OFF: Final = Text(ko="레코드가 잘려 있습니다", en="a record is cut off")

DOCUMENT_PROPERTIES: Final = 16
PARA_SHAPE: Final = 25
DISTRIBUTE_DOC_DATA: Final = 28
_PARA_HEADER: Final = 66
_PARA_TEXT: Final = 67
_CTRL_HEADER: Final = 71
_LIST_HEADER: Final = 72
_BEGINS: Final = {76, 77, 88}
"""Records (SHAPE_COMPONENT, TABLE, EQEDIT) that an object begins with; a list before them is its caption."""
_EQEDIT: Final = 88
_UNREAD: Final = {84: "object", 85: "picture", 90: "text art", 91: "form", 95: "chart", 98: "video"}

_ASIDE: Final = {
    b"head": "header", b"foot": "footer", b"fn  ": "note", b"en  ": "note", b"tcmt": "comment", b"secd": "header"
}  # fmt: skip
"""Controls whose paragraphs are not of the body; those of a section's definition are its master pages (바탕쪽)."""
_EQUATION: Final = b"eqed"
_OBJECTS: Final = {b"tbl ", b"gso ", _EQUATION}

_CONTROL: Final = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\x17].{0,7}", re.DOTALL)
"""Inline and extended controls take eight characters: their own, six of data, their own again."""
_WIDTH: Final = 8
_EXTENDED: Final = frozenset("\x01\x02\x03\x0b\x0c\x0e\x0f\x10\x11\x12\x15\x16\x17")
"""Each has a control record of its own, in their order."""
_CHARACTER: Final = re.compile(r"[\x00-\x1f]")
_CHARACTERS: Final = {"\n": "\n", "\x18": "-", "\x1e": " ", "\x1f": " "}
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_NUMBERED: Final = range(1, 6)
"""Automatic numbers (표 143) that stand in a text: of notes, pictures, tables, equations; not those of pages."""
_LENGTH: Final = struct.Struct("<H")
_NUMBER: Final = struct.Struct("<4xIH2x2s2s")
_SHAPE: Final = struct.Struct("<8xH")
"""Of the head of a paragraph (표 58): the number of its shape in DocInfo."""
_CELL: Final = struct.Struct("<8xHH")
"""Behind the head of its list (표 65, eight bytes in files): column and row of a cell (표 80)."""
_CAPTION: Final = struct.Struct("<8xI")
_BEHIND: Final = (1, 3)
"""Captions on the right and below (표 73)."""


class Record(NamedTuple):
    tag: int
    level: int
    data: bytes


END: Final = Record(tag=0, level=-1, data=b"")


class Records:
    """The records of a stream, one at a time."""

    def __init__(self, data: bytes, most: int = RECORDS) -> None:
        """Stand at the first. Raises DocumentUnreadable."""
        self._data = data
        self._at = 0
        self.left = most
        self.now = self._read()

    def step(self) -> Record:
        """Go on, and return the record left behind. Raises DocumentUnreadable, DocumentTooLarge."""
        left, self.now = self.now, self._read()
        return left

    @property
    def rest(self) -> bytes:
        """What follows the record."""
        return self._data[self._at :]

    def _read(self) -> Record:
        data, at = self._data, self._at
        if at + _HEAD > len(data) and not any(data[at:]):  # what is left of the last block of a cipher
            return END
        self.left -= 1
        if self.left < 0:
            raise DocumentTooLarge(
                why=Text(
                    ko=f"글의 레코드가 {RECORDS}개를 넘습니다", en=f"more than {RECORDS} records of text"
                )
            )
        try:
            (head,) = struct.unpack_from("<I", data, at)
            at += 4
            size = head >> 20
            if size == _LONG:
                (size,) = struct.unpack_from("<I", data, at)
                at += 4
        except struct.error as error:
            raise DocumentUnreadable(why=_CUT_OFF) from error
        if size > len(data) - at:
            raise DocumentUnreadable(why=_CUT_OFF)
        self._at = at + size
        return Record(tag=head & 0x3FF, level=head >> 10 & 0x3FF, data=data[at : self._at])


class Section:
    """Reads the paragraphs of a section into a flow."""

    def __init__(self, records: Records, flow: Flow, numbered: Collection[int] = ()) -> None:
        """Stand at the first paragraph; `numbered` are the shapes of those that the program numbers.

        Raises DocumentUnreadable.
        """
        self._records = records
        self._numbered = numbered
        if self._records.now.tag != _PARA_HEADER:
            raise DocumentUnreadable(
                why=Text(
                    ko="구역이 문단으로 시작하지 않습니다", en="a section does not begin with a paragraph"
                )
            )
        self._flow = flow

    def read(self) -> None:
        """Read all of them. Raises DocumentUnreadable, DocumentTooLarge."""
        while self._records.now is not END:
            tag, level, _ = self._records.now
            if tag == _CTRL_HEADER:
                self._flow.body += paragraph([self._control()])
            elif tag != _PARA_HEADER:
                self._skip()
            elif level:
                self._memo()
            else:
                self._flow.body += self._paragraph()

    def _paragraph(self) -> list[str]:
        _, level, head = self._records.step()
        (shape,) = _unpacked(_SHAPE, head)
        pieces: list[str | list[str]] = []
        places: deque[int] = deque()
        while self._records.now.level > level:
            tag = self._records.now.tag
            if tag == _PARA_TEXT:
                self._text(self._records.step().data, pieces, places)
            elif tag == _CTRL_HEADER:
                found = self._control()
                if places:
                    pieces[places.popleft()] = found
                else:
                    pieces.append(found)
            elif tag == _PARA_HEADER:
                self._memo()
            else:
                self._skip()
        lines = paragraph(pieces)
        if lines and shape in self._numbered:
            self._flow.leave(NUMBERS)
        return lines

    def _memo(self) -> None:
        """Read a paragraph below another: memos (메모) stand behind the last one, in no control."""
        with self._flow.deeper():
            self._flow.put("comment", self._paragraph())

    def _skip(self) -> None:
        """Leave a record that holds no text."""
        if kind := _UNREAD.get(self._records.step().tag):
            self._flow.leave(kind)

    def _text(self, data: bytes, pieces: list[str | list[str]], places: deque[int]) -> None:
        """Add the text, and the places in it that are for controls."""
        self._flow.spend(len(data) // 2)  # controls too: each takes time and memory
        characters = _characters(data)
        at = 0
        for control in _CONTROL.finditer(characters):
            pieces.append(_plain(characters[at : control.start()]))
            at = control.end()
            if len(control[0]) < _WIDTH:
                self._flow.leave("damaged text")
            elif control[0][0] in _EXTENDED:
                places.append(len(pieces))
            pieces.append("\t" if control[0][0] == "\t" else "")
        pieces.append(_plain(characters[at:]))

    def _spent(self, characters: str) -> str:
        self._flow.spend(len(characters))
        return _plain(characters)

    def _control(self) -> str | list[str]:
        """Return what stands in the text (`str`), or hangs in it."""
        head = self._records.step()
        name = head.data[3::-1]
        with self._flow.deeper():
            lines = self._lists(head.level, name)
        if kind := _ASIDE.get(name):
            self._flow.put(kind, lines)
            return ""
        if name == _EQUATION:
            return " ".join(lines)
        return lines or self._spent(_inline(name, head.data))

    def _lists(self, level: int, name: bytes) -> list[str]:
        """Read the lists of paragraphs of a control: cells, texts in shapes, captions."""
        above: list[str] = []
        lines: list[str] = []
        below: list[str] = []
        cells: list[Cell] = []
        filled, begun = lines, False
        while self._records.now.level > level:
            tag, _, data = self._records.now
            if tag == _PARA_HEADER:
                filled += self._paragraph()
                continue
            if tag == _CTRL_HEADER:
                filled += paragraph([self._control()])
                continue
            if tag in _BEGINS:
                filled, begun = lines, True
            if tag == _EQEDIT:
                lines.append(self._spent(_string(data, 4)))
            elif tag == _LIST_HEADER and begun and name == b"tbl ":
                column, row = _unpacked(_CELL, data)
                cells.append(Cell(row=row, column=column))
                filled = cells[-1].lines
            elif tag == _LIST_HEADER and not begun and name in _OBJECTS:
                filled = below if _unpacked(_CAPTION, data)[0] & 3 in _BEHIND else above
            self._skip()
        return [*above, *table(cells), *lines, *below]


def _inline(name: bytes, data: bytes) -> str:
    """Return what a control without lists stands for, its characters as they are in the file."""
    match name:
        case b"atno":
            kind, number, before, behind = _unpacked(_NUMBER, data)
            return f"{_characters(before)}{number}{_characters(behind)}" if kind & 0xF in _NUMBERED else ""
        case b"tcps":
            return _string(data, 4)
        case b"tdut":
            main = _string(data, 4)
            return f"{main}({_string(data, 6 + 2 * len(main))})"
        case _:
            return ""


def _plain(characters: str) -> str:
    """Return characters as they are in the file as those of a text."""
    if _SURROGATE.search(characters):
        characters = characters.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CHARACTER.sub(lambda found: _CHARACTERS.get(found[0], ""), characters)


def _string(data: bytes, at: int) -> str:
    """Return a text whose length stands before it."""
    (length,) = _unpacked(_LENGTH, data[at:])
    return _characters(data[at + 2 : at + 2 + 2 * length])


def _characters(data: bytes) -> str:
    """Return two bytes each as a character: those of pairs (surrogates) stay apart."""
    data = data[: len(data) // 2 * 2]
    try:
        found = data.decode("utf-16-le")
    except UnicodeDecodeError:
        found = ""
    if 2 * len(found) == len(data):
        return found
    return "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data)))


def _unpacked(layout: struct.Struct, data: bytes) -> tuple[Any, ...]:
    """Return the numbers of a record; older programs wrote shorter ones."""
    return layout.unpack(data[: layout.size].ljust(layout.size, b"\0"))
