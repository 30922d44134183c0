"""Files of evaluation sets: pinned by hash and row count, read row by row, changed ones refused."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from hanbok.core.values import Text
from hanbok.studio.artifacts import sha256
from hanbok.studio.evaluate.errors import DataChanged, DataUnreadable, RowUnusable

_COUNT: Final = Text(ko="행 수", en="row count")
LONGEST_ROW: Final = 4 << 20
"""Bytes of one row: a longer one is a broken file, not a question."""


class Pin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file, and what it must be. `rows` 0: the count is not pinned."""

    path: str
    sha256: str
    rows: int = 0


def opened(pin: Pin, root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each row with its place, once the hash has been compared; compare the count at the end.

    Raises DataUnreadable, DataChanged, RowUnusable.
    """
    path = root / pin.path
    try:
        found = sha256(path)
    except OSError as error:
        raise DataUnreadable(path=path, why=error.strerror) from None
    if found != pin.sha256:
        raise DataChanged(path=path, what="SHA-256", found=found[:16], pinned=pin.sha256[:16])
    count = 0
    for count, row in enumerate(rows_in(path), start=1):
        yield f"{path.stem}-{count}", row
    if pin.rows and count != pin.rows:
        raise DataChanged(path=path, what=_COUNT, found=count, pinned=pin.rows)


def pinned(path: Path, root: Path) -> Pin:
    """Return the pin of a file as it is now. Raises DataUnreadable, RowUnusable."""
    try:
        digest = sha256(path)
    except OSError as error:
        raise DataUnreadable(path=path, why=error.strerror) from None
    inside = path.is_relative_to(root)
    name = (path.relative_to(root) if inside else path.absolute()).as_posix()
    return Pin(path=name, sha256=digest, rows=sum(1 for _ in rows_in(path)))


def rows_in(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSONL, JSON, CSV, TSV or Parquet file. Raises DataUnreadable, RowUnusable."""
    match path.suffix.lower():
        case ".jsonl":
            yield from _lines(path)
        case ".csv" | ".tsv":
            yield from _table(path)
        case ".parquet":
            yield from _parquet(path)
        case ".json" | ".txt":
            yield from _document(path)
        case other:
            raise DataUnreadable(
                path=path, why=f"{other or 'no suffix'}: jsonl, json, txt, csv, tsv, parquet"
            )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    try:
        with path.open("rb") as file:
            place = 0
            while line := file.readline(LONGEST_ROW + 1):
                place += 1
                if len(line) > LONGEST_ROW:
                    raise RowUnusable(path=path, row=place, why=f"> {LONGEST_ROW >> 20} MiB")
                if line.isspace():
                    continue
                try:
                    yield decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise RowUnusable(path=path, row=place, why=str(error)) from None
    except OSError as error:
        raise DataUnreadable(path=path, why=error.strerror) from None


def _document(path: Path) -> Iterator[dict[str, Any]]:
    """Read a list of objects, one below `data`, or an object of objects whose keys name them (TeleQnA, a .txt)."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise DataUnreadable(path=path, why=error.strerror) from None
    except ValueError as error:
        raise DataUnreadable(path=path, why=str(error)) from None
    if isinstance(found, dict):
        listed = found.get("data")
        found = listed if isinstance(listed, list) else _named(found)
    for place, row in enumerate(found, start=1):
        if not isinstance(row, dict):
            raise RowUnusable(path=path, row=place, why="not an object")
        yield row


def _named(found: dict[str, Any]) -> list[Any]:
    return [{"_name": name, **row} if isinstance(row, dict) else row for name, row in found.items()]


def _table(path: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(LONGEST_ROW)
    text = _table_text(path)
    tabs = path.suffix.lower() == ".tsv"
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",", strict=True)
    place = 0
    try:
        for place, row in enumerate(reader, start=1):
            if None in row or None in row.values():
                raise RowUnusable(
                    path=path, row=place, why=f"{len(reader.fieldnames or ())} columns expected"
                )
            yield dict(row)
    except csv.Error as error:
        raise RowUnusable(path=path, row=place + 1, why=str(error)) from None


def _table_text(path: Path) -> str:
    """Return a table's text: UTF-8, or CP949, in which Excel saves Korean CSV. Raises DataUnreadable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataUnreadable(path=path, why=error.strerror) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        with suppress(UnicodeDecodeError):
            return data.decode("cp949")
        raise DataUnreadable(path=path, why=f"UTF-8: {error.reason}") from None


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    from hanbok.studio.evaluate.columns import rows_of_parquet  # noqa: PLC0415 - the rest needs no pyarrow

    yield from rows_of_parquet(path)
