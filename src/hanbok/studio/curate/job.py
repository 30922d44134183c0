"""A job: phases of tasks over shards, each with its mark, in a folder that all workers share.

`.work/0-read` holds the first shards; for the k-th sweep `.work/k-rank`, `k-gather`, `k-verdict` and `k-pass`. A task
writes its files, then its mark, which is its line of the manifest; what has its mark is not done again. So a job can
be killed at any moment, and every way of running it gives the same bytes.
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl

from hanbok.core.values import Text
from hanbok.studio.artifacts import Facts, canonical
from hanbok.studio.curate.pipeline import Blueprint, Ledger, Part, Pipeline, begun, figures, judged, kept
from hanbok.studio.curate.runner import Runner
from hanbok.studio.curate.shards import (
    WHOLE,
    digest_of,
    json_in,
    put_array,
    put_json,
    put_rows,
    put_table,
    rows_in,
    table_in,
)
from hanbok.studio.curate.step import DROPPED
from hanbok.studio.curate.sweep import Shelf, Sweep
from hanbok.studio.stage import Progress

WORK: Final = ".work"
BIN: Final = "bin"
"""A column by which the last sweep may part a shard's rows: bins follow one another in the corpus."""
_RANGE = 4_000_000  # keys that are merged at a time
_built: dict[str, Pipeline] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Tasks that do not need one another; `sweep` counts from 1, 0 is before the first."""

    kind: str
    sweep: int
    tasks: int

    @property
    def name(self) -> str:
        return f"{self.sweep}-{self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labour:
    """The tasks of a phase; what a runner hands to its workers."""

    folder: Path
    blueprint: Blueprint
    phase: Phase

    def done(self, task: int) -> bool:
        """Whether a task has its mark; a job whose working files are gone is done altogether."""
        return self._mark(task).exists() or not (self.folder / WORK).exists()

    def __call__(self, task: int) -> None:
        if self._mark(task).exists():
            return
        line = getattr(self, f"_{self.phase.kind}")(task)
        put_json(self._mark(task), {"phase": self.phase.name, "task": task, **line})

    def _mark(self, task: int) -> Path:
        single = self.phase.kind in {"rank", "verdict"}
        return self._place(self.phase.kind) / (WHOLE if single else f"{task:05}.json")

    def _place(self, kind: str, sweep: int | None = None) -> Path:
        return self.folder / WORK / f"{self.phase.sweep if sweep is None else sweep}-{kind}"

    @property
    def _before(self) -> Path:
        """The folder of the shards and keys that this sweep is about."""
        return self._place("pass" if self.phase.sweep > 1 else "read", self.phase.sweep - 1)

    @property
    def pipeline(self) -> Pipeline:
        token = self.blueprint.token
        if token not in _built:
            _built.clear()
            _built[token] = self.blueprint.pipeline()
        return _built[token]

    @property
    def _sweep(self) -> Sweep:
        sweep = self.pipeline.segments[self.phase.sweep - 1].sweep
        if sweep is None:
            raise TypeError(self.phase.name)
        return sweep

    def _shelf(self) -> Shelf:
        ranked = self._place("rank") if self._sweep.ranked else None
        return Shelf(keys=self._before, shards=len(parts_of(self.folder)), ranked=ranked)

    # The kinds of phases. Each returns the line of the manifest.

    def _read(self, task: int) -> Facts:
        part = parts_of(self.folder)[task]
        ledger = Ledger(self.pipeline.seed)
        rows = begun(self.pipeline.read(part), "read", ledger)
        told = hashlib.sha256(canonical([part.digest, part.piece.begin, part.piece.end])).hexdigest()
        return self._finished(task, rows, ledger, told)

    def _rank(self, _task: int) -> Facts:
        """Order all ids. Ids alone are held in memory."""
        shards = [self._before / f"{shard:05}.parquet" for shard in range(len(parts_of(self.folder)))]
        columns = [rows_in(path, ["id"])["id"] for path in shards]
        starts = np.cumsum([0, *(len(one) for one in columns)])
        positions = pl.DataFrame({"id": pl.concat(columns)}).with_row_index("position")
        order = positions.sort("id", "position")["position"].to_numpy()
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        put_array(self._place("rank") / "rank.npy", rank)
        put_array(self._place("rank") / "starts.npy", starts)
        return {"rows": len(order)}

    def _gather(self, task: int) -> Facts:
        found = self._sweep.gather(self._shelf(), task, self.phase.tasks)
        put_table(self._place("gather") / f"{task:05}.arrow", found)
        return {"found": found.num_rows}

    def _verdict(self, _task: int) -> Facts:
        gathered = (
            self._place("gather") / f"{one:05}.arrow" for one in range(_ranges(self._before, self._sweep))
        )
        verdicts, facts = self._sweep.resolve(self._shelf(), (table_in(path) for path in gathered))
        for shard, verdict in enumerate(verdicts):
            put_table(self._place("verdict") / f"{shard:05}.arrow", verdict)
        return {"facts": facts}

    def _pass(self, task: int) -> Facts:
        shard, verdict = self._before / f"{task:05}.parquet", self._place("verdict") / f"{task:05}.arrow"
        held = table_in(verdict)
        ledger = Ledger(self.pipeline.seed)
        rows = kept(rows_in(shard), self._sweep.name, lambda rows: self._sweep.apply(rows, held), ledger)
        return self._finished(task, rows, ledger, canonical_of(digest_of(shard), digest_of(verdict)))

    def _finished(self, task: int, rows: pl.DataFrame, ledger: Ledger, told: str) -> Facts:
        """Run the segment's steps, write the shard and the keys for the next sweep."""
        segment = self.pipeline.segments[self.phase.sweep]
        rows_read = ledger.steps[0]["in"]
        rows = judged(rows, segment.steps, ledger)
        keys: dict[str, int] = {}
        if segment.sweep is not None:
            target = self._place(self.phase.kind)
            put_rows(target / f"{task:05}.parquet", rows)
            for name, table in segment.sweep.keys(rows).items():
                put_table(target / f"{task:05}.{name}.arrow", table)
                keys[name] = table.num_rows
            files = [target / f"{task:05}.parquet"]
        else:
            files = self._last(task, rows.drop(DROPPED))
        return {
            "input": told,
            "config": self.pipeline.config,
            "rows_in": rows_read,
            "output": {path.name: digest_of(path) for path in files},
            "out": figures(rows),
            "steps": ledger.steps,
            "drops": dict(ledger.drops),
            "samples": ledger.samples,
            "keys": keys,
        }

    def _last(self, task: int, rows: pl.DataFrame) -> list[Path]:
        """Write rows where the corpus shall have them; a shard without rows is no file."""
        if BIN not in rows.columns:
            bins = {f"{task:05}": rows}
        else:
            parted = rows.partition_by(BIN, as_dict=True, include_key=False, maintain_order=True)
            bins = {f"{number:03}-{task:05}": some for (number,), some in sorted(parted.items())}
        files = [self.folder / f"{name}.parquet" for name, some in bins.items() if some.height]
        for path in files:
            put_rows(path, bins[path.stem])
        return files


def canonical_of(*digests: str) -> str:
    """Return one digest of several."""
    return hashlib.sha256(canonical(digests)).hexdigest()


def parts_of(folder: Path) -> list[Part]:
    """Return what the shards of a job are made of."""
    held = json_in(folder / WORK / "parts.json")
    return msgspec.convert(held["parts"], list[Part], dec_hook=lambda kind, told: kind(told))


def work(folder: Path, blueprint: Blueprint, runner: Runner, progress: Progress) -> None:
    """Do all of a job that is not done yet. Raises HanbokError; what is finished stays."""
    _prepare(folder, blueprint)
    for phase in _phases(folder, blueprint.pipeline()):
        labour = Labour(folder=folder, blueprint=blueprint, phase=phase)
        missing = [task for task in range(phase.tasks) if not labour.done(task)]
        if missing:
            progress.begin(_TOLD[phase.kind], phase.tasks, "shard")
            progress.advance(phase.tasks - len(missing))
            runner.run(labour, missing, lambda _task: progress.advance(1))


def _prepare(folder: Path, blueprint: Blueprint) -> None:
    """Write down the parts, once; what another recipe left is taken away."""
    held = folder / WORK / "parts.json"
    if held.exists() and json_in(held)["token"] != blueprint.token:
        shutil.rmtree(folder / WORK)
    if not held.exists():
        parts = [msgspec.to_builtins(one, enc_hook=str) for one in blueprint.parts()]
        put_json(held, {"token": blueprint.token, "parts": parts})


def _phases(folder: Path, pipeline: Pipeline) -> Iterator[Phase]:
    """Yield the phases; how many tasks one has may follow from the one before."""
    shards = len(parts_of(folder))
    yield Phase(kind="read", sweep=0, tasks=shards)
    for number, segment in enumerate(pipeline.segments[:-1], start=1):
        if segment.sweep is None:
            raise TypeError("only the last segment has no sweep")
        before = folder / WORK / (f"{number - 1}-pass" if number > 1 else "0-read")
        if segment.sweep.ranked:
            yield Phase(kind="rank", sweep=number, tasks=1)
        if segment.sweep.gathered:
            yield Phase(kind="gather", sweep=number, tasks=_ranges(before, segment.sweep))
        yield Phase(kind="verdict", sweep=number, tasks=1)
        yield Phase(kind="pass", sweep=number, tasks=shards)


def _ranges(before: Path, sweep: Sweep) -> int:
    """Into how many ranges the keys are cut: by their number alone."""
    if not sweep.gathered:
        return 0
    keys = sum(json_in(path)["keys"].get(sweep.gathered, 0) for path in before.glob("[0-9]*.json"))
    return max(1, -(-keys // _RANGE))


def lines(folder: Path) -> Iterator[Facts]:
    """Yield the lines of the manifest, in the order of the work."""
    places = [place for place in (folder / WORK).iterdir() if place.is_dir()]
    for place in sorted(
        places, key=lambda one: (int(one.name.partition("-")[0]), _ORDER.index(one.name.partition("-")[2]))
    ):
        yield from (json_in(path) for path in sorted(place.glob("*.json")))


_TOLD: Final = {
    "read": Text(ko="읽고 거르기", en="reading and filtering"),
    "rank": Text(ko="순서 정하기", en="ordering"),
    "gather": Text(ko="키 견주기", en="comparing keys"),
    "verdict": Text(ko="남길 글 정하기", en="deciding what stays"),
    "pass": Text(ko="걸러 쓰기", en="writing what stays"),
}
_ORDER: Final = ["read", "rank", "gather", "verdict", "pass"]
