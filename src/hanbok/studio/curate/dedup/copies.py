"""Drops copies and near-copies: of each cluster of like texts the one with the smallest id stays.

Texts are the same when their folded characters are (`same`). They may be alike (`near`) when one of 21 bands agrees,
and they are when their sketches agree in enough places. Korean is compared by characters, never by words: particles
and spacing (띄어쓰기) differ too easily. How many copies there were stays in the column `copies`: it tells of quality,
and mixing may use it.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.dedup.plain import BANDS, BUCKETS, GRAM, ROWS
from hanbok.studio.curate.dedup.signatures import signed
from hanbok.studio.curate.step import drop, told
from hanbok.studio.curate.sweep import HASH, ROW, Numbers, Shelf, numbers

COPIES: Final = "copies"
ALIKE: Final = 0.56
"""Share of their 5-grams from which on two texts count as alike. A sketch tells it to 0.04 (one deviation)."""
_VERSION: Final = 1
_SKETCH: Final = "sketch"
_PAIRS: Final = 5_000  # whose sketches are in memory at a time
_BINS: Final = (1, 2, 3, 5, 10, 100)


class Copies:
    name = "copies"
    ranked = True
    lays = False
    gathered = "bands"

    def __init__(self, *, near: bool = True, alike: float = ALIKE, fixed: tuple[str, ...] = ()) -> None:
        """Take `fixed` for what the recipe itself puts into every row, such as the question: it tells nothing apart."""
        self.near, self.alike, self.fixed = near, alike, fixed

    @property
    def spec(self) -> Facts:
        bands = BANDS if self.near else 0
        told: Facts = {"version": _VERSION, "gram": GRAM, "bands": bands, "rows": ROWS, "alike": self.alike}
        return told | ({"fixed": list(self.fixed)} if self.fixed else {})

    def keys(self, rows: pl.DataFrame) -> dict[str, pa.Table]:
        """Return hashes of bands, and of whole texts among them: `whole` marks those, by their second hash."""
        texts = told(rows)
        for one in self.fixed:
            texts = texts.str.replace_all(one, " ", literal=True)
        found = signed(texts)
        held = np.flatnonzero(found.sizes > 0)
        hashes, row, whole = [found.same[held, 0]], [held], [found.same[held, 1] | np.uint64(1)]
        if self.near:
            hashes.append(found.bands[held].ravel())
            row.append(np.repeat(held, BANDS))
            whole.append(np.zeros(len(held) * BANDS, np.uint64))
        hashed, owner, kind = np.concatenate(hashes), np.concatenate(row), np.concatenate(whole)
        order = np.argsort(hashed, kind="stable")
        table = pa.table({HASH: hashed[order], ROW: owner[order].astype(np.uint32), "whole": kind[order]})
        sketches = pa.array(found.sketches.reshape(-1), pa.uint8())
        return {
            self.gathered: table,
            _SKETCH: pa.table({_SKETCH: pa.FixedSizeListArray.from_arrays(sketches, BUCKETS)}),
        }

    def gather(self, shelf: Shelf, part: int, parts: int) -> pa.Table:
        """Join each row to the first of those that have a hash in common with it; `same`: the whole text is."""
        tables, positions = shelf.range(self.gathered, part, parts)
        hashed = np.concatenate([numbers(one, HASH) for one in tables])
        whole = np.concatenate([numbers(one, "whole") for one in tables])
        ranks = shelf.ranks()
        rank = ranks[positions]
        order = np.lexsort((rank, whole, hashed))
        hashed, whole, rank, positions = hashed[order], whole[order], rank[order], positions[order]
        fresh = np.ones(len(hashed), bool)
        fresh[1:] = (hashed[1:] != hashed[:-1]) | (whole[1:] != whole[:-1])
        first = positions[np.maximum.accumulate(np.where(fresh, np.arange(len(rank)), 0))]
        met = pl.DataFrame({"one": first, "other": positions, "same": whole != 0})
        pairs = (
            met.filter(pl.col("one") != pl.col("other")).group_by("one", "other").agg(pl.col("same").any())
        )
        pairs = pairs.sort("one", "other")
        one, other = pairs["one"].to_numpy(), pairs["other"].to_numpy()
        same = pairs["same"].to_numpy()
        held = np.flatnonzero(same | (_agreement(shelf, one, other) >= self.alike))
        return pa.table({"a": ranks[one[held]], "b": ranks[other[held]], "same": same[held]})

    def resolve(self, shelf: Shelf, found: Iterator[pa.Table]) -> tuple[Iterator[pa.Table], Facts]:
        rank, starts = shelf.ranks(), shelf.starts()
        leader, twin = np.arange(len(rank)), np.arange(len(rank))
        held = list(found)
        for table in held:
            same = numbers(table, "same")
            a, b = numbers(table, "a"), numbers(table, "b")
            np.minimum.at(twin, b[same], a[same])
        join(leader, [(numbers(table, "a"), numbers(table, "b")) for table in held])
        sizes = np.bincount(leader, minlength=len(leader))
        return self._verdicts(rank, starts, leader, twin, sizes), _told(sizes)

    @staticmethod
    def _verdicts(
        rank: Numbers, starts: Numbers, leader: Numbers, twin: Numbers, sizes: Numbers
    ) -> Iterator[pa.Table]:
        for begin, end in pairwise(starts):
            own = rank[begin:end]
            touched = np.flatnonzero(sizes[leader[own]] > 1)
            own = own[touched]
            yield pa.table(
                {
                    ROW: touched.astype(np.uint32),
                    "same": twin[own] != own,
                    "near": leader[own] != own,
                    COPIES: sizes[leader[own]].astype(np.int32),
                }
            )

    def apply(self, rows: pl.DataFrame, verdict: pa.Table) -> pl.DataFrame:
        touched = numbers(verdict, ROW).astype(np.int64)
        marks = {name: np.zeros(rows.height, bool) for name in ("same", "near")}
        for name, mark in marks.items():
            mark[touched] = verdict[name].to_numpy()
        copies = np.ones(rows.height, np.int32)
        copies[touched] = numbers(verdict, COPIES)
        judged = drop(
            rows.with_columns(pl.Series("_same", marks["same"]), pl.Series("_near", marks["near"])),
            self.name,
            {"same": pl.col("_same"), "near": pl.col("_near")},
        )
        return judged.drop("_same", "_near").with_columns(pl.Series(COPIES, copies))


def _agreement(shelf: Shelf, one: Numbers, other: Numbers) -> Numbers:
    """Return in what share of their sketches' places pairs of rows agree."""
    starts = shelf.starts()
    agreed = np.empty(len(one))
    for begin in range(0, len(one), _PAIRS):
        some = slice(begin, begin + _PAIRS)
        agreed[some] = (_sketches(shelf, starts, one[some]) == _sketches(shelf, starts, other[some])).mean(
            axis=1
        )
    return agreed


def _sketches(shelf: Shelf, starts: Numbers, positions: Numbers) -> Numbers:
    """Return the sketches of rows, read shard by shard."""
    found = np.empty((len(positions), BUCKETS), np.uint8)
    shards = np.searchsorted(starts, positions, side="right") - 1
    for shard in np.unique(shards).tolist():
        held = np.flatnonzero(shards == shard)
        column = shelf.table(_SKETCH, shard)[_SKETCH].chunk(0)
        rows = column.values.to_numpy().reshape(-1, BUCKETS)
        found[held] = rows[positions[held] - starts[shard]]
    return found


def join(leader: Numbers, edges: list[tuple[Numbers, Numbers]]) -> None:
    """Have all that edges connect led by the smallest among them."""
    while True:
        changed = False
        for a, b in edges:
            low = np.minimum(leader[a], leader[b])
            for side in (a, b):
                roots = leader[side]
                lower = low < roots
                if lower.any():
                    changed = True
                    np.minimum.at(leader, roots[lower], low[lower])
                    np.minimum.at(leader, side[lower], low[lower])
        if not changed:
            return
        while (leader[leader] != leader).any():
            np.copyto(leader, leader[leader])


def _told(sizes: Numbers) -> Facts:
    """Return how many clusters there are by their size."""
    clusters = sizes[sizes > 0]
    edges = [*_BINS, np.iinfo(np.int64).max]
    counts = {
        f"{low}" if high == low + 1 else f"{low}-{high - 1}" if high < edges[-1] else f"{low}+": int(
            ((clusters >= low) & (clusters < high)).sum()
        )
        for low, high in pairwise(edges)
    }
    return {"clusters": counts, "largest": int(clusters.max(initial=0))}
