"""Mixes sources by weight, takes often copied texts more often, and puts the rows in order; with a receipt.

How often a text is taken hangs on the seed and its id, so the same texts are chosen however the corpus was cut. No text
moves between shards: the corpus falls into bins that follow one another, and each shard writes its own part of each.
"""

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from msgspec import Meta

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.dedup.copies import COPIES
from hanbok.studio.curate.errors import ColumnsLost
from hanbok.studio.curate.pipeline import drawn
from hanbok.studio.curate.step import DROPPED, told
from hanbok.studio.curate.sweep import BIN, Numbers, Shelf, numbers

_VERSION: Final = 1
_FINE: Final = 1000  # sums of whole numbers are the same in any order
AS_READ, SHUFFLED, LENGTH = "as_read", "shuffled", "length"


class MixPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of what, and in which order."""

    weights: dict[str, Annotated[float, Meta(ge=0)]] = {}
    """Shares of the characters by source; those of all sources, or none at all: then each is taken as it is."""
    characters: Annotated[int, Meta(gt=0)] | None = None
    """How much text in all; none: as much as the weights allow."""
    most: Annotated[float, Meta(gt=0)] = 1.0
    """How often the texts of a source may be taken at most, where no size is asked for."""
    copied: dict[Annotated[str, Meta(pattern=r"^[1-9]\d*$")], Annotated[float, Meta(gt=0)]] = {}
    """Of how many copies on (before they went) a text is taken how often: `{2: 2, 5: 3}`."""
    order: str = AS_READ
    """`as_read`, `shuffled`, `length`, or a column to rise by, such as a quality `q_...`."""
    bins: Annotated[int, Meta(ge=1, le=999)] = 8
    """Into how many parts an order cuts the corpus: it holds between parts, and within one shard's share of each."""


class Mix:
    name = "mix"
    ranked = False
    gathered = ""
    lays = True

    def __init__(self, plan: MixPlan, seed: int) -> None:
        self.plan, self.seed = plan, seed

    @property
    def spec(self) -> Facts:
        return {"version": _VERSION, "seed": self.seed, **msgspec.to_builtins(self.plan, str_keys=True)}

    def keys(self, rows: pl.DataFrame) -> dict[str, pa.Table]:
        """Return the sizes of the sources, and what the order goes by."""
        sized = pl.DataFrame(
            {
                "source": rows["source"],
                "chars": told(rows).str.len_chars().cast(pl.Int64),
                "times": np.round(self._favour(rows) * _FINE).astype(np.int64),
            }
        )
        sizes = sized.group_by("source").agg(
            pl.len().alias("rows"),
            pl.col("chars").sum(),
            (pl.col("chars") * pl.col("times")).sum().alias("favoured"),
        )
        tables = {"sizes": sizes.sort("source").to_arrow(compat_level=pl.CompatLevel.oldest())}
        if self._rises:
            tables["values"] = pa.table({"value": self._values(rows)})
        return tables

    def gather(self, shelf: Shelf, part: int, parts: int) -> pa.Table:  # noqa: ARG002 - there is nothing to gather
        raise TypeError("nothing is gathered for a mix")

    def resolve(self, shelf: Shelf, found: Iterator[pa.Table]) -> tuple[Iterator[pa.Table], Facts]:  # noqa: ARG002 - nothing was gathered
        tables = [pl.DataFrame(pl.from_arrow(table)) for _, table in shelf.tables("sizes")]
        sizes = pl.concat(tables).group_by("source").agg(pl.all().sum()).sort("source")
        receipt = self._receipt(sizes)
        rates = {name: one["rate"] for name, one in receipt.items()}
        edges = np.empty(0)
        if self._rises:
            values = np.concatenate([numbers(table, "value") for _, table in shelf.tables("values")])
            edges = (
                np.quantile(values, np.arange(1, self.plan.bins) / self.plan.bins) if len(values) else edges
            )
        held = msgspec.json.encode({"rates": rates, "edges": edges.tolist()}).decode()
        verdict = pa.table({"mix": [held]})
        return (verdict for _ in range(shelf.shards)), {"receipt": receipt}

    def apply(self, rows: pl.DataFrame, verdict: pa.Table) -> pl.DataFrame:
        """Mark what is not taken, repeat what is taken more often, and lay the rows in bins."""
        held = msgspec.json.decode(verdict["mix"][0].as_py())
        rates = np.array([held["rates"].get(one, 0.0) for one in rows["source"].to_list()])
        chance = np.array([(drawn(self.seed, one) >> 11) / (1 << 53) for one in rows["id"].to_list()])
        times = np.floor(rates * self._favour(rows) + chance).astype(np.int64)
        left = rows.filter(pl.Series(times == 0)).with_columns(
            pl.lit(f"{self.name}:not_drawn").alias(DROPPED)
        )
        taken = rows[np.repeat(np.arange(rows.height), times)]
        copy = np.concatenate([np.arange(one) for one in times]) if rows.height else np.empty(0, np.int64)
        named = [
            f"{one}#{number + 1}" if number else one for one, number in zip(taken["id"], copy, strict=True)
        ]
        taken = taken.with_columns(pl.Series("id", named, dtype=pl.String))
        return pl.concat([self._laid(taken, np.array(held["edges"])), left], how="diagonal")

    def _laid(self, rows: pl.DataFrame, edges: Numbers) -> pl.DataFrame:
        if self.plan.order == AS_READ:
            return rows
        if self._rises:
            place = self._values(rows)
            bins = np.searchsorted(edges, place, side="right")
        else:
            place = np.array([drawn(self.seed + 1, one) for one in rows["id"].to_list()], np.uint64)
            bins = (place % np.uint64(self.plan.bins)).astype(np.int64)
        order = np.argsort(place, kind="stable")
        return rows.with_columns(pl.Series(BIN, bins, dtype=pl.Int16))[order]

    @property
    def _rises(self) -> bool:
        return self.plan.order not in {AS_READ, SHUFFLED}

    def _values(self, rows: pl.DataFrame) -> Numbers:
        """Return what the rows rise by. Raises ColumnsLost."""
        if self.plan.order not in {LENGTH, *rows.columns}:
            raise ColumnsLost(step=self.name, what=self.plan.order)
        column = told(rows).str.len_chars() if self.plan.order == LENGTH else rows[self.plan.order]
        return column.cast(pl.Float64).fill_null(0.0).to_numpy()

    def _favour(self, rows: pl.DataFrame) -> Numbers:
        """Return how often each row would be taken for its copies."""
        times = np.ones(rows.height)
        if COPIES in rows.columns:
            copies = rows[COPIES].to_numpy()
            for least in sorted(self.plan.copied, key=int):
                times[copies >= int(least)] = self.plan.copied[least]
        return times

    def _receipt(self, sizes: pl.DataFrame) -> dict[str, Facts]:
        """Return for each source what there was, what was asked and how often its texts are taken."""
        weights = self.plan.weights
        rates = dict.fromkeys(sizes["source"].to_list(), 1.0)
        if weights:
            whole = sum(weights.get(name, 0.0) for name in rates) or 1.0
            rooms = {
                one["source"]: one["favoured"] / _FINE / (weights[one["source"]] / whole)
                for one in sizes.to_dicts()
                if weights.get(one["source"], 0.0) > 0
            }
            least = min(rooms.values(), default=0.0) * self.plan.most
            wanted = float(self.plan.characters or least)
            rates = {name: wanted / rooms[name] if name in rooms else 0.0 for name in rates}
        elif self.plan.characters is not None:
            rates = dict.fromkeys(rates, self.plan.characters * _FINE / max(int(sizes["favoured"].sum()), 1))
        return {
            one["source"]: {
                "rows": one["rows"],
                "chars": one["chars"],
                "favoured": one["favoured"] // _FINE,
                "weight": weights.get(one["source"], 0.0) if weights else None,
                "rate": rates[one["source"]],
            }
            for one in sizes.to_dicts()
        }
