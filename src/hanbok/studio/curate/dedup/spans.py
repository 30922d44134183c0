"""Cuts long passages out of documents that an earlier one has word for word: notices, articles, signatures.

One in eight 13-grams, chosen by its hash, stands for its surroundings. Where all that stand for a passage are in
another document, the passage is repeated; it stays in the document with the smallest id. What is cut is what lies
between the first and the last of these grams, so a few characters at either end may stay.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.dedup.grams import Grams, grams_of, sampled
from hanbok.studio.curate.step import drop
from hanbok.studio.curate.sweep import HASH, ROW, Numbers, Shelf, numbers

_VERSION: Final = 1
_EVERY: Final = 3
"""One gram in two to this."""
CUT: Final = "n_cut"


class Spans:
    """`least`: characters that a passage must have to be cut; `left`: characters without which a document goes."""

    name = "spans"
    ranked = True
    lays = False
    gathered = "grams"

    def __init__(self, *, least: int = 100, left: int = 30, documents: int = 2) -> None:
        self.least, self.left, self.documents = least, left, documents

    @property
    def spec(self) -> Facts:
        return {"version": _VERSION, "least": self.least, "left": self.left, "documents": self.documents}

    def keys(self, rows: pl.DataFrame) -> dict[str, pa.Table]:
        found = _anchors(rows)
        order = np.argsort(found.hashes, kind="stable")
        columns = {
            HASH: found.hashes,
            ROW: found.rows.astype(np.uint32),
            "begin": found.begins.astype(np.uint32),
        }
        return {self.gathered: pa.table({name: column[order] for name, column in columns.items()})}

    def gather(self, shelf: Shelf, part: int, parts: int) -> pa.Table:
        """Return the grams that stand in several documents, but for those of the first."""
        tables, positions = shelf.range(self.gathered, part, parts)
        hashed = np.concatenate([numbers(one, HASH) for one in tables])
        begins = np.concatenate([numbers(one, "begin") for one in tables])
        ranks = shelf.ranks()[positions]
        order = np.lexsort((ranks, hashed))
        hashed, begins, ranks, positions = hashed[order], begins[order], ranks[order], positions[order]
        opens = np.ones(len(hashed), bool)
        opens[1:] = hashed[1:] != hashed[:-1]
        group = np.cumsum(opens) - 1
        another = opens.copy()
        another[1:] |= ranks[1:] != ranks[:-1]
        documents = np.bincount(group, weights=another) if len(group) else np.empty(0)
        owner = ranks[opens][group]
        held = np.flatnonzero((documents[group] >= self.documents) & (ranks != owner))
        held = held[np.lexsort((begins[held], positions[held]))]
        return pa.table({"position": positions[held], "begin": begins[held]})

    def resolve(self, shelf: Shelf, found: Iterator[pa.Table]) -> tuple[Iterator[pa.Table], Facts]:
        tables = list(found)
        return self._verdicts(shelf.starts(), tables), {"grams": sum(one.num_rows for one in tables)}

    @staticmethod
    def _verdicts(starts: Numbers, tables: list[pa.Table]) -> Iterator[pa.Table]:
        for begin, end in pairwise(starts):
            rows, begins = [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
            for table in tables:
                positions = numbers(table, "position")
                low, high = np.searchsorted(positions, [begin, end])
                rows.append(positions[low:high] - begin)
                begins.append(numbers(table, "begin")[low:high])
            row, place = np.concatenate(rows), np.concatenate(begins)
            order = np.lexsort((place, row))
            yield pa.table({ROW: row[order].astype(np.uint32), "begin": place[order]})

    def apply(self, rows: pl.DataFrame, verdict: pa.Table) -> pl.DataFrame:
        row, begin = numbers(verdict, ROW), numbers(verdict, "begin")
        cut = np.zeros(rows.height, np.int64)
        touched = np.unique(row).astype(np.int64)
        if touched.size:
            rows = self._shortened(rows, touched, set(zip(row.tolist(), begin.tolist(), strict=True)), cut)
        rows = rows.with_columns(pl.Series(CUT, cut))
        if "text" not in rows.columns:
            return rows
        little = (pl.col(CUT) > 0) & (pl.col("text").str.strip_chars().str.len_chars() < self.left)
        return drop(rows, self.name, {"little_left": little})

    def _shortened(
        self, rows: pl.DataFrame, touched: Numbers, repeated: set[tuple[int, int]], cut: Numbers
    ) -> pl.DataFrame:
        """Cut the passages out of the documents that are touched, and note how much in `cut`."""
        found = _anchors(rows[touched])
        bounds = np.searchsorted(found.rows, np.arange(len(touched) + 1))
        texts = rows["text"].to_list()
        for (low, high), row, text in zip(
            pairwise(bounds), touched.tolist(), found.texts.to_list(), strict=True
        ):
            begins = found.begins[low:high].tolist()
            again = [(row, begin) in repeated for begin in begins]
            passages = [
                (begins[first], int(found.ends[low + last]))
                for first, last in _runs(again)
                if found.ends[low + last] - begins[first] >= self.least
            ]
            for begin, end in reversed(passages):
                text = text[:begin] + text[end:]  # noqa: PLW2901 - shortened from its end
                cut[row] += end - begin
            if passages:
                texts[row] = text
        return rows.with_columns(pl.Series("text", texts, dtype=pl.String))


def _anchors(rows: pl.DataFrame) -> Grams:
    """Only documents are cut: what a dialogue repeats is its own."""
    texts = (
        rows["text"].fill_null("")
        if "text" in rows.columns
        else pl.Series([""] * rows.height, dtype=pl.String)
    )
    return grams_of(texts, sampled(_EVERY))


def _runs(marks: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last place of each run of marks."""
    first = None
    for at, mark in enumerate([*marks, False]):
        if mark and first is None:
            first = at
        elif not mark and first is not None:
            yield first, at - 1
            first = None
