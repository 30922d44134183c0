"""What answers for a name: promote, canary, rollback; grades before a swap; a disk that is full."""

import subprocess
import sys

import pytest

from hanbok.gateway.llama.releases import Line
from hanbok.gateway.probes.differing import Change, RunsDiffer
from hanbok.gateway.probes.judging import Conduct
from hanbok.gateway.probes.running import Result, Run
from hanbok.studio.release.errors import ChangeTooGreat, NothingBefore, ProbesMissing
from hanbok.studio.release.promotion import Probed, Promotion, refuse_major
from hanbok.studio.release.registry import _promoted, _rolled_back, _with_candidate
from hanbok.studio.release.version import rank


def shown(line):
    return (line.live, line.before, line.canary, line.percent, line.candidates)


def test_a_name_goes_forward_by_a_canary_and_back():
    line = _with_candidate(_promoted(Line(), "1.0.0", 100), "1.1.0")
    assert shown(line) == ("1.0.0", (), "", 0, ("1.1.0",))
    canary = _promoted(line, "1.1.0", 10)
    assert shown(canary) == ("1.0.0", (), "1.1.0", 10, ())
    assert shown(_rolled_back("n", canary)) == ("1.0.0", (), "", 0, ("1.1.0",))
    whole = _promoted(canary, "1.1.0", 100)
    assert shown(whole) == ("1.1.0", ("1.0.0",), "", 0, ())
    back = _rolled_back("n", whole)
    assert shown(back) == ("1.0.0", (), "", 0, ("1.1.0",))
    with pytest.raises(NothingBefore):
        _rolled_back("n", back)


def test_a_first_version_is_never_a_canary_of_nothing():
    assert shown(_promoted(Line(), "1.0.0", 10)) == ("1.0.0", (), "", 0, ())


def test_versions_stand_in_their_order():
    told = ["1.0.0", "1.0.0-rc.1", "1.0.0-alpha", "1.10.0", "1.9.0", "1.0.0-rc.11", "1.0.0-rc.2"]
    assert sorted(told, key=rank) == [
        "1.0.0-alpha",
        "1.0.0-rc.1",
        "1.0.0-rc.2",
        "1.0.0-rc.11",
        "1.0.0",
        "1.9.0",
        "1.10.0",
    ]
    for wrong in ("1.0", "v1.0.0", "01.0.0", "1.0.0/..", ""):
        with pytest.raises(ValueError, match="semantic"):
            rank(wrong)


def run(model, *marks):
    results = tuple(
        Result(
            id=str(number),
            category="c",
            severity="critical",
            passed=one == "ok",
            conduct=Conduct.REFUSED if one == "ok" else Conduct.ANSWERED,
        )
        for number, one in enumerate(marks)
    )
    return Run(model=model, endpoint="home", at="", pack="p", repeat=1, results=results)


def swap(before, after):
    probed = Probed(before=before, after=after, digest="d")
    return Promotion(name="router", version="2.0.0", probed=probed)


def test_a_swap_is_graded_by_probes_of_exactly_these_two():
    with pytest.raises(ProbesMissing):
        Promotion(name="router", version="2.0.0").grade("1.0.0")
    assert Promotion(name="router", version="2.0.0").grade("") is None
    same = swap(run("router", "ok"), run("router@2.0.0", "ok")).grade("1.0.0")
    assert same.grade is Change.MINOR
    refuse_major(swap(run("router", "ok"), run("router@2.0.0", "ok")), same)
    for before, after in (
        ("other", "router@2.0.0"),
        ("router", "router@1.9.0"),
        ("router@0.9.0", "router@2.0.0"),
    ):
        with pytest.raises(RunsDiffer):
            swap(run(before, "ok"), run(after, "ok")).grade("1.0.0")


def test_a_major_change_is_not_one_persons_to_make():
    one = swap(run("router@1.0.0", "ok", "ok"), run("router@2.0.0", "ok", "no"))
    with pytest.raises(ChangeTooGreat, match="critical probes fail now"):
        refuse_major(one, one.grade("1.0.0"))


def test_a_full_disk_changes_nothing_that_answers(tmp_path):
    """A file size limit stands in for the full disk: the same system call fails."""
    program = """
import resource, sys
from pathlib import Path
from hanbok.gateway.llama.releases import read_index
from hanbok.studio.release.errors import RegistryNotWritten
from hanbok.studio.release.registry import Registry, _promoted
shelf = Registry(Path(sys.argv[1]))
def put(version):
    with shelf._written():
        shelf._change("router", lambda line: _promoted(line, version, 100))
put("1.0.0")
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    put("2.0.0")
except RegistryNotWritten as error:
    print(error.code, read_index(shelf.folder).models["router"].live)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "models")], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["registry_not_written", "1.0.0"], done.stderr
