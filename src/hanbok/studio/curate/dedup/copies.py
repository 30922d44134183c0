"""Drops copies and near-copies: of each cluster of like texts the one with the smallest id stays.

Texts are the same when their folded characters are (`same`), alike when one of 18 bands agrees (`near`): of two texts
that share 70 % of their 5-grams, 79 in 100 are found; at 80 %, 98. Korean is compared by characters, never by words:
particles and spacing (띄어쓰기) differ too easily. How many copies there were stays in the column `copies`: it tells
of quality, and mixing may use it.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.dedup.plain import BANDS, GRAM, ROWS
from hanbok.studio.curate.dedup.signatures import signed
from hanbok.studio.curate.step import drop, told
from hanbok.studio.curate.sweep import HASH, ROW, Numbers, Shelf, numbers

COPIES: Final = "copies"
_VERSION: Final = 1
_BINS: Final = (1, 2, 3, 5, 10, 100)


class Copies:
    name = "copies"
    ranked = True
    lays = False
    gathered = "bands"

    def __init__(self, *, near: bool = True) -> None:
        self.near = near

    @property
    def spec(self) -> Facts:
        bands = BANDS if self.near else 0
        return {"version": _VERSION, "gram": GRAM, "bands": bands, "rows": ROWS}

    def keys(self, rows: pl.DataFrame) -> dict[str, pa.Table]:
        """Return hashes of bands, and of whole texts among them: `whole` marks those, by their second hash."""
        found = signed(told(rows))
        held = np.flatnonzero(found.sizes > 0)
        hashes, row, whole = [found.same[held, 0]], [held], [found.same[held, 1] | np.uint64(1)]
        if self.near:
            hashes.append(found.bands[held].ravel())
            row.append(np.repeat(held, BANDS))
            whole.append(np.zeros(len(held) * BANDS, np.uint64))
        hashed, owner, kind = np.concatenate(hashes), np.concatenate(row), np.concatenate(whole)
        order = np.argsort(hashed, kind="stable")
        table = pa.table({HASH: hashed[order], ROW: owner[order].astype(np.uint32), "whole": kind[order]})
        return {self.gathered: table}

    def gather(self, shelf: Shelf, part: int, parts: int) -> pa.Table:
        """Join each row to the first of those that have a hash in common with it; `same`: the whole text is."""
        tables, positions = shelf.range(self.gathered, part, parts)
        rank = shelf.ranks()[positions]
        hashed = np.concatenate([numbers(one, HASH) for one in tables])
        whole = np.concatenate([numbers(one, "whole") for one in tables])
        order = np.lexsort((rank, whole, hashed))
        hashed, whole, rank = hashed[order], whole[order], rank[order]
        fresh = np.ones(len(hashed), bool)
        fresh[1:] = (hashed[1:] != hashed[:-1]) | (whole[1:] != whole[:-1])
        first = rank[np.maximum.accumulate(np.where(fresh, np.arange(len(rank)), 0))]
        pairs = pl.DataFrame({"a": first, "b": rank, "same": whole != 0}).filter(pl.col("a") != pl.col("b"))
        return pairs.group_by("a", "b").agg(pl.col("same").any()).sort("a", "b").to_arrow()

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
