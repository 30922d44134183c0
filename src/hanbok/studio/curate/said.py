"""What the rows of a finished corpus say."""

from pathlib import Path

import polars as pl

from hanbok.studio.curate.step import TEXTS, told


def texts_in(shard: Path, most: int | None = None) -> pl.Series:
    """Return the text of each row of a shard, at most so many: a document's own, or all that is said in a dialogue."""
    held = pl.read_parquet_schema(shard)
    columns: list[str] = [name for name in TEXTS if name in held]
    return told(pl.read_parquet(shard, columns=columns, n_rows=most))
