"""The bars that the guard must hold on text it was not tuned to: generated, hand-written, real."""

import json
import re
import runpy
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec
import pytest

from hanbok.guard.guard import Guard
from hanbok.guard.score import Gold, Prediction, Scores, Span, score
from hanbok.testing.corpus import generate
from hanbok.testing.notations import NOTATIONS

HIGH = (
    "RRN",
    "FRN",
    "DRIVER_LICENSE",
    "PASSPORT",
    "BRN",
    "CRN",
    "CARD",
    "PHONE",
    "EMAIL",
    "IP",
    "VEHICLE",
    "PCCC",
)
OVERLAP_F1 = {
    **dict.fromkeys((*HIGH, "CI_DI", "HEALTH_INS", "POSTAL"), 0.95),
    **dict.fromkeys(("ACCOUNT", "DOB", "SECRET", "ADDRESS"), 0.90),
    "PERSON": 0.80,
}
SETS = ("generated", "challenge")
NOTATION_NAMES = (*(one.name for one in NOTATIONS), "name_hanja", "plain")
DATA = Path(__file__).parents[3] / "shared" / "data"
build = runpy.run_path(str(Path(__file__).parent / "challenge.py"))["build"]


SHORT: dict[tuple[str, ...], str] = {}
"""Where the guard is still short of a bar, with its figure: nowhere on 2026-11-22."""


def short(*case: str):
    """Return a case, expected to fail where the guard is known to be short of its bar."""
    values = case if case[-1] != "alarm" else case[:1]
    marks = [pytest.mark.xfail(reason=SHORT[case])] if case in SHORT else []
    return pytest.param(*values, marks=marks, id="-".join(case))


@cache
def guard() -> Guard:
    return Guard.load()


def answer(rows: Iterable[Gold], kinds: Iterable[str] = OVERLAP_F1) -> list[Prediction]:
    wanted = frozenset(kinds)
    return [
        Prediction(
            id=row.id,
            spans=tuple(
                Span(start=one.start, end=one.end, kind=one.kind)
                for one in guard().find(row.text)
                if one.kind in wanted
            ),
        )
        for row in rows
    ]


@cache
def scores(name: str) -> Scores:
    """Score a set; `blind` is the part of `challenge` whose misses the guard's authors were never shown."""
    rows: Sequence[Gold] = list(generate(3000, seed=2))
    if name != "generated":
        rows = [*(build() if name == "challenge" else ()), *build(blind=True)]
        rows = [msgspec.structs.replace(row, id=str(number)) for number, row in enumerate(rows)]
    return score(rows, answer(rows))


def shared(path: str) -> list[dict[str, object]]:
    file = DATA / path
    if not file.exists():
        pytest.skip(f"{file} is absent: the shared development data is not on this machine")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("name", "kind"), [short(name, kind) for name in SETS for kind in OVERLAP_F1])
def test_every_type_is_found(name: str, kind: str) -> None:
    assert scores(name).kinds[kind].overlap.f1 >= OVERLAP_F1[kind]


@pytest.mark.parametrize("name", [*SETS, "blind"])
def test_offsets_are_exact_and_little_leaks(name: str) -> None:
    assert scores(name).micro.strict.f1 >= 0.88
    assert scores(name).leak <= 0.10


@pytest.mark.parametrize("name", [short(name, "alarm") for name in (*SETS, "blind")])
def test_clean_lines_stay_silent(name: str) -> None:
    assert scores(name).alarm <= 0.03


@pytest.mark.parametrize("notation", NOTATION_NAMES)
def test_every_notation_is_read(notation: str) -> None:
    results = [scores(name).notations[notation] for name in SETS]
    found = sum(one.recall * one.gold for one in results)
    assert found / sum(one.gold for one in results) >= 0.85


def test_statutes_stay_silent() -> None:
    articles = [str(row["text"]) for row in shared("law/law_articles.jsonl")]
    sentences = [one.strip() for text in articles for one in re.split(r"(?<=다\.)\s|\n", text)]
    sentences = [one for one in sentences if len(one) > 5]
    flagged = sum(any(one.kind in OVERLAP_F1 for one in guard().find(text)) for text in sentences)
    assert flagged / len(sentences) <= 0.01


def test_names_are_found_in_real_sentences() -> None:
    rows = [
        Gold(
            id=str(row["id"]),
            text=str(row["text"]),
            spans=tuple(
                Span(start=one["start"], end=one["end"], kind="PERSON")
                for one in row["entities"]
                if one["label"] == "PS"
            ),
        )
        for row in shared("ner/klue_ner.jsonl")
    ]
    assert score(rows, answer(rows, ("PERSON",))).kinds["PERSON"].overlap.f1 >= 0.80
