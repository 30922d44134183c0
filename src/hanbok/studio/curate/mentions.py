"""Which texts of a column may hold some of many words: one scan over all of them where Hyperscan is there."""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl

from hanbok.studio.curate.dedup.signatures import buffers

try:
    import hyperscan
except ImportError:  # no wheel for this processor
    fast = False
else:
    fast = True


def mentioning(texts: pl.Series, words: Sequence[str], *, caseless: bool = False) -> pl.Series:
    """Tell which texts may hold one of the words, `caseless`: whatever the case of ASCII letters. All others hold none;
    one that ends a word which the text before it begins is told as well.
    """
    if not words:
        return pl.repeat(value=False, n=len(texts), eager=True)
    if not fast:
        return texts.str.contains_any(list(words), ascii_case_insensitive=caseless)
    data, offsets = buffers(texts)
    begin, end = int(offsets[0]), int(offsets[-1])
    ends: list[int] = []
    database = _database(tuple(words), caseless=caseless)
    database.scan(
        data[begin:end].tobytes(),
        match_event_handler=lambda _word, _from, to, *_: ends.append(to),
        scratch=hyperscan.Scratch(database),
    )
    found = np.zeros(len(texts), np.bool_)
    found[np.searchsorted(offsets, np.unique(np.array(ends, np.int64)) + begin) - 1] = True
    return pl.Series(texts.name, found)


@cache
def _database(words: tuple[str, ...], *, caseless: bool) -> "hyperscan.Database":
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[re.escape(word).encode() for word in words],
        ids=list(range(len(words))),
        elements=len(words),
        flags=[hyperscan.HS_FLAG_CASELESS if caseless else 0] * len(words),
    )
    return database
