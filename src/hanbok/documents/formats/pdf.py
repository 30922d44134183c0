"""PDF. Lines are joined to paragraphs where the page leaves no doubt; its headers and footers are lines like others.

PDFium reads it: it holds the character maps of Korean fonts (KSCms-UHC and the like), without which PDFs of Korean
offices come out as other characters, silently. `hanbok.documents.child` is the process that it works in.
"""

import re
import signal
import subprocess
import sys
from importlib.metadata import distribution
from importlib.resources import as_file, files
from typing import Final

import msgspec

from hanbok.core.values import Text
from hanbok.documents.errors import DocumentLocked, DocumentTooLarge, DocumentUnreadable
from hanbok.documents.format import Document, Limits
from hanbok.documents.paragraphs import Line, joined, spaced
from hanbok.documents.parts import Parts

_SITE: Final = str(distribution("pypdfium2").locate_file(""))
"""Where PDFium is installed. It is not imported here."""
_MARK: Final = b"%PDF-"
_MARK_WITHIN: Final = 1024
_HYPHEN: Final = re.compile("[\x02\ufffe](?:\r?\n)?")
"""What PDFium puts where a word is divided at the end of a line."""
_LOCKED: Final = 10
_TOO_LARGE: Final = 12
_OUT_OF_TIME: Final = {signal.SIGXCPU, signal.SIGKILL}
_WAIT: Final = 10
"""Seconds to wait for a second of computing: a machine may be busy."""

_DAMAGED: Final = Text(ko="손상된 PDF입니다", en="a damaged PDF")


class _Told(msgspec.Struct, frozen=True):
    parts: list[tuple[str, int, list[Line]]]
    title: str
    author: str
    unread: list[str]


_DECODE: Final = msgspec.json.Decoder(_Told).decode


class Pdf:
    def knows(self, head: bytes, name: str) -> bool:  # noqa: ARG002 - its bytes tell
        return _MARK in head[:_MARK_WITHIN]

    def read(self, data: bytes, limits: Limits) -> Document:
        try:
            told = _DECODE(_answered(data, limits))
        except msgspec.DecodeError as error:
            raise DocumentUnreadable(why=_DAMAGED) from error
        parts = Parts(limits)
        spaces = any(spaced(lines) for _, _, lines in told.parts)
        for kind, page, lines in told.parts:
            text = _HYPHEN.sub("", joined(lines, spaces=spaces))
            parts.add(text, place=f"page {page}", kind=kind)
        for one in told.unread:
            parts.leave(one)
        return parts.document(title=told.title, author=told.author)


def _answered(data: bytes, limits: Limits) -> bytes:
    """Return what the process says. Raises DocumentUnreadable, DocumentLocked, DocumentTooLarge."""
    bounds = map(str, (limits.characters, limits.seconds, limits.memory))
    with as_file(files("hanbok.documents") / "child.py") as program:
        try:
            done = subprocess.run(  # noqa: S603 - our own program, without shell or environment
                [sys.executable, "-I", "-S", str(program), _SITE, *bounds],
                input=data, capture_output=True, check=False, env={}, timeout=limits.seconds * _WAIT,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise DocumentTooLarge(
                why=Text(
                    ko=f"{limits.seconds * _WAIT}초 안에 읽지 못했습니다",
                    en=f"it was not read within {limits.seconds * _WAIT} seconds",
                )
            ) from error
    if done.returncode == 0:
        return done.stdout
    raise _failure(done.returncode, limits)


def _failure(code: int, limits: Limits) -> DocumentUnreadable:
    if code == _LOCKED:
        return DocumentLocked(
            why=Text(ko="암호화되어 있어 암호를 묻습니다", en="it is encrypted and asks for a password")
        )
    if code == _TOO_LARGE:
        return DocumentTooLarge(
            why=Text(
                ko="글이나 개체가 문서에 허용된 메모리를 넘습니다",
                en="its text or its objects take more memory than a document may",
            )
        )
    if -code in _OUT_OF_TIME:
        return DocumentTooLarge(
            why=Text(
                ko=f"읽는 데 {limits.seconds}초 넘게 걸립니다",
                en=f"reading it takes more than {limits.seconds} seconds",
            )
        )
    return DocumentUnreadable(why=_DAMAGED)
