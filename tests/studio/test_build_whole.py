"""A recipe from raw text to the shelf of the registry with a tiny model: one command, killed on its way, proven."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("torch", reason="torch is not installed: it comes with the extra `studio`")

from hanbok.studio.scores import Scores, scores_of
from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from studio.small_models import LABELS, small_model

pytestmark = [pytest.mark.model, pytest.mark.slow]
PLACES = ("은행나무로", "별빛동", "가온마을", "한내길", "솔밭동", "너른들", "새말사거리", "달오름길")
PROBLEMS = {
    "도로": "앞 도로에 구멍이 생겨 차가 다니기 위험합니다.",
    "교통": "버스가 오지 않아 삼십 분을 기다렸습니다.",
    "환경": "쓰레기를 제때 치워 주세요. 냄새가 심합니다.",
}
# What a random model of two layers answers proves nothing, so both gates are waived by name.
RECIPE = """
name: tiny
version: 0.1.0
seed: 7
curate:
  copies: {near: false}
  sources:
    - name: complaints
      path: rows.jsonl
      licence: CC0-1.0
      messages:
        - {role: user, content: "{text}"}
        - {role: assistant, content: "{label}"}
held_out: {share: 0.3}
base: {path: base, licence: Apache-2.0}
tune: {epochs: 2, batch: 8, length: 96, rank: 4, learning_rate: 0.01, checkpoint_every: 1}
export: {choices: [도로, 교통, 환경], width: f32}
parity: {waive: a tiny random model}
gain: {waive: a tiny random model}
evaluate: {context: 512}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("recipe")
    rows = [
        {"id": f"{label}-{at}", "text": f"{where} {PROBLEMS[label]}", "label": label}
        for label in LABELS
        for at, where in enumerate(PLACES)
    ]
    (place / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    (place / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    small_model(place / "base", "llama")
    return place


def started(*arguments, folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "hanbok", "model", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "HANBOK_LANGUAGE": "en", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def hanbok(*arguments, folder: Path) -> tuple[int, str, str]:
    running = started(*arguments, folder=folder)
    out, err = running.communicate(timeout=900)
    return running.returncode, out, err


def killed_in(step: str, folder: Path) -> None:
    """Build until a step works, and kill the build then: its stage must notice."""
    running = started("build", folder, folder=folder)
    assert running.stderr is not None
    for line in running.stderr:
        if f"] {step} " in line and "there already" not in line:
            time.sleep(0.5)
            break
    running.send_signal(signal.SIGKILL)
    running.communicate()


@pytest.fixture(scope="module")
def built(folder) -> dict:
    for step in ("tune", "parity"):  # steps that take long enough to be hit
        killed_in(step, folder)
        assert not (folder / "var" / "models" / "index.json").exists()  # nothing is half released
    code, out, err = hanbok("build", folder, "--json", folder=folder)
    assert code == 0, err
    return json.loads(out)


def test_a_build_killed_in_its_stages_ends_served(built, folder):
    assert built["serves"] == {"tiny@0.1.0": "0.1.0"}
    assert {one["step"] for one in built["steps"]} >= {
        "curate",
        "train",
        "tune",
        "export",
        "parity",
        "release",
    }
    assert set(built["scores"]) == {"parity", "scores_base", "scores"}
    assert not list((folder / "var" / "studio" / "artifacts").glob("*.part"))
    index = json.loads((folder / "var" / "models" / "index.json").read_text())
    assert index["models"]["tiny"]["live"] == "0.1.0"


def test_a_second_run_finds_everything_made(built, folder):
    code, out, err = hanbok("build", folder, "--json", folder=folder)
    assert code == 0, err
    again = json.loads(out)
    assert all(one["cached"] for one in again["steps"])
    assert [one["digest"] for one in again["steps"]] == [one["digest"] for one in built["steps"]]


def test_the_log_tells_of_the_build_and_of_the_release_once(built, folder):
    done = subprocess.run(
        [sys.executable, "-m", "hanbok", "log", "show", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    verbs = [json.dumps(json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]
    told = done.stdout
    assert told.count("model.build") == 1, verbs
    assert told.count("model.promote") == 1
    assert "tiny@0.1.0" in told


def test_release_shelf_and_record_are_proven_and_a_change_is_found(built, folder):
    release = Path(next(one["path"] for one in built["steps"] if one["step"] == "release"))
    shelf = folder / "var" / "models" / "tiny" / "0.1.0"
    for place in (release, shelf, built["record"]):
        code, _, err = hanbok("verify", folder / place, folder=folder)
        assert code == 0, err
    card = next(shelf.glob("*.md"))
    content = card.read_text(encoding="utf-8")
    card.unlink()  # the store's copy is the same file
    card.write_text(content.replace("tiny", "tinx"), encoding="utf-8")
    code, _, err = hanbok("verify", shelf, folder=folder)
    assert (code, card.name in err) == (3, True)
    assert hanbok("verify", folder / release, folder=folder)[0] == 0


SERVER = """
server: {{port: 0}}
state: {state}
endpoints:
  home:
    kind: embedded
    country: KR
    zone: home
    operator: self
    data_use: {{trains: false}}
    options: {{path: {base}}}
models: {{}}
"""


def test_the_cards_scores_come_again_to_the_last_digit(built, folder, tmp_path):
    at = {one["step"]: folder / one["path"] for one in built["steps"]}
    base = at["export_base"] / "model.gguf"
    asked = ("evaluate", "--held-out", at["held_out"], "--json")
    with RunningHanbok(tmp_path, SERVER.format(state=folder / "var", base=base)) as server:
        released = server.run("model", *map(str, asked), "--model", "tiny@0.1.0", "--exact")
    assert released.returncode == 0, released.stderr
    code, out, err = hanbok(*asked, "--gguf", base, folder=tmp_path)
    assert code == 0, err
    for told, step in ((released.stdout, "scores"), (out, "scores_base")):
        again = msgspec.convert(json.loads(told)["scores"], Scores)
        assert again.tasks == scores_of(at[step]).tasks
        assert [one.rows for one in again.tasks] == [8]


def identifiers(rows):
    number = Identities(7).rrn()
    return [{**row, "text": f"{row['text']} 주민등록번호는 {number}입니다."} for row in rows]


def lines_in(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]


FAULTS = {
    "identifiers in the data": (
        lambda rows, recipe: (identifiers(rows), recipe.replace("curate:", "curate:\n  personal: null")),
        "identifiers_in_data",
    ),
    "a licence that forbids": (
        lambda rows, recipe: (rows, recipe.replace("CC0-1.0", "CC-BY-ND-4.0")),
        "source_forbidden",
    ),
    "an unreadable file": (
        lambda rows, recipe: (rows, recipe.replace("rows.jsonl", "absent.jsonl")),
        "source_unreadable",
    ),
    "a base that is none": (
        lambda rows, recipe: (rows, recipe.replace("path: base", "path: nowhere")),
        "base_unusable",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_clear_error_and_nothing_is_released(folder, tmp_path, fault):
    change, code_wanted = FAULTS[fault]
    rows, recipe = change(lines_in(folder), RECIPE)
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    (tmp_path / "recipe.yaml").write_text(recipe, encoding="utf-8")
    (tmp_path / "base").symlink_to(folder / "base")
    code, _, err = hanbok("build", tmp_path, "--until", "tune", folder=tmp_path)
    assert code == 3
    assert f"[{code_wanted}]" in err
    assert not (tmp_path / "var" / "models").exists()
    assert not list((tmp_path / "var" / "studio" / "artifacts").glob("tune-*[0-9a-f]"))


def test_a_poisoned_row_is_dropped_with_its_reason_and_the_rest_is_built(folder, tmp_path):
    lines = (folder / "rows.jsonl").read_bytes().splitlines()
    lines[3:3] = [b'{"id": "broken", "text": ', b"\xff\xfe\x00", b'{"id": "bare"}']
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    (tmp_path / "base").symlink_to(folder / "base")
    code, out, err = hanbok("build", tmp_path, "--until", "curate", "--json", folder=tmp_path)
    assert code == 0, err
    curated = json.loads(out)["steps"][0]["path"]
    facts = json.loads((tmp_path / curated / "manifest.json").read_text())["facts"]
    assert sum(count for reason, count in facts["drops"].items() if reason.startswith("read:")) == 3
    assert facts["out"]["rows"] == 24
