"""Hears the XML of a workbook's sheets (SpreadsheetML): strings, rows, headers and footers."""

import re
from collections.abc import Sequence
from typing import Final

from hanbok.documents.archive import Plain
from hanbok.documents.parts import Parts
from hanbok.documents.shown import plain, shown

_CODES: Final = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d+|.)')
"""Fonts, colours and fields in headers and footers."""
_BESIDE: Final = re.compile("(odd|even|first)(Header|Footer)")
_ESCAPED: Final = re.compile("_x((?!D[89A-F])[0-9A-F]{4})_", re.IGNORECASE)
"""Characters that XML cannot hold, or that stand for themselves (ECMA-376 part 1, 22.9.2.19)."""
_TRUTH: Final = {"0": "FALSE", "1": "TRUE"}


class _Heard(Plain):
    """Gathers the text of the elements that are listened to."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._text = False

    def data(self, text: str) -> None:
        if self._text:
            self._pieces.append(text)

    def _taken(self) -> str:
        """Return what was heard since the last time."""
        text = "".join(self._pieces)
        self._pieces.clear()
        return text


class Strings(_Heard):
    """Hears the strings that cells share; readings above Chinese characters are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._reading = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as it is called
        name = _name(tag)
        self._text = name == "t" and not self._reading
        self._reading = self._reading or name == "rPh"

    def end(self, tag: str) -> None:
        name = _name(tag)
        self._text = False
        if name == "rPh":
            self._reading = False
        elif name == "si":
            self.found.append(_unescaped(self._taken()))


class Rows(_Heard):
    """Hears a sheet and adds each row to the parts as a line."""

    def __init__(
        self, parts: Parts, place: str, strings: Sequence[str], codes: Sequence[str], *, from_1904: bool
    ) -> None:
        super().__init__()
        self._parts, self._place = parts, place
        self._strings, self._codes, self._from_1904 = strings, codes, from_1904
        self._row: list[str] = []
        self._kind = self._style = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _name(tag)
        if name == "c":
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._taken()
        self._text = name in {"v", "t"} or _BESIDE.fullmatch(name) is not None

    def end(self, tag: str) -> None:
        name = _name(tag)
        self._text = False
        if name == "c":
            if cell := " ".join(self._cell(self._taken()).split()):
                self._row.append(cell)
        elif name == "row":
            self._parts.add(" | ".join(self._row), place=self._place)
            self._row.clear()
        elif beside := _BESIDE.fullmatch(name):
            line = _CODES.sub(" ", self._taken())
            self._parts.add(" ".join(line.split()), place=self._place, kind=beside[2].lower())

    def _cell(self, value: str) -> str:
        match self._kind:
            case "s":
                return _at(self._strings, value)
            case "b":
                return _TRUTH.get(value, value)
            case "n":
                return self._number(value)
            case _:  # text of a formula, text in place, an error, a date in ISO 8601
                return _unescaped(value)

    def _number(self, value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            return value
        code = _at(self._codes, self._style)
        return shown(number, code, from_1904=self._from_1904) if code else plain(number)


def _at(values: Sequence[str], place: str) -> str:
    """Return the value of a place that a file names, nothing where there is no such place."""
    return values[int(place)] if place.isdecimal() and int(place) < len(values) else ""


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
