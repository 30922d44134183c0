"""Builds: each step made once, killed and resumed at any moment, clear errors, nothing half there."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hanbok.core.values import Language
from hanbok.studio.artifacts import Kind, check, find
from hanbok.studio.build import Step, build, plan, selected
from hanbok.studio.errors import (
    ArtifactBroken,
    DiskFull,
    OutOfMemory,
    StageCrashed,
    StageUnreadable,
    StepNotMade,
    StepUnknown,
    WorkspaceLocked,
)
from hanbok.studio.workspace import Workspace
from studio.small_stages import Failing, Words


class Silent:
    """A watcher that remembers what it hears."""

    def __init__(self):
        self.heard = []

    def step(self, name, index, count):
        self.heard.append(("step", name, index, count))

    def made(self, made):
        self.heard.append(("made", made.step.name, made.cached))

    def begin(self, what, total, unit):
        self.heard.append(("begin", what.en, total, unit))

    def advance(self, done):
        self.heard.append(("advance", done))


def steps_in(diary: Path, halt: str = "", part: int = -1) -> list[Step]:
    """Three steps in a row, the last of which takes both others; `halt` is the one that waits in this part."""

    def words(name: str, word: str) -> Words:
        return Words(name=name, word=word, diary=diary, halt=part if name == halt else -1)

    return [
        Step(name="curate", section="curate", stage=words("curate", "one")),
        Step(name="tune", section="tune", stage=words("tune", "two"), takes={"corpus": "curate"}),
        Step(
            name="release",
            section="release",
            stage=words("release", "three"),
            takes={"corpus": "curate", "tuned": "tune"},
        ),
    ]


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    folder = tmp_path / "diary"
    folder.mkdir()
    return folder


def worked(diary: Path) -> dict[str, list[int]]:
    return {one.name: parts_in(one) for one in sorted(diary.iterdir())}


def parts_in(file: Path) -> list[int]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_steps_are_made_in_their_order_once(tmp_path, diary):
    workspace, watcher = Workspace(tmp_path / "w"), Silent()
    made = build(steps_in(diary), workspace, watcher)
    assert [(one.step.name, one.cached) for one in made] == [
        ("curate", False),
        ("tune", False),
        ("release", False),
    ]
    assert (made[-1].artifact.path / "2.txt").read_text() == "one one two three"
    again = build(steps_in(diary), workspace, watcher)
    assert [one.cached for one in again] == [True, True, True]
    assert [one.artifact for one in again] == [one.artifact for one in made]
    assert worked(diary) == {"curate": [0, 1, 2], "release": [0, 1, 2], "tune": [0, 1, 2]}


def test_a_watcher_hears_of_steps_and_of_all_that_is_done(tmp_path, diary):
    watcher = Silent()
    build(steps_in(diary)[:1], Workspace(tmp_path / "w"), watcher)
    assert watcher.heard[:2] == [("step", "curate", 1, 1), ("begin", "writing", 3, "parts")]
    assert sum(one[1] for one in watcher.heard if one[0] == "advance") == 3
    assert watcher.heard[-1] == ("made", "curate", False)


def test_what_changed_is_made_again_and_nothing_before_it(tmp_path, diary):
    workspace = Workspace(tmp_path / "w")
    build(steps_in(diary), workspace, Silent())
    steps = steps_in(diary)
    other = Words(name="tune", word="zwei", diary=diary)
    steps[1] = Step(name="tune", section="tune", stage=other, takes={"corpus": "curate"})
    made = build(steps, workspace, Silent())
    assert [one.cached for one in made] == [True, False, False]
    assert (made[-1].artifact.path / "0.txt").read_text() == "one one zwei three"


def test_only_and_until_choose_steps_by_name_or_section(tmp_path, diary):
    steps, workspace = steps_in(diary), Workspace(tmp_path / "w")
    assert [one.name for one in selected(steps, until="tune")] == ["curate", "tune"]
    assert [one.name for one in selected(steps, only="release")] == ["release"]
    assert selected(steps) == steps
    with pytest.raises(StepUnknown, match="prune"):
        selected(steps, only="prune")
    with pytest.raises(StepNotMade, match="'tune'"):
        build(steps, workspace, Silent(), selected(steps, only="tune"))
    build(steps, workspace, Silent(), selected(steps, until="tune"))
    made = build(steps, workspace, Silent(), selected(steps, only="release"))
    assert [(one.step.name, one.cached) for one in made] == [
        ("curate", True),
        ("tune", True),
        ("release", False),
    ]


def test_a_dry_run_tells_what_is_there_and_what_the_rest_would_take_and_writes_nothing(tmp_path, diary):
    steps, workspace = steps_in(diary), Workspace(tmp_path / "w")
    before = plan(steps, workspace)
    assert [one.artifact for one in before] == [None, None, None]
    assert sum(one.estimate.cost for one in before) == 15_000_000
    assert not workspace.folder.exists()
    build(steps, workspace, Silent(), selected(steps, until="tune"))
    after = plan(steps, workspace)
    assert [one.artifact is not None for one in after] == [True, True, False]
    assert [one.estimate for one in after[:2]] == [None, None]
    assert (after[2].estimate.cpu_seconds, after[2].estimate.disk_mib) == (3, 2)


PROGRAM = """
import sys
from pathlib import Path
from hanbok.studio.build import build
from hanbok.studio.workspace import Workspace
from studio.test_build import Silent, steps_in
if __name__ == "__main__":
    workspace, diary, halt, part = sys.argv[1:]
    build(steps_in(Path(diary), halt, int(part)), Workspace(Path(workspace)), Silent())
"""


def begun(diary: Path, step: str, part: int) -> bool:
    try:
        return part in parts_in(diary / step)
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("step", ["curate", "tune", "release"])
def test_a_build_killed_at_any_moment_goes_on_where_it_was(tmp_path, diary, step, part):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    tests = Path(__file__).parent.parent
    running = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path / "w"), str(diary), step, str(part)],
        env={**os.environ, "PYTHONPATH": str(tests)},
    )
    until = time.monotonic() + 60
    while not begun(diary, step, part):
        assert running.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    workspace = Workspace(tmp_path / "w")
    whole = [one for one in workspace.artifacts.iterdir() if one.suffix != ".part"]
    order = ["curate", "tune", "release"]
    assert sorted(one.name.rpartition("-")[0] for one in whole) == sorted(order[: order.index(step)])
    for one in whole:
        check(find(one))
    wait_for_lock(workspace)
    made = build(steps_in(diary), workspace, Silent())
    assert (made[-1].artifact.path / "2.txt").read_text() == "one one two three"
    for one in made:
        check(one.artifact)
    expected = {name: [0, 1, 2] for name in order}
    expected[step] = sorted([0, 1, 2, part])  # only the part in which it was killed is done twice
    assert worked(diary) == expected
    assert not list(workspace.artifacts.glob("*.part"))


def wait_for_lock(workspace: Workspace) -> None:
    """Until the killed build's stage has noticed."""
    with (workspace.folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


FAULTS = {
    "full": (DiskFull, "disk was full"),
    "memory": (OutOfMemory, "MemoryError"),
    "torch": (OutOfMemory, "RuntimeError"),
    "killed": (OutOfMemory, "the system killed its process"),
    "segfault": (StageCrashed, "SIGSEGV"),
    "slip": (StageCrashed, "exit code 1"),
    "unreadable": (StageUnreadable, "absent.txt"),
}


@pytest.mark.parametrize("how", FAULTS)
def test_a_stage_that_fails_is_a_clear_error_and_makes_nothing(tmp_path, diary, how):
    workspace = Workspace(tmp_path / "w")
    steps = [
        *steps_in(diary)[:1],
        Step(name="failing", section="tune", stage=Failing(how=how), takes={"corpus": "curate"}),
    ]
    kind, said = FAULTS[how]
    with pytest.raises(kind, match=said) as caught:
        build(steps, workspace, Silent())
    assert caught.value.facts["stage"] == "failing"
    assert caught.value.advise(Language.KO)
    left = [one.name for one in workspace.artifacts.iterdir() if not one.name.endswith(".part")]
    assert [one.rpartition("-")[0] for one in left] == ["curate"]
    assert build(steps[:1], workspace, Silent())[0].cached


def test_a_workspace_has_one_build_at_a_time(tmp_path, diary):
    workspace = Workspace(tmp_path / "w")
    with (
        workspace.locked(),
        pytest.raises(WorkspaceLocked, match=str(os.getpid())),
        workspace.locked(),
    ):
        pass
    assert build(steps_in(diary), workspace, Silent())


def test_an_artifact_that_changed_behind_our_back_is_not_built_upon(tmp_path, diary):
    workspace = Workspace(tmp_path / "w")
    made = build(steps_in(diary), workspace, Silent())
    assert made[0].artifact.manifest.kind is Kind.CORPUS
    (made[0].artifact.path / "1.txt").write_text("other")
    with pytest.raises(ArtifactBroken, match=r"1\.txt"):
        build(steps_in(diary), workspace, Silent())


def test_a_disk_that_is_full_at_the_very_end_is_told_and_the_next_run_only_ends(tmp_path, diary):
    workspace = Workspace(tmp_path / "w")

    def finish(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "build.json")

    with pytest.raises(DiskFull):
        build(steps_in(diary), workspace, Silent(), finish=finish)
    ended = []
    again = build(steps_in(diary), workspace, Silent(), finish=ended.extend)
    assert all(one.cached for one in again)
    assert ended == again


def test_a_workspace_that_is_no_folder_is_told(tmp_path, diary):
    (tmp_path / "w").write_text("")
    with pytest.raises(StageUnreadable, match="/w"):
        build(steps_in(diary), Workspace(tmp_path / "w"), Silent())
