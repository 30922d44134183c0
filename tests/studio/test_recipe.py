"""Recipes: read with file and line in every error, paths from the recipe's folder, steps in their order."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hanbok.settings.recipes import RecipeInvalid, read_recipe

ROOT = Path(__file__).parents[2]
RECIPES = sorted(ROOT.glob("recipes/*/*.yaml"))

SMALL = """
name: router
version: 1.2.0
seed: 9
curate:
  sources:
    - name: complaints
      path: rows.jsonl
      licence: CC0-1.0
      robots: robots.txt
    - name: shared
      path: ${HANBOK_DATA}/cls/*.jsonl
      licence: CC0-1.0
base:
  path: base
tune:
  epochs: 2
"""


def written(folder: Path, text: str = SMALL) -> Path:
    file = folder / "recipe.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_paths_begin_at_the_recipe_and_data_where_the_caller_says(tmp_path):
    file = written(tmp_path)
    read = read_recipe(file, tmp_path / "data", {})
    assert [one.path for one in read.recipe.curate.sources] == [
        str(tmp_path / "rows.jsonl"),
        str(tmp_path / "data" / "cls" / "*.jsonl"),
    ]
    assert read.recipe.curate.sources[0].robots == str(tmp_path / "robots.txt")
    assert read.recipe.base.path == tmp_path / "base"
    assert read.text == SMALL
    assert (
        read_recipe(tmp_path, None, {"HANBOK_DATA": "/elsewhere"})
        .recipe.curate.sources[1]
        .path.startswith("/elsewhere")
    )


def test_a_folder_has_a_recipe_for_data_that_are_named_and_one_that_brings_its_own(tmp_path):
    written(tmp_path, SMALL.replace("${HANBOK_DATA}/cls/*", "rows"))
    (tmp_path / "data.yaml").write_text(SMALL, encoding="utf-8")
    assert read_recipe(tmp_path, None, {}).source.name == "recipe.yaml"
    assert read_recipe(tmp_path, tmp_path / "data", {}).source.name == "data.yaml"
    assert read_recipe(tmp_path, None, {"HANBOK_DATA": "/data"}).source.name == "data.yaml"
    assert read_recipe(tmp_path / "recipe.yaml", tmp_path / "data", {}).source.name == "recipe.yaml"


def test_the_embedded_base_is_no_path(tmp_path):
    read = read_recipe(written(tmp_path, SMALL.replace("path: base", "path: embedded")), tmp_path, {})
    assert read.recipe.base.path == Path("embedded")


FAULTS = {
    "a name that nobody knows": (SMALL.replace("epochs: 2", "epoch: 2"), ":17: tune.epoch"),
    "a wrong type": (SMALL.replace("seed: 9", "seed: nine"), ":4: seed"),
    "a wrong version": (SMALL.replace("1.2.0", "one"), ":3: version"),
    "a section that lacks": (SMALL.replace("base:\n  path: base\n", ""), "base"),
    "a variable that is not set": (SMALL, ":12: curate.sources.1.path"),
    "a name that stands twice": (SMALL + "seed: 3\n", "twice"),
    "no YAML": (SMALL + "tune: [", "recipe.yaml:"),
    "a bad expression": (SMALL + 'held_out:\n  by: "("\n', ":18: held_out"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_slip_is_told_with_its_line(tmp_path, fault):
    text, said = FAULTS[fault]
    environ = {} if "variable" in fault else {"HANBOK_DATA": "/data"}
    with pytest.raises(RecipeInvalid) as caught:
        read_recipe(written(tmp_path, text), None, environ)
    assert said in str(caught.value)


def test_slips_of_several_sections_are_told_at_once(tmp_path):
    text = SMALL.replace("epochs: 2", "epochs: -1").replace("path: base", "path: 3")
    with pytest.raises(RecipeInvalid) as caught:
        read_recipe(written(tmp_path, text), tmp_path, {})
    assert "tune.epochs" in str(caught.value)
    assert "base.path" in str(caught.value)


def test_a_recipe_that_is_not_there_is_told(tmp_path):
    with pytest.raises(RecipeInvalid, match=r"recipe\.yaml"):
        read_recipe(tmp_path, None, {})


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_recipe_of_the_repository_can_be_read_and_has_its_sources(file):
    read = read_recipe(file, ROOT / "absent", {})
    for source in read.recipe.curate.sources:
        assert source.licence or source.licence_key
        assert "absent" in source.path or Path(source.path).exists()


def test_the_sample_data_is_what_its_script_writes():
    done = subprocess.run([sys.executable, str(ROOT / "recipes" / "samples.py"), "--check"], check=False)
    assert done.returncode == 0
    for sample in ROOT.glob("recipes/*/sample.jsonl"):
        rows = [json.loads(line) for line in sample.read_text(encoding="utf-8").splitlines()]
        assert len(rows) >= 200
        assert len({row["id"] for row in rows}) == len(rows)
        labels = [row["label"] for row in rows]
        assert len(rows) == len(set(labels)) * labels.count(labels[0])  # no label is likelier than another
