"""Rows of a corpus: the columns that every shard has, and reading them in order.

A row is a document (`text`), a dialogue (`messages`: JSON of OpenAI's list) or a preference (`messages`, `chosen`,
`rejected`). The columns of provenance travel through every stage; one that would drop them fails.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from hanbok.studio.artifacts import Artifact

PROVENANCE: Final = (
    pa.field("source", pa.string()),  # name of the source in the recipe
    pa.field("origin", pa.string()),  # URL or file that it was read from
    pa.field("licence", pa.string()),  # SPDX id, KOGL-1..4, or LicenseRef-*
    pa.field("fetched", pa.string()),  # ISO 8601 day; empty: not known
    pa.field("opt_out", pa.string()),  # "none", "robots", "tdm", ...: what the rights holder said
)
DOCUMENT: Final = pa.schema([pa.field("id", pa.string()), pa.field("text", pa.string()), *PROVENANCE])
DIALOGUE: Final = pa.schema([pa.field("id", pa.string()), pa.field("messages", pa.string()), *PROVENANCE])
PREFERENCE: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("messages", pa.string()),
        pa.field("chosen", pa.string()),
        pa.field("rejected", pa.string()),
        *PROVENANCE,
    ]
)


def shards_of(corpus: Artifact) -> list[Path]:
    """Return the shards in their order."""
    return sorted(corpus.path.glob("*.parquet"))


def rows_of(corpus: Artifact) -> Iterator[dict[str, str]]:
    """Yield every row, shard by shard, in a steady order and with little memory."""
    for shard in shards_of(corpus):
        with pq.ParquetFile(shard) as file:
            for batch in file.iter_batches(batch_size=1024):
                yield from batch.to_pylist()
