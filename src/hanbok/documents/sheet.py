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


class Strings(Plain):
    """Hears the strings that cells share; readings above Chinese characters are left out."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._pieces: list[str] = []
        self._text = self._reading = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as it is called
        name = tag.rpartition("}")[2]
        self._text = name == "t" and not self._reading
        self._reading = self._reading or name == "rPh"

    def data(self, text: str) -> None:
        if self._text:
            self._pieces.append(text)

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        self._text = False
        if name == "rPh":
            self._reading = False
        elif name == "si":
            self.found.append(_unescaped("".join(self._pieces)))
            self._pieces.clear()


class Rows(Plain):
    """Hears a sheet and adds each row to the parts as a line."""

    def __init__(
        self, parts: Parts, place: str, strings: Sequence[str], codes: Sequence[str], *, from_1904: bool
    ) -> None:
        self._parts, self._place = parts, place
        self._strings, self._codes, self._from_1904 = strings, codes, from_1904
        self._row: list[str] = []
        self._pieces: list[str] = []
        self._kind = self._style = ""
        self._text = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "c":
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._pieces.clear()
        self._text = name in {"v", "t"} or _BESIDE.fullmatch(name) is not None

    def data(self, text: str) -> None:
        if self._text:
            self._pieces.append(text)

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        self._text = False
        if name == "c":
            if cell := " ".join(self._cell().split()):
                self._row.append(cell)
            self._pieces.clear()
        elif name == "row":
            self._parts.add(" | ".join(self._row), place=self._place)
            self._row.clear()
        elif beside := _BESIDE.fullmatch(name):
            line = _CODES.sub(" ", "".join(self._pieces))
            self._parts.add(" ".join(line.split()), place=self._place, kind=beside[2].lower())
            self._pieces.clear()

    def _cell(self) -> str:
        value = "".join(self._pieces)
        match self._kind:
            case "s":
                return (
                    self._strings[int(value)] if value.isdecimal() and int(value) < len(self._strings) else ""
                )
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
        code = (
            self._codes[int(self._style)]
            if self._style.isdecimal() and int(self._style) < len(self._codes)
            else ""
        )
        return shown(number, code, from_1904=self._from_1904) if code else plain(number)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
