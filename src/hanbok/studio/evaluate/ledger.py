"""`answers.jsonl` while a run lasts: only ever appended to, so that a run that was killed goes on where it was."""

import os
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class Ledger(Generic[T]):
    """Lines of one kind. What a kill left of a last line is cut off; a line that nobody can read is passed over."""

    def __init__(self, path: Path, kind: type[T]) -> None:
        self._path = path
        self._decoder = msgspec.json.Decoder(kind)
        self._encoder = msgspec.json.Encoder()
        self.kept: list[T] = []
        self._descriptor = -1

    def __enter__(self) -> Self:
        self._repair()
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def add(self, one: T) -> None:
        """Append a line. Raises OSError."""
        line = self._encoder.encode(one) + b"\n"
        written = os.write(self._descriptor, line)
        while written < len(line):  # a full disk takes a part, then says so
            written += os.write(self._descriptor, line[written:])
        self.kept.append(one)

    def _repair(self) -> None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self._path, whole)
        for line in content[:whole].splitlines():
            try:
                self.kept.append(self._decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
