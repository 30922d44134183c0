"""The steps of a recipe: what stands where, and what each takes."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: it comes with the extra `studio`")

from hanbok.settings.recipes import read_recipe
from hanbok.studio.composing import steps_of

ROWS = '{"id": "a", "text": "글", "label": "가"}\n'
SMALL = """
name: router
seed: 9
curate:
  sources:
    - {name: complaints, path: rows.jsonl, licence: CC0-1.0}
base: {path: base}
"""

READING = (
    "phases:\n  - {name: reading, curate: {sources: [{name: d, path: rows.jsonl}]}, tune: {method: text}}\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text(ROWS, encoding="utf-8")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text("{}", encoding="utf-8")
    return tmp_path


def composed(folder: Path, more: str = ""):
    (folder / "recipe.yaml").write_text(SMALL + more, encoding="utf-8")
    return steps_of(read_recipe(folder, None, {}).recipe)


def test_a_recipe_leads_from_sources_to_a_release(folder):
    steps = composed(folder)
    assert [one.name for one in steps] == [
        "curate",
        "train",
        "held_out",
        "base",
        "tune",
        "export_base",
        "export",
        "parity",
        "scores_base",
        "scores",
        "gain",
        "release",
    ]
    takes = {one.name: one.takes for one in steps}
    assert takes["tune"] == {"base": "base", "corpus": "train", "held_out": "held_out"}
    assert takes["scores_base"] == {"export_base": "export_base", "held_out": "held_out"}
    assert set(takes["release"]) == {
        "base",
        "corpus",
        "tuned",
        "export",
        "export_base",
        "parity",
        "scores_base",
        "scores",
        "gain",
    }


@pytest.mark.parametrize(
    "more",
    [
        "",
        "held_out: null\nevaluate: null\nparity: null\n",
        "vocabulary: {tokens: 8}\n",
        "merge: {}\n",
        f"{READING}vocabulary: {{tokens: 8}}\nmerge: {{}}\n",
        "phases:\n  - {name: all, tune: {train: full}}\n  - {name: more, tune: {}}\n",
    ],
)
def test_every_step_finds_what_it_takes_before_it(folder, more):
    seen = set[str]()
    for step in composed(folder, more):
        assert set(step.takes.values()) <= seen, step.name
        assert step.name not in seen
        seen.add(step.name)


def test_a_phase_makes_the_base_of_the_next(folder):
    steps = composed(folder, f"{READING}vocabulary: {{tokens: 8}}\n")
    takes = {one.name: one.takes for one in steps}
    assert takes["vocabulary"] == {"base": "base", "corpus": "reading.curate"}
    assert takes["reading"] == {"base": "vocabulary", "corpus": "reading.curate"}
    assert takes["reading.merge"] == {"base": "vocabulary", "tuned": "reading"}
    assert takes["tune"]["base"] == "reading.merge"
    assert takes["export_base"] == {"base": "reading.merge"}
    assert takes["scores_base"]["export_base"] == "export_first"  # measured against what one started from


def test_the_recipes_seed_stands_where_a_section_names_none(folder):
    specs = {one.name: one.stage.spec for one in composed(folder)}
    assert specs["tune"]["seed"] == 9
    assert specs["train"]["seed"] == 9
    specs = {one.name: one.stage.spec for one in composed(folder, "tune: {seed: 3}\n")}
    assert specs["tune"]["seed"] == 3


def test_keys_do_not_depend_on_where_the_recipe_stands(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("rows.jsonl", "base/config.json"):
        (elsewhere / name).parent.mkdir(exist_ok=True)
        (elsewhere / name).write_bytes((folder / name).read_bytes())
    one, other = ({step.name: step.stage.spec for step in composed(place)} for place in (folder, elsewhere))
    assert one == other
