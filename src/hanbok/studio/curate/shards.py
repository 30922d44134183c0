"""Files of a job: written under another name, synced, then renamed, so that none is ever half there."""

import errno
import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import get_ident
from types import TracebackType
from typing import IO, Final, Self

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.errors import ShardBroken
from hanbok.studio.errors import DiskFull

STAGE: Final = "curate"
HALF: Final = ".tmp"
WHOLE: Final = "all.json"
"""The mark of a phase that is one task."""
SLICE: Final = 4_000_000
"""Bytes of rows that steps have at a time."""
_LEVEL = 1  # of zstd: higher ones save little of Korean text
_ROWS = 16_384  # in a row group at most
_GROUP = 8 << 20  # bytes of one
_BUFFER = 1 << 18


@contextmanager
def placing(path: Path) -> Iterator[IO[bytes]]:
    """Have a file written, and give it its name once it is whole and on the disk. Raises DiskFull."""
    half = path.with_name(f".{path.name}.{socket.gethostname()}-{os.getpid()}-{get_ident()}{HALF}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except (OSError, pa.ArrowException) as error:
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or "No space left" in str(error):
            raise DiskFull(stage=STAGE, folder=path.parent) from error
        raise
    finally:
        half.unlink(missing_ok=True)


class ShardWriter:
    """Writes shards as rows come: the same rows in the same portions give the same bytes.

    What only this job reads again is not packed: packing would cost more than the disk that it saves.
    """

    def __init__(self, folder: Path, *, packed: bool) -> None:
        self.folder = folder
        self._packing = (
            {"compression": "zstd", "compression_level": _LEVEL} if packed else {"compression": "none"}
        )
        self._files = ExitStack()
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        self._files.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, raised, trace)

    def put(self, name: str, rows: pl.DataFrame) -> None:
        """Append rows to the shard of this name."""
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        if name not in self._writers:
            file = self._files.enter_context(placing(self.folder / name))
            writer = pq.ParquetWriter(file, table.schema, use_dictionary=False, **self._packing)
            self._writers[name] = self._files.enter_context(writer)
        group = max(1, min(_ROWS, rows.height * _GROUP // max(1, table.nbytes)))
        self._writers[name].write_table(table, row_group_size=group)

    @property
    def names(self) -> list[str]:
        return sorted(self._writers)


def rows_in(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """Read columns of a shard of this job. Raises ShardBroken."""
    with _ours(path), pq.ParquetFile(path) as file:
        return _framed(file.read(columns=columns))


def slices(path: Path, size: int) -> Iterator[tuple[pl.DataFrame, bool]]:
    """Yield the rows of a shard of this job, a few megabytes at a time, and whether a portion of `size` bytes ends with
    them: one ends with a row group. Raises ShardBroken.
    """
    with _ours(path), pq.ParquetFile(path, buffer_size=_BUFFER) as file:
        if not file.metadata.num_rows:
            yield _framed(file.schema_arrow.empty_table()), False
        held = 0
        for group in range(file.num_row_groups):
            told = file.metadata.row_group(group)
            held += told.total_byte_size
            left = told.num_rows
            step = max(1, left * SLICE // max(1, told.total_byte_size))
            for batch in file.iter_batches(batch_size=step, row_groups=[group]):
                left -= batch.num_rows
                yield _framed(pa.Table.from_batches([batch])), not left and held >= size
            held = 0 if held >= size else held


def _framed(table: pa.Table) -> pl.DataFrame:
    rows = pl.from_arrow(table)
    if not isinstance(rows, pl.DataFrame):
        raise TypeError(type(rows).__name__)
    return rows


def put_table(path: Path, table: pa.Table) -> None:
    """Write a table so that a reader can map it."""
    whole = max(1, table.num_rows)
    with placing(path) as file:
        feather.write_feather(table, file, compression="uncompressed", chunksize=whole)


def table_in(path: Path) -> pa.Table:
    """Map a table of this job into memory. Raises ShardBroken."""
    with _ours(path):
        return feather.read_table(path, memory_map=True)


def put_array(path: Path, array: np.ndarray) -> None:
    """Write an array so that a reader can map it."""
    with placing(path) as file:
        np.save(file, array)


def array_in(path: Path) -> np.ndarray:
    """Map an array of this job. Raises ShardBroken."""
    with _ours(path):
        held: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return held


def put_json(path: Path, facts: Facts) -> None:
    """Write facts; equal ones give equal bytes."""
    with placing(path) as file:
        file.write(msgspec.json.encode(facts, order="sorted"))


def json_in(path: Path) -> Facts:
    """Read facts of this job. Raises ShardBroken."""
    with _ours(path):
        held: Facts = msgspec.json.decode(path.read_bytes(), type=dict)
    return held


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file of this job. Raises ShardBroken."""
    with _ours(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _ours(path: Path) -> Iterator[None]:
    """Have a damaged file of this job made again by the next run: its mark is taken away."""
    try:
        yield
    except (OSError, ValueError, EOFError, pa.ArrowException, msgspec.DecodeError) as error:
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            raise MemoryError(str(path)) from error  # the file is whole, there is no room for it
        for mark in marks_of(path):
            mark.unlink(missing_ok=True)
        raise ShardBroken(path=path) from error


def marks_of(path: Path) -> tuple[Path, Path]:
    """Return the marks of the task that may have written a file: of its shard's or of its whole phase's."""
    return path.with_name(f"{path.name.partition('.')[0]}.json"), path.with_name(WHOLE)
