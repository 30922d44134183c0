"""`hanbok model`: what a caller of the workshop's verbs sees."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanbok.studio.artifacts import Kind, make
from hanbok.studio.rows import DIALOGUE

ROOT = Path(__file__).parents[2]


def hanbok(*arguments, cwd, program="from hanbok.cli.main import main; main()", **environ):
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "HANBOK_LANGUAGE": "en", "COLUMNS": "200", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def artifact(tmp_path):
    def work(folder):
        (folder / "a.txt").write_text("a")
        return {"rows": 1}

    return make(tmp_path / "store", Kind.CORPUS, "curate", {"seed": 7}, {}, work)


def test_show_tells_what_an_artifact_is(artifact, tmp_path):
    done = hanbok("model", "show", artifact.path, "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["kind"], told["facts"], told["digest"]) == (
        0,
        "corpus",
        {"rows": 1},
        artifact.digest,
    )


def test_show_fails_for_a_file_that_changed(artifact, tmp_path):
    (artifact.path / "a.txt").write_text("b")
    done = hanbok("model", "show", artifact.path, cwd=tmp_path)
    assert done.returncode == 3
    assert "[artifact_broken]" in done.stderr


def test_a_slip_in_a_recipe_is_told_with_its_line(tmp_path):
    (tmp_path / "recipe.yaml").write_text("name: Router\nsource: 3\n")
    done = hanbok("model", "build", tmp_path, cwd=tmp_path)
    assert done.returncode == 3
    assert "[recipe_invalid]" in done.stderr
    assert "recipe.yaml:1: name" in done.stderr


def test_an_extra_that_is_missing_is_told(tmp_path):
    program = "import sys; sys.modules['polars'] = None; from hanbok.cli.main import main; main()"
    done = hanbok("model", "build", tmp_path, cwd=tmp_path, program=program)
    assert done.returncode == 3
    assert "[studio_extra_missing]" in done.stderr
    assert "hanbok[studio]" in done.stderr


def test_verify_needs_a_key_to_trust_and_a_signature(artifact, tmp_path):
    done = hanbok("model", "verify", artifact.path, cwd=tmp_path)
    assert done.returncode == 3
    assert "[builder_key_unknown]" in done.stderr


def test_other_verbs_load_nothing_of_the_workshop(tmp_path):
    program = (
        "import sys; from hanbok.cli.verbs import run; run(sys.argv[1:]); "
        "print(sorted({one.partition('.')[0] for one in sys.modules} & {'torch', 'polars', 'pyarrow', 'ray'}))"
    )
    done = hanbok("config", "check", cwd=tmp_path, program=program)
    assert done.stdout.splitlines()[-1] == "[]"


def test_held_out_rows_of_a_build_can_be_asked_again(tmp_path):
    rows = [
        {
            "id": str(at),
            "messages": json.dumps(
                [{"role": "user", "content": "글"}, {"role": "assistant", "content": "답"}]
            ),
            "source": "s",
            "origin": "o",
            "licence": "CC0-1.0",
            "fetched": "",
            "opt_out": "none",
        }
        for at in range(50)
    ]

    def work(folder):
        pq.write_table(pa.Table.from_pylist(rows, DIALOGUE), folder / "00000.parquet")
        return {}

    corpus = make(tmp_path / "store", Kind.CORPUS, "held_out", {}, {}, work)
    common = ("model", "evaluate", "--url", "http://127.0.0.1:9/v1", "--model", "m", "--dry-run", "--json")
    done = hanbok(*common, "--held-out", corpus.path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [told] = json.loads(done.stdout)
    assert told["disk_mib"] == 1.1  # a MiB, and 50 rows of answers
