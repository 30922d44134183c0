"""Places of 13-grams in texts: long enough that no two texts share one by chance, in folded characters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from hanbok.studio.curate.dedup import plain
from hanbok.studio.curate.dedup.folding import folds
from hanbok.studio.curate.dedup.signatures import buffers

try:
    from hanbok.studio.curate.dedup import kernel
except ImportError:
    compiled: Callable[..., int] | None = None
else:
    compiled = kernel.probe

WIDTH: Final = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Grams:
    """Grams of texts in order: hash, number of the text, and the characters of it that they span.

    `texts` are the texts that are meant: one with loose jamo or marks was composed.
    """

    hashes: np.ndarray
    rows: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    sizes: np.ndarray
    texts: pl.Series


def sampled(bits: int) -> np.ndarray:
    """Return what is wanted for one gram in 2**bits, chosen by its hash."""
    wanted = np.zeros(1 << bits, bool)
    wanted[0] = True
    return wanted


def grams_of(texts: pl.Series, wanted: np.ndarray, probe: Callable[..., int] | None = None) -> Grams:
    """Return the grams of texts whose hash begins with bits that are wanted: `wanted` has 2**n truth values."""
    run = probe or compiled or plain.probe
    tables = folds()
    sizes = np.empty(len(texts), np.int64)
    found = _probed(run, texts, tables.first, tables.many, wanted, sizes)
    loose = np.flatnonzero(sizes < 0)
    if loose.size:
        composed = texts.gather(loose).str.normalize("NFC")
        again = np.empty(len(loose), np.int64)
        more = _probed(run, composed, tables.composed, tables.many, wanted, again)
        more[:, 1] = loose[more[:, 1].astype(np.int64)]
        sizes[loose] = again
        texts = texts.scatter(loose, composed)
        found = np.concatenate([found, more])
        found = found[np.argsort(found[:, 1], kind="stable")]
    hashes, rows, begins, ends = found.T
    return Grams(
        hashes=hashes,
        rows=rows.astype(np.int64),
        begins=begins.astype(np.int64),
        ends=ends.astype(np.int64),
        sizes=sizes,
        texts=texts,
    )


def _probed(
    run: Callable[..., int],
    texts: pl.Series,
    table: np.ndarray,
    many: np.ndarray,
    wanted: np.ndarray,
    sizes: np.ndarray,
) -> np.ndarray:
    data, offsets = buffers(texts)
    room = 1024 + int(offsets[-1] - offsets[0]) // 3 * int(wanted.sum()) // len(wanted) * 5 // 4
    while True:
        out = np.empty((room, 4), np.uint64)
        count = run(data, offsets, table, many, WIDTH, wanted, sizes, out)
        if count <= room:
            return out[:count]
        room = count
