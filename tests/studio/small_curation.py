"""A small corpus with planted copies and a plan for it; steps that kill the worker they run in. Workers import it."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.dedup.copies import Copies
from hanbok.studio.curate.dedup.spans import Spans
from hanbok.studio.curate.job import work
from hanbok.studio.curate.mixing import Mix, MixPlan
from hanbok.studio.curate.pipeline import Part, Pipeline, Segment
from hanbok.studio.curate.reader import Source, reader_of
from hanbok.studio.curate.runner import runner_of
from hanbok.studio.curate.step import drop
from hanbok.testing.planted import planted


class Silent:
    def begin(self, what: Text, total: int | None, unit: str) -> None: ...
    def advance(self, done: int) -> None: ...


class Short:
    """Drops texts of few characters."""

    name = "short"
    spec: ClassVar = {"version": 1}

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        return drop(rows, self.name, {"few": pl.col("text").str.len_chars() < 90})


@dataclass(frozen=True)
class Deadly:
    """Kills its process, as a system does that has no memory left, until the file `spared` exists."""

    spared: str
    name: str = "deadly"

    @property
    def spec(self) -> dict[str, object]:
        return {}

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        if not Path(self.spared).exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return rows


@dataclass(frozen=True)
class Small:
    """A blueprint of every kind of phase, over files of JSON Lines."""

    path: str
    size: int = 30_000
    spared: str = ""

    @property
    def token(self) -> str:
        return f"{Path(self.path).name} {self.size}"

    @cached_property
    def source(self) -> Source:
        return Source(name="planted", path=self.path, licence="CC0-1.0")

    def parts(self) -> list[Part]:
        path = Path(self.path)
        pieces = reader_of(path, self.source).split(path, self.size)
        return [Part(source=self.source, piece=piece, digest="0") for piece in pieces]

    def pipeline(self) -> Pipeline:
        steps = (Short(), *((Deadly(self.spared),) if self.spared else ()))
        mix = Mix(MixPlan(order="shuffled", bins=2, copied={"2": 2}), 3)
        return Pipeline(
            read=self.rows,
            segments=(
                Segment(steps=steps, sweep=Copies()),
                Segment(steps=(), sweep=Spans(least=60)),
                Segment(steps=(), sweep=mix),
                Segment(steps=()),
            ),
            seed=3,
            portion=8_000,
        )

    def rows(self, part: Part) -> Iterator[pl.DataFrame]:
        rows = pl.concat(reader_of(part.piece.path, part.source).read(part.piece, part.source))
        yield from rows.iter_slices(40)


def written(path: Path, count: int = 300, seed: int = 5) -> Path:
    """Write a corpus of planted copies."""
    with path.open("w", encoding="utf-8") as file:
        for one in planted(count, seed, length=150):
            file.write(json.dumps({"id": one.id, "text": one.text}, ensure_ascii=False) + "\n")
    return path


def made(folder: Path) -> dict[str, bytes]:
    """Return what a job has made so far, without its working files."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


if __name__ == "__main__":  # path, folder, runner, workers, shard, the placement before which it is killed
    from hanbok.studio.curate import shards
    from studio.small_curation import Small as Imported  # workers find it by this name

    path, folder, how, workers, shard, until = sys.argv[1:]
    left = [int(until)]
    whole = Path.replace

    def replace(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(self, target)

    Path.replace = replace
    assert shards.HALF == ".tmp"
    work(Path(folder), Imported(path), runner_of(how, int(workers), shard), Silent())
