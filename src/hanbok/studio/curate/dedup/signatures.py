"""Keys of a column of texts, by the compiled kernel where numba is there, else by numpy: the same numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from hanbok.studio.curate.dedup import plain
from hanbok.studio.curate.dedup.folding import folds
from hanbok.studio.curate.dedup.plain import BANDS

try:
    from hanbok.studio.curate.dedup import kernel
except ImportError:
    compiled: Callable[..., None] | None = None
else:
    compiled = kernel.keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Of each text: the number of its folded characters, a 16-byte hash of them, and the hashes of its bands.

    A text without folded characters has no bands: its entries there mean nothing.
    """

    sizes: np.ndarray
    same: np.ndarray
    bands: np.ndarray


def signed(texts: pl.Series, keys: Callable[..., None] | None = None) -> Signatures:
    """Return the signatures of texts."""
    rows = len(texts)
    found = Signatures(
        sizes=np.empty(rows, np.int64),
        same=np.zeros((rows, 2), np.uint64),
        bands=np.zeros((rows, BANDS), np.uint64),
    )
    run = keys or compiled or plain.keys
    tables = folds()
    run(*buffers(texts), tables.first, tables.many, found.sizes, found.same, found.bands)
    loose = np.flatnonzero(found.sizes < 0)
    if loose.size:
        again = Signatures(
            sizes=np.empty(len(loose), np.int64),
            same=np.zeros((len(loose), 2), np.uint64),
            bands=np.zeros((len(loose), BANDS), np.uint64),
        )
        composed = texts.gather(loose).str.normalize("NFC")
        run(*buffers(composed), tables.composed, tables.many, again.sizes, again.same, again.bands)
        found.sizes[loose], found.same[loose], found.bands[loose] = again.sizes, again.same, again.bands
    return found


def buffers(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the UTF-8 of all texts in a row, and where each begins."""
    column = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    if not pa.types.is_large_string(column.type):
        column = column.cast(pa.large_string())
    _, offsets, data = column.buffers()
    places = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), places
