"""What the server that workers are forked from loads once for all of them (`runners/processes.py`).

Only what starts no thread: a fork takes one thread along, and whoever waits for another waits for ever. So polars and
pyarrow, which start some when they are loaded, are loaded by each worker.
"""

from hanbok.studio.curate.runners.processes import one_thread

one_thread()

import numpy as np  # noqa: E402 - after its number of threads is set

from hanbok.studio.curate.dedup.folding import folds  # noqa: E402
from hanbok.studio.curate.finding import guard_for  # noqa: E402

try:
    from hanbok.studio.curate.dedup.kernel import BANDS, BUCKETS, keys
except ImportError:  # numba is not there, as `dedup.signatures` says
    keys = None


def _prepare() -> None:
    """Build the guard and the tables, and have numba load itself by the kernel of keys, over no text."""
    guard_for(names=False)
    tables = folds()
    if keys:
        data, offsets = np.frombuffer(bytes(8), np.uint8), np.frombuffer(bytes(8), np.int64)
        sizes, same = np.empty(0, np.int64), np.empty((0, 2), np.uint64)
        bands, sketches = np.empty((0, BANDS), np.uint64), np.empty((0, BUCKETS), np.uint8)
        keys(data, offsets, tables.first, tables.many, sizes, same, bands, sketches)


_prepare()
