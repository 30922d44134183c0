"""A job: phases of tasks over shards, each with its mark, in a folder that all workers share.

`.work/0-read` holds the first shards; for the k-th sweep `.work/k-rank`, `k-gather`, `k-verdict` and `k-pass`. A task
writes its files, then its mark, which is its line of the manifest; what has its mark is not done again. So a job can
be killed at any moment, and every way of running it gives the same bytes.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import hanbok.studio.curate.lean  # noqa: F401 - before the engines

# isort: split

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from hanbok.core.values import Text
from hanbok.studio.artifacts import Facts, canonical
from hanbok.studio.curate.kernels import load
from hanbok.studio.curate.pipeline import Blueprint, Ledger, Part, Pipeline, Segment
from hanbok.studio.curate.runner import Runner
from hanbok.studio.curate.shards import (
    SLICE,
    WHOLE,
    ShardWriter,
    digest_of,
    json_in,
    put_array,
    put_json,
    put_table,
    rows_in,
    slices,
    table_in,
)
from hanbok.studio.curate.step import DROPPED
from hanbok.studio.curate.sweep import BIN, HASH, ROW, Shelf, Sweep, numbers
from hanbok.studio.stage import Progress

WORK: Final = ".work"
_RANGE = 250_000  # keys that are merged at a time, in some 20 MB
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
        rows = _filled(self.pipeline.read(part), self.pipeline.portion)
        begun = ((ledger.begun(some), full) for some, full in rows)
        return self._written(task, begun, ledger, [part.digest, str(part.piece.begin), str(part.piece.end)])

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
        ledger = Ledger(self.pipeline.seed)
        rows = self._judged(shard, table_in(verdict), ledger)
        return self._written(task, rows, ledger, [digest_of(shard), digest_of(verdict)])

    def _judged(self, shard: Path, verdict: pa.Table, ledger: Ledger) -> Iterator[tuple[pl.DataFrame, bool]]:
        """Yield what a sweep keeps of a shard, slice by slice, each judged by its own part of the verdict; one that
        lays rows anew has whole portions.
        """
        begin = 0
        held = slices(shard, self.pipeline.portion)
        for rows, full in ((one, True) for one in _portions(held)) if self._sweep.lays else held:
            ledger.read += rows.height
            judged = self._sweep.apply(rows, _part(verdict, begin, begin + rows.height))
            yield ledger.kept(rows, self._sweep, judged), full
            begin += rows.height

    def _written(
        self, task: int, pieces: Iterable[tuple[pl.DataFrame, bool]], ledger: Ledger, made_of: list[str]
    ) -> Facts:
        """Run the segment's steps, write the shard, and the keys for the next sweep."""
        load()
        segment = self.pipeline.segments[self.phase.sweep]
        target = self._place(self.phase.kind) if segment.sweep else self.folder
        tables: dict[str, list[pa.Table]] = {}
        begin = 0
        with ShardWriter(target, packed=segment.sweep is None) as writer:
            for rows in _portions((_stepped(some, segment, ledger), full) for some, full in pieces):
                ledger.put(rows)
                if segment.sweep is None:
                    _lay(writer, f"{task:05}.parquet", rows.drop(DROPPED))
                    continue
                writer.put(f"{task:05}.parquet", rows)
                for name, table in segment.sweep.keys(rows).items():
                    tables.setdefault(name, []).append(_shifted(table, begin))
                begin += rows.height
        merged = {name: _merged(some) for name, some in tables.items()}
        for name, table in merged.items():
            put_table(target / f"{task:05}.{name}.arrow", table)
        return {
            **ledger.line,
            "input": hashlib.sha256(canonical(made_of)).hexdigest(),
            "config": self.pipeline.config,
            "output": {name: digest_of(target / name) for name in writer.names},
            "keys": {name: table.num_rows for name, table in merged.items()},
        }


def _filled(frames: Iterable[pl.DataFrame], size: int) -> Iterator[tuple[pl.DataFrame, bool]]:
    """Yield frames, some of them together, and whether a portion of so many bytes is full with each."""
    held: list[pl.DataFrame] = []
    bytes_, before = 0, 0
    for rows in frames:
        held.append(rows)
        bytes_ += int(rows.estimated_size())
        full = before + bytes_ >= size
        if full or bytes_ >= SLICE:
            before = 0 if full else before + bytes_
            together, held, bytes_ = pl.concat(held, rechunk=True), [], 0
            yield together, full
    if held:
        yield pl.concat(held, rechunk=True), False


def _stepped(rows: pl.DataFrame, segment: Segment, ledger: Ledger) -> pl.DataFrame:
    for step in segment.steps:
        rows = ledger.kept(rows, step, step.apply(rows))
    return rows


def _portions(slices: Iterable[tuple[pl.DataFrame, bool]]) -> Iterator[pl.DataFrame]:
    """Yield slices together that make a portion."""
    held: list[pl.DataFrame] = []
    for rows, full in slices:
        held.append(rows)
        if full:
            portion, held = pl.concat(held, rechunk=True), []
            yield portion
            pa.default_memory_pool().release_unused()
    if held:
        portion, held = pl.concat(held, rechunk=True), []
        yield portion
        pa.default_memory_pool().release_unused()


def _lay(writer: ShardWriter, name: str, rows: pl.DataFrame) -> None:
    """Write rows where the corpus shall have them; a shard without rows is no file."""
    if BIN not in rows.columns:
        if rows.height:
            writer.put(name, rows)
        return
    parted = rows.partition_by(BIN, as_dict=True, include_key=False, maintain_order=True)
    for (number,), some in sorted(parted.items()):
        writer.put(f"{number:03}-{name}", some)


def _part(verdict: pa.Table, begin: int, end: int) -> pa.Table:
    """Return what a verdict says of these rows, which are counted from 0 there."""
    if ROW not in verdict.column_names:
        return verdict
    low, high = np.searchsorted(numbers(verdict, ROW), [begin, end])
    return _shifted(verdict.slice(low, high - low), -begin)


def _shifted(table: pa.Table, by: int) -> pa.Table:
    if ROW not in table.column_names or by == 0:
        return table
    rows = (numbers(table, ROW).astype(np.int64) + by).astype(np.uint32)
    return table.set_column(table.column_names.index(ROW), ROW, pa.array(rows))


def _merged(tables: list[pa.Table]) -> pa.Table:
    """Return the keys of all portions, in order of their hashes where they have some."""
    table = pa.concat_tables(tables).combine_chunks()
    if len(tables) > 1 and HASH in table.column_names:
        table = table.take(pa.array(np.argsort(numbers(table, HASH), kind="stable")))
    return table


def parts_of(folder: Path) -> list[Part]:
    """Return what the shards of a job are made of."""
    held = json_in(folder / WORK / "parts.json")
    return msgspec.convert(held["parts"], list[Part], dec_hook=lambda kind, told: kind(told))


def work(folder: Path, blueprint: Blueprint, runner: Runner, progress: Progress) -> None:
    """Do all of a job that is not done yet. Raises HanbokError; what is finished stays."""
    _prepare(folder, blueprint)
    with closing(runner):
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
