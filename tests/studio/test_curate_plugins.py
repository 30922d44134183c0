"""What every reader and every filter owes: its golden cases, some that pass and some that do not."""

import base64
import json
from pathlib import Path

import msgspec
import polars as pl
import pytest

from hanbok.core.plugin import load, names
from hanbok.studio.curate.filter import Filter
from hanbok.studio.curate.filtering import FILTERS, Filtering, FilterPlan, presets
from hanbok.studio.curate.reader import Source

READERS = "hanbok.studio.curate.readers"
GOLDEN = Path(__file__).parents[1] / "golden"


def golden(kind, name):
    lines = (GOLDEN / kind / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def cases(kind, folder):
    found = [(name, case) for name in names(folder) for case in golden(kind, name)]
    ids = [f"{name}: {case.get('name') or case['text'][:20]}" for name, case in found]
    return pytest.mark.parametrize(("name", "case"), found, ids=ids)


def written(folder, name, case):
    path = folder / name
    if "table" in case:
        pl.DataFrame(case["table"]).write_parquet(path)
    else:
        path.write_bytes(base64.b64decode(case["base64"]) if "base64" in case else case["content"].encode())
    return path


@cases("reader", READERS)
def test_a_reader_reads_its_golden_cases(name, case, tmp_path):
    path = written(tmp_path, name, case)
    source = msgspec.convert({"name": "s", "path": str(path), **case.get("source", {})}, Source)
    reader = load(READERS, name)()
    rows = pl.concat(
        [one for piece in reader.split(path, 1 << 20) for one in reader.read(piece, source)]
    ).to_dicts()
    assert [{key: row[key] for key in want} for row, want in zip(rows, case["rows"], strict=True)] == case[
        "rows"
    ]


@pytest.mark.parametrize("name", names(READERS))
def test_a_reader_has_cases_that_it_reads_and_cases_that_it_refuses(name):
    dropped = [row["dropped"] for case in golden("reader", name) for row in case["rows"]]
    assert None in dropped
    assert any(dropped)


@cases("filter", FILTERS)
def test_a_filter_judges_its_golden_cases(name, case):
    skip = tuple(one for one in Filtering(FilterPlan()).limits if one != name)
    judge = Filtering(FilterPlan(preset="fineweb2", skip=skip))
    rows = pl.DataFrame(
        {"text": [case["text"] * case.get("times", 1)], "language": [case.get("language", "ko")]}
    )
    assert judge.judged(rows).to_list() == ([f"filter:{name}"] if case["drops"] else [None])


@pytest.mark.parametrize("name", names(FILTERS))
def test_a_filter_has_cases_that_fire_and_cases_that_must_not(name):
    assert {case["drops"] for case in golden("filter", name)} == {True, False}


@pytest.mark.parametrize("name", names(FILTERS))
def test_a_filter_says_why(name):
    judge: Filter = load(FILTERS, name)()
    assert len(judge.why.ko) > 10
    assert len(judge.why.en) > 10


def test_the_default_preset_uses_every_filter():
    assert set(Filtering(FilterPlan()).limits) == set(names(FILTERS))


@pytest.mark.parametrize("name", presets())
def test_a_preset_names_filters_and_limits_that_are_there(name):
    rows = pl.DataFrame({"text": ["글"], "language": ["ko"]})
    assert Filtering(FilterPlan(preset=name)).judged(rows).len() == 1
