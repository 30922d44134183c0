"""All compiled kernels at once, and without what only loading them takes.

LLVM and numba lie about in a process that has loaded its kernels: 60 MB of pages that nothing needs again. Whoever
has no kernels kept yet compiles them here, before there are texts, so that both never take their memory together.
"""

import ctypes
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from hanbok.studio.curate.dedup.grams import grams_of, sampled
from hanbok.studio.curate.dedup.signatures import signed
from hanbok.studio.curate.looking import holding, scripts
from hanbok.studio.curate.measure import Measuring, Seeks
from hanbok.studio.curate.wording import wording

_MAPS: Final = Path("/proc/self/smaps")  # of Linux
_LIBRARY: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r-[x-]p .*\.so[.0-9]*\n")
_UNWRITTEN: Final = re.compile(r"^Anonymous: +0 kB$", re.MULTILINE)
_DONTNEED: Final = 4


@cache
def load() -> None:
    """Have numba load each kernel, by one text; then give back the memory that this took."""
    texts = pl.Series(["가 나"])
    signed(texts)
    grams_of(texts, sampled(1))
    holding(texts, "[a]", "[b]", 1)
    scripts(texts, ("[a]",), 1)
    _, words = Measuring((Seeks(phrases=("다",)),)).measured(texts)
    wording(words, np.ones(1, np.int64), {"top_1": 1.0, "dup_1": 1.0, "over_1": 1.0})
    _forget()


def _forget() -> None:
    """Let go of the libraries' pages, which come back from their files where they are needed, and of free memory."""
    if _MAPS.exists():
        system = ctypes.CDLL(None)
        for begin, size in _libraries(_MAPS.read_text()):
            system.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(size), _DONTNEED)
    pa.system_memory_pool().release_unused()


def _libraries(maps: str) -> Iterator[tuple[int, int]]:
    """Yield where libraries are mapped of which nothing was ever written, nor can be: their files hold it all."""
    found = list(_LIBRARY.finditer(maps))
    for one in found:
        begin, end = (int(edge, 16) for edge in one.groups())
        told = maps[one.end() :].partition("VmFlags")[0]
        if _UNWRITTEN.search(told):
            yield begin, end - begin
