"""The contract of a sweep: a step that needs the whole corpus.

Texts stay where they are. From each shard a sweep takes keys: hashes with the row's number, sorted by hash. They are
merged range by range (`gather`), so that one range fits into memory, and what was found becomes one small verdict for
each shard (`resolve`), by which its rows are judged (`apply`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias, runtime_checkable

import numpy as np
import polars as pl
import pyarrow as pa

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.shards import array_in, table_in

HASH: Final = "hash"
ROW: Final = "row"
BIN: Final = "bin"
"""A column that the last sweep may add: bins follow one another in the corpus."""
Numbers: TypeAlias = "np.ndarray"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The keys of all shards, on disk, and the order of all ids.

    A row has a position (those of the first shard first) and a rank: its place among all ids in order of their
    bytes. Whatever decides between rows decides by rank, so that it never matters how the corpus was cut.
    """

    keys: Path
    shards: int
    ranked: Path | None = None
    """The folder of the ranks, for a sweep that asked for them."""

    def tables(self, name: str) -> Iterator[tuple[int, pa.Table]]:
        """Yield each shard's table of keys of that name."""
        for shard in range(self.shards):
            yield shard, self.table(name, shard)

    def table(self, name: str, shard: int) -> pa.Table:
        """Return a shard's table of keys of that name."""
        return table_in(self.keys / f"{shard:05}.{name}.arrow")

    def range(self, name: str, part: int, parts: int) -> tuple[list[pa.Table], Numbers]:
        """Return the keys with hashes in one of `parts` equal ranges, shard by shard, and their rows' positions."""
        begin, end = (part << 64) // parts, ((part + 1) << 64) // parts
        starts = self.starts()
        tables, positions = [], []
        for shard, table in self.tables(name):
            hashes = numbers(table, HASH)
            low = int(np.searchsorted(hashes, np.uint64(begin)))
            high = len(hashes) if end >> 64 else int(np.searchsorted(hashes, np.uint64(end)))
            tables.append(table.slice(low, high - low))
            positions.append(starts[shard] + numbers(tables[-1], ROW).astype(np.int64))
        return tables, np.concatenate(positions)

    def ranks(self) -> Numbers:
        """Return the rank of each position."""
        return array_in(self._ranked / "rank.npy")

    def starts(self) -> Numbers:
        """Return the position at which each shard begins, and at last the number of all rows."""
        return array_in(self._ranked / "starts.npy")

    @property
    def _ranked(self) -> Path:
        if self.ranked is None:
            raise ValueError("this sweep did not ask for ranks")
        return self.ranked


def numbers(table: pa.Table, name: str) -> Numbers:
    """Return a column of numbers, uncopied where the table has one chunk as all of ours have."""
    column = table[name]
    held: Numbers = (
        column.chunk(0).to_numpy(zero_copy_only=False) if column.num_chunks == 1 else column.to_numpy()
    )
    return held


@runtime_checkable
class Sweep(Protocol):
    """What it does depends on its `spec` and the rows of all shards, not on how many workers there are."""

    name: str
    ranked: bool
    """Whether it needs the order of all ids."""
    lays: bool
    """Whether `apply` may repeat rows and bring them into another order: the last sweep's right."""

    @property
    def spec(self) -> Facts: ...

    def keys(self, rows: pl.DataFrame) -> dict[str, pa.Table]:
        """Return the keys of a part of a shard, by name. A table that is gathered has `hash` (sorted, uint64) and
        `row` (uint32), counted within this part.
        """
        ...

    @property
    def gathered(self) -> str:
        """The name of the keys to be merged; empty: `resolve` reads the shards' tables themselves."""
        ...

    def gather(self, shelf: Shelf, part: int, parts: int) -> pa.Table:
        """Return what one range of the hashes shows."""
        ...

    def resolve(self, shelf: Shelf, found: Iterator[pa.Table]) -> tuple[Iterator[pa.Table], Facts]:
        """Return the verdict on each shard in their order, and facts for the report. One with a column `row` is in
        order of it.
        """
        ...

    def apply(self, rows: pl.DataFrame, verdict: pa.Table) -> pl.DataFrame:
        """Judge a part of a shard as `hanbok.studio.curate.step` says, by the verdict on its rows; may add columns."""
        ...
