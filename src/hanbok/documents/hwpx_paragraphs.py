"""Paragraphs of OWPML (KS X 6101, 10: the body), as HWPX keeps them. Its namespaces changed, its names did not."""

from collections.abc import Collection, Iterator
from typing import Final
from xml.etree.ElementTree import Element

from hanbok.documents.archive import local
from hanbok.documents.flow import NUMBERS, Cell, Flow, paragraph, table

_CHARACTERS: Final = {"tab": "\t", "lineBreak": "\n", "hyphen": "-", "nbSpace": " ", "fwSpace": " "}
_ASIDE: Final = {
    "header": "header", "footer": "footer", "footNote": "note", "endNote": "note", "hiddenComment": "comment",
    "fieldBegin": "comment",
}  # fmt: skip
"""Controls whose paragraphs are not of the body; the one of a field is a memo (메모)."""
_UNREAD: Final = {
    "pic": "picture", "ole": "object", "chart": "chart", "video": "video", "textart": "text art", "btn": "form",
    "radioBtn": "form", "checkBtn": "form", "comboBox": "form", "edit": "form", "listBox": "form", "scrollBar": "form",
}  # fmt: skip
_NUMBERED: Final = frozenset({"FOOTNOTE", "ENDNOTE", "PICTURE", "TABLE", "EQUATION"})
"""Automatic numbers that stand in a text; not those of pages."""
_BEHIND: Final = frozenset({"RIGHT", "BOTTOM"})
"""Captions on the right and below."""
_DIGITS: Final = 6


def child(element: Element, name: str) -> Element | None:
    """Return the first child of a name."""
    return element.find(f"{{*}}{name}")


class Paragraphs:
    """Reads paragraphs into a flow."""

    def __init__(self, flow: Flow, numbered: Collection[str]) -> None:
        """Begin; `numbered` are the ids of the shapes of paragraphs that the program numbers."""
        self._flow = flow
        self._numbered = numbered
        self.master_pages: list[str] = []
        """Ids of the master pages (바탕쪽) that were named."""

    def lines(self, within: Element) -> list[str]:
        """Return the lines of an element's paragraphs. Raises DocumentTooLarge."""
        found: list[str] = []
        for one in within:
            if local(one) == "p":
                lines = paragraph(self._pieces(one))
                if lines and one.get("paraPrIDRef") in self._numbered:
                    self._flow.leave(NUMBERS)
                found += lines
        return found

    def _pieces(self, whole: Element) -> Iterator[str | list[str]]:
        deleted = False
        for run in whole:
            for one in run if local(run) == "run" else ():
                name = local(one)
                if name == "t":
                    text, deleted = self._text(one, deleted)
                    yield text
                elif name == "ctrl":
                    for control in one:
                        yield self._control(control)
                else:
                    yield self._object(one, name)

    def _text(self, element: Element, deleted: bool) -> tuple[str, bool]:  # noqa: FBT001 - a state, in and out
        """Return the text of a run, and whether what follows in the paragraph was deleted with tracking."""
        pieces = [] if deleted else [element.text or ""]
        for mark in element:
            name = local(mark)
            if name in {"deleteBegin", "deleteEnd"}:
                deleted = name == "deleteBegin"
                self._flow.leave("deleted text")
            elif not deleted:
                pieces.append(_CHARACTERS.get(name, ""))
            if not deleted:
                pieces.append(mark.tail or "")
        text = "".join(pieces)
        self._flow.spend(len(text))
        return text, deleted

    def _control(self, control: Element) -> str:
        name = local(control)
        if kind := _ASIDE.get(name):
            with self._flow.deeper():
                for one in control:
                    if local(one) == "subList":
                        self._flow.put(kind, self.lines(one))
        elif name == "autoNum" and control.get("numType") in _NUMBERED:
            shown = child(control, "autoNumFormat")
            before, behind = (
                (shown.get("prefixChar", ""), shown.get("suffixChar", "")) if shown is not None else ("", "")
            )
            return f"{before}{control.get('num', '')}{behind}"
        return ""

    def _object(self, element: Element, name: str) -> str | list[str]:
        """Return what stands in the text (`str`), or hangs in it."""
        match name:
            case "equation":
                return " ".join([*self._hanging(element), _written(element, "script")])
            case "compose":
                return element.get("composeText", "")
            case "dutmal":
                return f"{_written(element, 'mainText')}({_written(element, 'subText')})"
            case "secPr":
                self.master_pages += [one.get("idRef", "") for one in element if local(one) == "masterPage"]
                return ""
            case _:
                return self._hanging(element)

    def _hanging(self, element: Element) -> list[str]:
        """Return the lines of a table or a drawing, between those of its captions."""
        above: list[str] = []
        lines: list[str] = []
        below: list[str] = []
        cells: list[Cell] = []
        todo = [element]
        with self._flow.deeper():
            while todo:
                one = todo.pop()
                name = local(one)
                if name in _UNREAD:
                    self._flow.leave(_UNREAD[name])
                if name == "caption":
                    captions = below if one.get("side") in _BEHIND else above
                    captions += [line for part in one for line in self.lines(part)]
                elif name == "tr":
                    cells += self._row(one, len(cells))
                elif name == "subList":
                    lines += self.lines(one)
                elif name == "switch":  # one thing for newer programs and for older ones
                    todo += one[:1]
                else:
                    todo += reversed(one)
        return [*above, *table(cells), *lines, *below]

    def _row(self, row: Element, before: int) -> Iterator[Cell]:
        """Yield the cells of a row, where they say that they are; else in their order."""
        for number, one in enumerate(row):
            at = child(one, "cellAddr")
            down, right = (at.get("rowAddr"), at.get("colAddr")) if at is not None else (None, None)
            lines = [line for part in one if local(part) == "subList" for line in self.lines(part)]
            yield Cell(row=_number(down, before), column=_number(right, number), lines=lines)


def _written(element: Element, name: str) -> str:
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def _number(written: str | None, otherwise: int) -> int:
    return int(written) if written and written.isdecimal() and len(written) <= _DIGITS else otherwise
