"""Evaluation sets in Parquet: apart, so that the other files need no pyarrow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hanbok.studio.evaluate.errors import DataUnreadable


def rows_of_parquet(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows. Raises DataUnreadable."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataUnreadable(path=path, why=type(error).__name__) from None
