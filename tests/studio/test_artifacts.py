"""Artifacts: whole or absent, named by what they are made of, and no file can change unseen."""

from pathlib import Path

import pytest

from hanbok.studio.artifacts import (
    MANIFEST,
    Artifact,
    Facts,
    Kind,
    check,
    find,
    folder_of,
    key_of,
    make,
)
from hanbok.studio.errors import ArtifactBroken, ArtifactMissing, ArtifactUnlike


def written(content: str):
    def work(folder: Path) -> Facts:
        (folder / "deep").mkdir(exist_ok=True)
        (folder / "deep" / "a.txt").write_text(content)
        (folder / ".mark").write_text("a stage's own")
        return {"rows": 1}

    return work


def made(store: Path, content: str = "a", **inputs: Artifact) -> Artifact:
    return make(store, Kind.CORPUS, "curate", {"seed": 7}, inputs, written(content))


def test_an_artifact_is_made_once_and_found_again(tmp_path):
    first = made(tmp_path)
    again = made(tmp_path, "never written")
    assert again == first
    assert (again.path / "deep" / "a.txt").read_text() == "a"
    assert find(first.path, Kind.CORPUS) == first
    assert list(first.manifest.files) == ["deep/a.txt"]
    check(first)


def test_the_key_follows_the_spec_and_the_inputs(tmp_path):
    one, other = made(tmp_path), made(tmp_path / "elsewhere", "b")
    keys = {
        key_of("tune", {"seed": 7}, {"corpus": one}),
        key_of("tune", {"seed": 8}, {"corpus": one}),
        key_of("tune", {"seed": 7}, {"corpus": other}),
        key_of("tune", {"seed": 7}, {"base": one}),
        key_of("merge", {"seed": 7}, {"corpus": one}),
    }
    assert len(keys) == 5
    assert key_of("tune", {"b": 1, "a": [2]}, {}) == key_of("tune", {"a": [2], "b": 1}, {})


def test_two_runs_that_made_the_same_have_the_same_digest(tmp_path):
    one, other = made(tmp_path / "one"), made(tmp_path / "other")
    assert one.digest == other.digest
    assert one.manifest.made_at != other.manifest.made_at
    assert made(tmp_path / "third", "b").digest != one.digest


def test_work_that_fails_leaves_no_artifact_and_the_next_run_finds_what_it_left(tmp_path):
    def failing(folder: Path) -> Facts:
        (folder / "half.txt").write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make(tmp_path, Kind.CORPUS, "curate", {}, {}, failing)
    target = folder_of(tmp_path, "curate", {}, {})
    with pytest.raises(ArtifactMissing):
        find(target)

    def going_on(folder: Path) -> Facts:
        assert (folder / "half.txt").read_text() == "half"
        (folder / "half.txt").rename(folder / "whole.txt")
        return {}

    assert list(make(tmp_path, Kind.CORPUS, "curate", {}, {}, going_on).manifest.files) == ["whole.txt"]


def test_a_manifest_left_by_a_power_cut_before_the_renaming_is_made_anew(tmp_path):
    half = folder_of(tmp_path, "curate", {"seed": 7}, {})
    half = half.with_name(f"{half.name}.part")
    half.mkdir(parents=True)
    (half / MANIFEST).write_text("{")
    check(made(tmp_path))


@pytest.mark.parametrize("harm", ["changed", "grown", "gone", "added"])
def test_no_file_changes_unseen(tmp_path, harm):
    artifact = made(tmp_path)
    file = artifact.path / "deep" / "a.txt"
    match harm:
        case "changed":
            file.write_text("b")
        case "grown":
            file.write_text("aa")
        case "gone":
            file.unlink()
        case "added":
            file = artifact.path / "deep" / "more.txt"
            file.write_text("")
    with pytest.raises(ArtifactBroken) as caught:
        check(artifact)
    assert caught.value.facts["file"] == file.relative_to(artifact.path).as_posix()


def test_a_folder_that_is_none_or_another_kind_is_told(tmp_path):
    artifact = made(tmp_path)
    with pytest.raises(ArtifactUnlike):
        find(artifact.path, Kind.MODEL)
    with pytest.raises(ArtifactMissing):
        find(tmp_path / "nowhere")
    (artifact.path / MANIFEST).write_text("{}")
    with pytest.raises(ArtifactBroken):
        find(artifact.path)
