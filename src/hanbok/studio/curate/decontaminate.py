"""Drops texts in which a test stands: a model that has read the answers proves nothing.

A test's question is found by its 13-grams of folded characters, so spacing, signs and digits do not hide it. What
stands in many questions of one test is its wording, not a question, and does not count.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Meta

from hanbok.studio.artifacts import Facts, sha256
from hanbok.studio.curate.dedup.grams import WIDTH, grams_of
from hanbok.studio.curate.reader import SourceUnreadable
from hanbok.studio.curate.step import DROPPED, EVIDENCE, ITEM, told

_VERSION: Final = 1
_COMMON: Final = 5
"""In more questions of a test than this, a gram is wording."""
_LEAST: Final = 8
"""A question of fewer grams may stand anywhere by chance."""
_SHOWN: Final = 200


class BenchmarkPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test that models will be measured by."""

    name: str
    path: Path
    """JSON Lines, JSON, Parquet, CSV or TSV."""
    fields: tuple[str, ...] = ()
    """Where its questions stand; empty: in every text of a row."""


class DecontaminatePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Against which tests."""

    against: Annotated[tuple[BenchmarkPlan, ...], Meta(min_length=1)]
    share: Annotated[float, Meta(gt=0, le=1)] = 0.8
    """Of a question's grams, how many a text must hold to be dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Grams of all questions. `units[starts[i] : starts[i + 1]]` are the questions that have `hashes[i]`."""

    hashes: np.ndarray
    starts: np.ndarray
    units: np.ndarray
    sizes: np.ndarray
    """Of each question, how many grams count."""
    items: list[str]
    """Of each question, `test#row`."""
    wanted: np.ndarray


class Decontaminate:
    name = "decontaminate"

    def __init__(self, plan: DecontaminatePlan) -> None:
        self.plan = plan

    @cached_property
    def spec(self) -> Facts:
        tests = [[one.name, sha256(_there(one)), list(one.fields)] for one in self.plan.against]
        return {"version": _VERSION, "share": self.plan.share, "tests": tests, "width": WIDTH}

    @cached_property
    def index(self) -> Index:
        """Made when the first shard asks. Raises SourceUnreadable."""
        units = [(one.name, row, text) for one in self.plan.against for row, text in _texts(one)]
        return indexed(units)

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        index = self.index
        found = grams_of(told(rows), index.wanted)
        place = np.searchsorted(index.hashes, found.hashes)
        place[place == len(index.hashes)] = 0
        held = (
            np.flatnonzero(index.hashes[place] == found.hashes)
            if len(index.hashes)
            else np.empty(0, np.int64)
        )
        each = index.starts[place[held] + 1] - index.starts[place[held]]
        within = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        met = pl.DataFrame(
            {
                "row": np.repeat(found.rows[held], each),
                "unit": index.units[np.repeat(index.starts[place[held]], each) + within],
                "gram": np.repeat(place[held], each),
                "begin": np.repeat(found.begins[held], each),
                "end": np.repeat(found.ends[held], each),
            }
        )
        hits = met.group_by("row", "unit").agg(
            pl.col("gram").n_unique().alias("grams"), pl.col("begin").min(), pl.col("end").max()
        )
        sizes = index.sizes[hits["unit"].to_numpy()] if hits.height else np.empty(0)
        hits = hits.filter(pl.Series(hits["grams"].to_numpy() >= self.plan.share * sizes, dtype=pl.Boolean))
        first = hits.sort("row", "unit").group_by("row", maintain_order=True).first()
        return self._marked(rows, first, found.texts)

    def _marked(self, rows: pl.DataFrame, first: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
        dropped: list[str | None] = [None] * rows.height
        item: list[str | None] = [None] * rows.height
        evidence: list[str | None] = [None] * rows.height
        for row, unit, _, begin, end in first.iter_rows():
            item[row] = self.index.items[unit]
            dropped[row] = f"{self.name}:{self.index.items[unit].rpartition('#')[0]}"
            evidence[row] = str(texts[row])[begin : min(end, begin + _SHOWN)]
        columns = {DROPPED: dropped, ITEM: item, EVIDENCE: evidence}
        return rows.with_columns(pl.Series(name, told, dtype=pl.String) for name, told in columns.items())


def indexed(units: list[tuple[str, int, str]]) -> Index:
    """Return the index of questions: name of the test, row, text."""
    grams = grams_of(pl.Series([text for _, _, text in units], dtype=pl.String), np.ones(2, bool))
    tests = {name: number for number, name in enumerate(dict.fromkeys(name for name, _, _ in units))}
    test = np.array([tests[name] for name, _, _ in units], np.int64)
    row = np.array([row for _, row, _ in units], np.int64)
    met = pl.DataFrame(
        {"hash": grams.hashes, "unit": grams.rows, "test": test[grams.rows], "row": row[grams.rows]}
    ).unique(["hash", "unit"])
    questions = met.group_by("hash", "test").agg(pl.col("row").n_unique().alias("questions"))
    own = met.join(questions.filter(pl.col("questions") <= _COMMON), on=["hash", "test"])
    own = own.filter(pl.len().over("unit") >= _LEAST).sort("hash", "unit")
    hashes, starts = np.unique(own["hash"].to_numpy(), return_index=True)
    bits = min(26, max(10, int(np.ceil(np.log2(max(len(hashes), 1)))) + 4))
    wanted = np.zeros(1 << bits, bool)
    wanted[(hashes >> np.uint64(64 - bits)).astype(np.int64)] = True
    return Index(
        hashes=hashes,
        starts=np.append(starts, own.height),
        units=own["unit"].to_numpy(),
        sizes=np.bincount(own["unit"].to_numpy(), minlength=len(units)),
        items=[f"{name}#{row}" for name, row, _ in units],
        wanted=wanted,
    )


def _texts(plan: BenchmarkPlan) -> Iterator[tuple[int, str]]:
    """Yield the texts of a test with the numbers of their rows. Raises SourceUnreadable."""
    path = _there(plan)
    try:
        for number, row in enumerate(_rows(path)):
            chosen = [row.get(name) for name in plan.fields] if plan.fields else list(row.values())
            yield from ((number, text) for one in chosen for text in _strings(one))
    except (OSError, ValueError, msgspec.DecodeError, pa.ArrowException, csv.Error) as error:
        raise SourceUnreadable(source=plan.name, path=path.name, why=type(error).__name__) from error


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    match path.suffix.lower():
        case ".parquet":
            yield from pq.read_table(path).to_pylist()
        case ".csv" | ".tsv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield from csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        case ".json":
            held = msgspec.json.decode(path.read_bytes())
            yield from held if isinstance(held, list) else [held]
        case _:
            with path.open("rb") as lines:
                yield from (msgspec.json.decode(line, type=dict) for line in lines if line.strip())


def _strings(value: object) -> Iterator[str]:
    """Yield every text in a value."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _strings(one)
        case dict():
            for one in value.values():
                yield from _strings(one)


def _there(plan: BenchmarkPlan) -> Path:
    if not plan.path.is_file():
        raise SourceUnreadable(source=plan.name, path=plan.path.name, why="no such file")
    return plan.path
