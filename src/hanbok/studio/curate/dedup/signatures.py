"""Keys of a column of texts, by the compiled kernel where numba is there, else by numpy: the same numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from hanbok.studio.curate.dedup import plain
from hanbok.studio.curate.dedup.folding import folds
from hanbok.studio.curate.dedup.plain import BANDS, BUCKETS

try:
    from hanbok.studio.curate.dedup import kernel
except ImportError:
    compiled: Callable[..., None] | None = None
else:
    compiled = kernel.keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Of each text: the number of its folded characters, a 16-byte hash of them, its bands' hashes, its sketch.

    A text without folded characters has neither bands nor sketch: its entries there mean nothing.
    """

    sizes: np.ndarray
    same: np.ndarray
    bands: np.ndarray
    sketches: np.ndarray


def signed(texts: pl.Series, keys: Callable[..., None] | None = None) -> Signatures:
    """Return the signatures of texts."""
    run = keys or compiled or plain.keys
    tables = folds()
    found = _signed(run, texts, tables.first, tables.many)
    loose = np.flatnonzero(found.sizes < 0)
    if loose.size:
        again = _signed(run, texts.gather(loose).str.normalize("NFC"), tables.composed, tables.many)
        for name in ("sizes", "same", "bands", "sketches"):
            getattr(found, name)[loose] = getattr(again, name)
    return found


def _signed(run: Callable[..., None], texts: pl.Series, table: np.ndarray, many: np.ndarray) -> Signatures:
    rows = len(texts)
    found = Signatures(
        sizes=np.empty(rows, np.int64),
        same=np.zeros((rows, 2), np.uint64),
        bands=np.zeros((rows, BANDS), np.uint64),
        sketches=np.zeros((rows, BUCKETS), np.uint8),
    )
    run(*buffers(texts), table, many, found.sizes, found.same, found.bands, found.sketches)
    return found


def buffers(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the UTF-8 of all texts in a row, and where each begins."""
    column = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    if not pa.types.is_large_string(column.type):
        column = column.cast(pa.large_string())
    _, offsets, data = column.buffers()
    places = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), places
