"""What is done to one shard: read or taken up again, judged step by step, written with its keys and its line."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import polars as pl

from hanbok.studio.artifacts import Facts, canonical
from hanbok.studio.curate.errors import ColumnsLost
from hanbok.studio.curate.reader import Piece, Source
from hanbok.studio.curate.step import DROPPED, Step, told
from hanbok.studio.curate.sweep import Sweep
from hanbok.studio.rows import PROVENANCE

SAMPLES: Final = 5
"""Dropped texts that are kept for the report, by reason."""
_SHOWN = 600  # characters of each


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one first shard is made of."""

    source: Source
    piece: Piece
    digest: str
    """SHA-256 of the whole file that it is a piece of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Steps, and the sweep whose keys are taken of what they leave; the last segment has none."""

    steps: tuple[Step, ...]
    sweep: Sweep | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """All that is done to a corpus, in its order."""

    read: Callable[[Part], pl.DataFrame]
    segments: tuple[Segment, ...]
    seed: int = 0

    @property
    def spec(self) -> list[Facts]:
        """What decides the result beside the texts."""
        told: list[Facts] = []
        for segment in self.segments:
            judges = (*segment.steps, *((segment.sweep,) if segment.sweep else ()))
            told.extend({"name": one.name, **one.spec} for one in judges)
        return told

    @property
    def config(self) -> str:
        return hashlib.sha256(canonical([self.seed, self.spec])).hexdigest()


class Blueprint(Protocol):
    """Says what to do in values that can be pickled; a worker builds the pipeline from it, once."""

    @property
    def token(self) -> str:
        """Equal for equal blueprints."""
        ...

    def parts(self) -> Sequence[Part]:
        """Return what the shards are made of, in order. Raises HanbokError."""
        ...

    def pipeline(self) -> Pipeline: ...


class Ledger:
    """Counts what happens to a shard's rows: the figures of its line in the manifest."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.steps: list[Facts] = []
        self.drops: Counter[str] = Counter()
        self.samples: list[Facts] = []

    def settle(self, step: str, before: int, rows: pl.DataFrame) -> pl.DataFrame:
        """Count and sample what a step dropped; return what it kept."""
        kept = rows.filter(pl.col(DROPPED).is_null())
        self.steps.append({"step": step, "in": before, "out": kept.height})
        if kept.height == rows.height:
            return rows
        gone = rows.filter(pl.col(DROPPED).is_not_null())
        for (reason,), some in gone.group_by(DROPPED, maintain_order=True):
            self.drops[str(reason)] += some.height
            self._sample(str(reason), some)
        return kept

    def _sample(self, reason: str, rows: pl.DataFrame) -> None:
        """Keep a few: chosen by seed and id alone, so that every way of cutting a corpus shows the same texts."""
        order = [(drawn(self.seed, one), row) for row, one in enumerate(rows["id"].to_list())]
        chosen = rows[[row for _, row in sorted(order)[:SAMPLES]]]
        sources = chosen["source"].to_list()
        for one, source, text in zip(chosen["id"].to_list(), sources, told(chosen).to_list(), strict=True):
            self.samples.append({"reason": reason, "id": one, "source": source, "text": text[:_SHOWN]})


def drawn(seed: int, one: str) -> int:
    """Return a number of 64 bits that an id draws, always the same."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{one}".encode(), digest_size=8).digest(), "big")


def judged(rows: pl.DataFrame, steps: Sequence[Step], ledger: Ledger) -> pl.DataFrame:
    """Return the rows that all steps keep."""
    for step in steps:
        rows = kept(rows, step.name, step.apply, ledger)
    return rows


def kept(
    rows: pl.DataFrame, name: str, apply: Callable[[pl.DataFrame], pl.DataFrame], ledger: Ledger
) -> pl.DataFrame:
    """Return the rows that one step keeps. Raises ColumnsLost when it took rows or columns away."""
    after = apply(rows)
    lost = [column for column in rows.columns if column not in after.columns]
    if lost or after.height != rows.height:
        raise ColumnsLost(step=name, what=", ".join(lost) or f"{rows.height} -> {after.height}")
    return ledger.settle(name, rows.height, after)


def begun(rows: pl.DataFrame, name: str, ledger: Ledger) -> pl.DataFrame:
    """Return what a reader gave, less the rows that it could not read. Raises ColumnsLost."""
    lost = [field.name for field in PROVENANCE if field.name not in rows.columns]
    if lost:
        raise ColumnsLost(step=name, what=", ".join(lost))
    if DROPPED not in rows.columns:
        rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias(DROPPED))
    return ledger.settle(name, rows.height, rows)


def figures(rows: pl.DataFrame) -> Facts:
    """Return the figures of rows: how many, how much text, the sums of their counts, by source."""
    texts = told(rows)
    sized = rows.select(
        pl.col("source").fill_null(""),
        texts.str.len_chars().cast(pl.Int64).alias("chars"),
        texts.str.len_bytes().cast(pl.Int64).alias("bytes"),
    )
    sources = (
        sized.group_by("source")
        .agg(pl.len().alias("rows"), pl.col("chars").sum(), pl.col("bytes").sum())
        .sort("source")
    )
    counts = {name: int(rows[name].sum() or 0) for name in sorted(rows.columns) if name.startswith("n_")}
    return {
        "rows": rows.height,
        "chars": int(sized["chars"].sum()),
        "bytes": int(sized["bytes"].sum()),
        "counts": counts,
        "sources": {one.pop("source"): one for one in sources.to_dicts()},
    }
