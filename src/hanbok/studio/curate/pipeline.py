"""What is done to one shard: read or taken up again, judged step by step, written with its keys and its line."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import polars as pl

from hanbok.studio.artifacts import Facts, canonical
from hanbok.studio.curate.errors import ColumnsLost
from hanbok.studio.curate.personal import hidden
from hanbok.studio.curate.reader import Piece, Source
from hanbok.studio.curate.step import DROPPED, EVIDENCE, ITEM, Step, told
from hanbok.studio.curate.sweep import Sweep
from hanbok.studio.rows import PROVENANCE

SAMPLES: Final = 5
"""Dropped texts that are kept for the report, by reason."""
_SHOWN = 600  # characters of each
_SIZES: Final = ("rows", "chars", "bytes")


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

    read: Callable[[Part], Iterable[pl.DataFrame]]
    """Yields the rows of a part, a few megabytes at a time."""
    segments: tuple[Segment, ...]
    seed: int = 0
    portion: int = 32_000_000
    """Bytes that are written at a time, and so in memory once; steps have a few megabytes."""

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
        self.read = 0
        self.out = pl.DataFrame(schema=dict.fromkeys(_SIZES, pl.Int64) | {"source": pl.String})
        self.counts: Counter[str] = Counter()
        self.steps: dict[str, tuple[int, int]] = {}
        self.drops: Counter[str] = Counter()
        self.items: set[str] = set()
        self.samples: dict[str, list[Facts]] = {}

    def begun(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what a reader gave, less the rows that it could not read. Raises ColumnsLost."""
        lost = [field.name for field in PROVENANCE if field.name not in rows.columns]
        if lost:
            raise ColumnsLost(step="read", what=", ".join(lost))
        if DROPPED not in rows.columns:
            rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias(DROPPED))
        self.read += rows.height
        return self._settled("read", rows.height, rows)

    def kept(self, rows: pl.DataFrame, step: Step | Sweep, after: pl.DataFrame) -> pl.DataFrame:
        """Return what a step keeps of rows. Raises ColumnsLost when it took rows or columns away."""
        lost = [column for column in rows.columns if column not in after.columns]
        lays = isinstance(step, Sweep) and step.lays
        if lost or (after.height != rows.height and not lays):
            raise ColumnsLost(step=step.name, what=", ".join(lost) or f"{rows.height} -> {after.height}")
        return self._settled(step.name, rows.height, after)

    def put(self, rows: pl.DataFrame) -> None:
        """Count rows that are written: how many, how much text, by source; and the sums of their counts."""
        texts = told(rows)
        sized = pl.DataFrame(
            {
                "source": rows["source"].fill_null(""),
                "rows": pl.repeat(1, rows.height, dtype=pl.Int64, eager=True),
                "chars": texts.str.len_chars().cast(pl.Int64),
                "bytes": texts.str.len_bytes().cast(pl.Int64),
            }
        )
        self.out = pl.concat([self.out, sized], how="diagonal").group_by("source").agg(pl.col(*_SIZES).sum())
        self.counts.update(
            {name: int(rows[name].sum() or 0) for name in rows.columns if name.startswith("n_")}
        )

    @property
    def line(self) -> Facts:
        """What the manifest says of the shard."""
        sources = {
            one.pop("source"): one for one in self.out.sort("source").select("source", *_SIZES).to_dicts()
        }
        return {
            "rows_in": self.read,
            "steps": [{"step": name, "in": held[0], "out": held[1]} for name, held in self.steps.items()],
            "drops": dict(self.drops),
            "items": sorted(self.items),
            "out": {name: int(self.out[name].sum()) for name in _SIZES} | {"counts": dict(self.counts)},
            "sources": sources,
            "samples": [one for some in self.samples.values() for one in some],
        }

    def _settled(self, step: str, before: int, rows: pl.DataFrame) -> pl.DataFrame:
        kept = rows.filter(pl.col(DROPPED).is_null()) if rows[DROPPED].null_count() < rows.height else rows
        held = self.steps.get(step, (0, 0))
        self.steps[step] = held[0] + before, held[1] + kept.height
        if kept.height < rows.height:
            gone = rows.filter(pl.col(DROPPED).is_not_null())
            if ITEM in gone.columns:
                self.items.update(gone[ITEM].drop_nulls().to_list())
            for (reason,), some in gone.group_by(DROPPED, maintain_order=True):
                self.drops[str(reason)] += some.height
                self._sample(str(reason), some)
        return kept.drop(EVIDENCE, ITEM, strict=False)

    def _sample(self, reason: str, rows: pl.DataFrame) -> None:
        """Keep a few: chosen by seed and id alone, so that every way of cutting a corpus shows the same texts."""
        held = self.samples.get(reason, [])
        order = sorted((drawn(self.seed, one), row) for row, one in enumerate(rows["id"].to_list()))
        if len(held) == SAMPLES:
            last = drawn(self.seed, held[-1]["id"])
            order = [one for one in order if one[0] <= last]
        some = rows[[row for _, row in order[:SAMPLES]]]
        evidence = some[EVIDENCE].to_list() if EVIDENCE in some.columns else [None] * some.height
        columns = some["id"].to_list(), some["source"].to_list(), told(some).to_list(), evidence
        fresh: list[Facts] = [
            {
                "reason": reason,
                "id": one,
                "source": source,
                "text": hidden(text[: 2 * _SHOWN])[:_SHOWN],
                **({"what": what} if what else {}),
            }
            for one, source, text, what in zip(*columns, strict=True)
        ]
        self.samples[reason] = chosen(self.seed, [*held, *fresh])


def chosen(seed: int, samples: list[Facts]) -> list[Facts]:
    """Return the few of these samples that are kept."""
    return sorted(samples, key=lambda one: (drawn(seed, one["id"]), one["id"]))[:SAMPLES]


def drawn(seed: int, one: str) -> int:
    """Return a number of 64 bits that an id draws, always the same."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{one}".encode(), digest_size=8).digest(), "big")
