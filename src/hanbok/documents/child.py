"""The program that reads one PDF: bytes on its input, JSON on its output.

PDFium is C++ and the file is a stranger's. So it works in a process of its own, with no environment, within the
memory and time that it was given; a file that breaks it breaks nothing else. It is started by its path and imports
nothing of hanbok, so that it starts quickly.
"""

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from ctypes import Array, byref, c_double, c_ushort
from itertools import pairwise
from typing import TYPE_CHECKING, Final

sys.path.append(sys.argv[1])

import pypdfium2_raw as pdfium

if TYPE_CHECKING:
    from pypdfium2_raw import Handle

LOCKED: Final = 10
BROKEN: Final = 11
TOO_LARGE: Final = 12
Line = tuple[str, float, float, float, float, float]
"""Text, left, bottom, right, top, and the widest gap within the line, in points."""
_NOWHERE: Final = (0.0, 0.0, 0.0, 0.0, 0.0)
_WIDEST: Final = (min, min, max, max)
_PICTURES_LOOKED_FOR: Final = 200
_ASIDE: Final = {pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP}


def main() -> int:
    """Read the input and write what it says. Returns 0, LOCKED, BROKEN or TOO_LARGE."""
    characters, seconds, memory = map(int, sys.argv[2:5])
    _bound(seconds, memory)
    try:
        data = sys.stdin.buffer.read()
        pdfium.FPDF_InitLibrary()
        document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)  # the empty password is tried
        if not document:
            locked = pdfium.FPDF_GetLastError() in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}
            return LOCKED if locked else BROKEN
        told = _read(document, characters)
        if told is None:
            return TOO_LARGE
        json.dump(told, sys.stdout)
        sys.stdout.flush()
    except MemoryError:
        return TOO_LARGE
    return 0


def _bound(seconds: int, memory: int) -> None:
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CORE: 0,  # a dump would hold the document
        resource.RLIMIT_FSIZE: 0,
    }
    for limit, value in limits.items():
        with suppress(
            ValueError, OSError
        ):  # some systems know no limit of memory; the time is limited everywhere
            resource.setrlimit(limit, (value, value))


def _read(document: "Handle", characters: int) -> dict[str, object] | None:
    """Return parts as kind, page and lines, and what was left unread; None for more text than allowed."""
    unread: dict[str, None] = {}
    parts: list[tuple[str, int, list[Line]]] = []
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, pdfium.FPDF_FORMFILLINFO(version=2))
    if pdfium.FPDF_GetFormType(document) >= pdfium.FORMTYPE_XFA_FULL:
        unread["XFA form"] = None
    if pdfium.FPDFDoc_GetAttachmentCount(document) > 0:
        unread["attachment"] = None
    for number in range(1, pdfium.FPDF_GetPageCount(document) + 1):
        page = pdfium.FPDF_LoadPage(document, number - 1)
        if not page:
            unread["damaged page"] = None
            continue
        found = [(kind, number, lines) for kind, lines in _texts(page, form)]
        texts = [line[0] for _, _, lines in found for line in lines]
        if not any(map(str.strip, texts)):
            unread["page without text"] = None
        if _pictures(page):
            unread["picture"] = None
        parts += found
        characters -= sum(map(len, texts))
        if characters < 0:
            return None
        pdfium.FPDF_ClosePage(page)
    names = {"title": b"Title", "author": b"Author"}
    return {
        **{name: _string(document, tag, pdfium.FPDF_GetMetaText) for name, tag in names.items()},
        "parts": parts,
        "unread": list(unread),
    }


def _texts(page: "Handle", form: "Handle | None") -> Iterator[tuple[str, list[Line]]]:
    """Yield what stands on a page, what is filled into its form, and what is noted on it."""
    if text := pdfium.FPDFText_LoadPage(page):
        count = pdfium.FPDFText_CountChars(text)
        buffer = (c_ushort * (2 * max(count, 0) + 2))()
        found = _decoded(buffer, max(pdfium.FPDFText_GetText(text, 0, count, buffer) - 1, 0))
        yield "body", list(_lines(text, found))
        pdfium.FPDFText_ClosePage(text)
    for at in range(pdfium.FPDFPage_GetAnnotCount(page)):
        if not (note := pdfium.FPDFPage_GetAnnot(page, at)):
            continue
        kind = pdfium.FPDFAnnot_GetSubtype(note)
        if kind == pdfium.FPDF_ANNOT_WIDGET and form:
            yield "body", [(_filled(form, note), *_NOWHERE)]
        elif kind not in _ASIDE:
            yield "comment", [(_string(note, b"Contents", pdfium.FPDFAnnot_GetStringValue), *_NOWHERE)]
        pdfium.FPDFPage_CloseAnnot(note)


def _lines(page: "Handle", found: str) -> Iterator[Line]:
    """Yield the lines of a page with their places; PDFium counts UTF-16 units."""
    at = 0
    for text in found.split("\r\n"):
        size = len(text.encode("utf-16-le")) // 2
        boxes = [_box(page, one) for one in range(pdfium.FPDFText_CountRects(page, at, size))] if size else []
        at += size + 2
        if boxes:
            left, bottom, right, top = (
                pick(each) for pick, each in zip(_WIDEST, zip(*boxes, strict=True), strict=True)
            )
            widest = max((after[0] - before[2] for before, after in pairwise(boxes)), default=0.0)
            yield text, left, bottom, right, top, widest
        else:
            yield text, *_NOWHERE


def _box(page: "Handle", at: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = c_double(), c_double(), c_double(), c_double()
    pdfium.FPDFText_GetRect(page, at, byref(left), byref(top), byref(right), byref(bottom))
    return left.value, bottom.value, right.value, top.value


def _filled(form: "Handle", field: "Handle") -> str:
    size = pdfium.FPDFAnnot_GetFormFieldValue(form, field, None, 0)
    buffer = (c_ushort * (size // 2 + 1))()
    pdfium.FPDFAnnot_GetFormFieldValue(form, field, buffer, size)
    return _decoded(buffer, max(size // 2 - 1, 0))


def _string(owner: "Handle", key: bytes, read: Callable[..., int]) -> str:
    size = read(owner, key, None, 0)
    buffer = (c_ushort * (size // 2 + 1))()
    read(owner, key, buffer, size)
    return _decoded(buffer, max(size // 2 - 1, 0))


def _decoded(buffer: "Array[c_ushort]", units: int) -> str:
    return bytes(buffer)[: 2 * units].decode("utf-16-le", "replace")


def _pictures(page: "Handle") -> bool:
    few = min(pdfium.FPDFPage_CountObjects(page), _PICTURES_LOOKED_FOR)
    return any(
        pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page, at)) == pdfium.FPDF_PAGEOBJ_IMAGE
        for at in range(few)
    )


if __name__ == "__main__":
    sys.exit(main())
