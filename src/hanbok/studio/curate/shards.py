"""Files of a job: written under another name, synced, then renamed, so that none is ever half there."""

import errno
import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

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
_LEVEL = 1  # of zstd: a shard is written and read a few times, mostly waiting for the processor
_GROUP = 16_384  # rows


def place(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Have a file written and give it its name once it is whole and on the disk. Raises DiskFull."""
    half = path.with_name(f".{path.name}.{socket.gethostname()}-{os.getpid()}{HALF}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except (OSError, pa.ArrowException) as error:
        half.unlink(missing_ok=True)
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or "No space left" in str(error):
            raise DiskFull(stage=STAGE, folder=path.parent) from error
        raise


def put_rows(path: Path, rows: pl.DataFrame) -> None:
    """Write a shard: the same rows give the same bytes."""
    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    place(
        path,
        lambda file: pq.write_table(
            table,
            file,
            compression="zstd",
            compression_level=_LEVEL,
            row_group_size=_GROUP,
            use_dictionary=False,
        ),
    )


def rows_in(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """Read a shard of this job. Raises ShardBroken."""
    with _ours(path):
        rows = pl.from_arrow(pq.read_table(path, columns=columns, partitioning=None))
    if not isinstance(rows, pl.DataFrame):
        raise TypeError(path)
    return rows


def put_table(path: Path, table: pa.Table) -> None:
    """Write a table so that a reader can map it."""
    whole = max(1, table.num_rows)
    place(path, lambda file: feather.write_feather(table, file, compression="uncompressed", chunksize=whole))


def table_in(path: Path) -> pa.Table:
    """Map a table of this job into memory. Raises ShardBroken."""
    with _ours(path):
        return feather.read_table(path, memory_map=True)


def put_array(path: Path, array: np.ndarray) -> None:
    """Write an array so that a reader can map it."""
    place(path, lambda file: np.save(file, array))


def array_in(path: Path) -> np.ndarray:
    """Map an array of this job. Raises ShardBroken."""
    with _ours(path):
        held: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return held


def put_json(path: Path, facts: Facts) -> None:
    """Write facts; equal ones give equal bytes."""
    place(path, lambda file: _write(file, msgspec.json.encode(facts, order="sorted")))


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
        for mark in marks_of(path):
            mark.unlink(missing_ok=True)
        raise ShardBroken(path=path) from error


def marks_of(path: Path) -> tuple[Path, Path]:
    """Return the marks of the task that may have written a file: of its shard's or of its whole phase's."""
    return path.with_name(f"{path.name.partition('.')[0]}.json"), path.with_name(WHOLE)


def _write(file: IO[bytes], content: bytes) -> None:
    file.write(content)
