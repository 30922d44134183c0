"""The contract of the evidence log: small, so that its format can grow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from hanbok.evidence.entry import AnyEntry
from hanbok.evidence.line import Line


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One entry in its place: `index` counts from 0, `digest` is the hash of its leaf in the tree (hex)."""

    index: int
    digest: str
    entry: AnyEntry


class Log(Protocol):
    """Append-only. Entries keep the order in which they were handed over."""

    async def append(self, entry: AnyEntry) -> Record:
        """Return when the entry is durable. Raises LogUnavailable when it cannot be made so."""
        ...

    def post(self, entry: AnyEntry) -> None:
        """Hand over an entry without waiting. It becomes durable with, or before, any later `append`."""
        ...

    def read(self, start: int = 0) -> Iterator[Record]:
        """Yield durable records from index `start` on."""
        ...


class FiledLog(Log, Protocol):
    """A log whose files are on this machine."""

    @property
    def directory(self) -> Path: ...

    @property
    def size(self) -> int:
        """How many entries are durable."""
        ...

    def find(self, call: str) -> list[Line]:
        """Return the sealed lines of one call, oldest first. Reads files: call it in a thread."""
        ...
