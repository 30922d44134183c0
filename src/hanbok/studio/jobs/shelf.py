"""Uploaded files, each in a folder of its organisation; written whole or not at all."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from hanbok.core.values import Text
from hanbok.guard.guard import Guard
from hanbok.studio.jobs.errors import FileUnfit, FileUnknown
from hanbok.studio.jobs.shapes import FileShown
from hanbok.studio.tune.errors import IdentifiersInData
from hanbok.studio.tune.gate import UNIQUE, texts_of
from hanbok.studio.tune.lines import read_rows

_ID: Final = re.compile(r"file-[0-9a-f]{24}")
PURPOSES: Final = frozenset({"fine-tune", "fine-tune-results"})


class Shelf:
    """The files of all organisations. None is ever seen by another than its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, organisation: str, name: str, purpose: str, content: bytes) -> FileShown:
        """Keep a file. Raises FileUnfit, RowUnreadable, IdentifiersInData: data that hold a unique identifier are not
        even kept.
        """
        if purpose not in PURPOSES:
            raise FileUnfit(
                why=Text(ko="purpose는 fine-tune이어야 합니다", en="its purpose must be fine-tune")
            )
        shown = FileShown(
            id=f"file-{secrets.token_hex(12)}",
            bytes=len(content),
            created_at=int(time.time()),
            filename=Path(name).name[:200] or "rows.jsonl",
            purpose=purpose,
        )
        half = self._folder / organisation / f".{shown.id}"
        half.mkdir(parents=True)
        try:
            (half / "content").write_bytes(content)
            if purpose == "fine-tune":
                read_through(half / "content")
            (half / "file.json").write_bytes(msgspec.json.encode(shown))
            _sync(half / "content")
            half.rename(self._folder / organisation / shown.id)
        finally:
            shutil.rmtree(half, ignore_errors=True)
        return shown

    def get(self, organisation: str, file: str) -> FileShown:
        """Raise FileUnknown."""
        try:
            return msgspec.json.decode(
                (self._place(organisation, file) / "file.json").read_bytes(), type=FileShown
            )
        except FileNotFoundError:
            raise FileUnknown(file=file[:100]) from None

    def content(self, organisation: str, file: str) -> Path:
        """Return where the content lies. Raises FileUnknown."""
        self.get(organisation, file)
        return self._place(organisation, file) / "content"

    def all(self, organisation: str) -> list[FileShown]:
        """Return all, the newest first."""
        folder = self._folder / organisation
        names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
        found = [self.get(organisation, name) for name in names if _ID.fullmatch(name)]
        return sorted(found, key=lambda one: (-one.created_at, one.id))

    def remove(self, organisation: str, file: str) -> None:
        """Raise FileUnknown."""
        self.get(organisation, file)
        shutil.rmtree(self._place(organisation, file))

    def _place(self, organisation: str, file: str) -> Path:
        if not _ID.fullmatch(file):
            raise FileUnknown(file=file[:100])
        return self._folder / organisation / file


def read_through(path: Path) -> None:
    """Read every row. Raises RowUnreadable naming the line, FileUnfit for none, IdentifiersInData."""
    guard = Guard.load(kinds=UNIQUE)
    found: dict[int, frozenset[str]] = {}
    count = 0
    for number, row in read_rows(path):
        count += 1
        if kinds := frozenset(_unique(guard, row)):
            found[number] = kinds
    if found:
        kinds_found = ", ".join(sorted(frozenset[str]().union(*found.values())))
        raise IdentifiersInData(rows=len(found), kinds=kinds_found, first=str(min(found)))
    if not count:
        raise FileUnfit(why=Text(ko="행이 없습니다", en="it has no rows"))


def _unique(guard: Guard, row: dict[str, str]) -> Iterator[str]:
    return (one.kind for text in texts_of(row) for one in guard.find(text) if one.kind in UNIQUE)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
