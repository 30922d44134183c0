"""Reads a document of any known format."""

from pathlib import PurePath
from typing import Final

from hanbok.core.plugin import ExtraMissing, load, names
from hanbok.core.values import Text
from hanbok.documents.errors import DocumentTooLarge, DocumentUnknown, DocumentUnreadable
from hanbok.documents.format import Document, Format, Limits

FORMATS: Final = "hanbok.documents.formats"
HEAD: Final = 4096
"""Bytes that a format looks at to know its own."""
NO_LIMITS_BUT_OURS: Final = Limits()
_NO_TEXT: Final = (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"HWP Document File")


def is_document(data: bytes) -> bool:
    """Tell whether a file must be read as a document: what begins so is no text."""
    return data.startswith(_NO_TEXT)


def read(data: bytes, name: str, limits: Limits = NO_LIMITS_BUT_OURS) -> Document:
    """Return the text of a document that is called `name`; it comes from anywhere, and is taken to be hostile.

    Raises DocumentUnreadable and its kinds: DocumentLocked, DocumentTooLarge, DocumentUnknown; and ExtraMissing.
    """
    called = PurePath(name).name
    try:
        if len(data) > limits.unpacked:
            raise DocumentTooLarge(why=Text(ko=f"{len(data)}바이트입니다", en=f"{len(data)} bytes"))
        document = format_of(data, called).read(data, limits)
    except DocumentUnreadable as error:
        raise error.of(called) from error.__cause__ if called else error
    return document


def format_of(data: bytes, name: str) -> Format:
    """Return who reads this document. Raises DocumentUnknown; ExtraMissing where what is not installed may know it."""
    head = data[:HEAD]
    ending = PurePath(name.lower()).suffix.removeprefix(".")
    missing: ExtraMissing | None = None
    for key in sorted(
        names(FORMATS), key=lambda one: one != ending
    ):  # the likely one first: others stay unloaded
        try:
            known: Format = load(FORMATS, key)()
        except ExtraMissing as error:
            missing = missing or error
            continue
        if known.knows(head, name):
            return known
    raise missing or DocumentUnknown(
        why=Text(ko="내용으로도 이름으로도 가려낼 수 없습니다", en="neither its bytes nor its name tell")
    )
