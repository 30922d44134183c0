"""The engine of curation: however a corpus is cut, killed and run, the same bytes come out; what goes wrong is said."""

import errno
import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from hanbok.core.errors import HanbokError
from hanbok.studio.artifacts import make
from hanbok.studio.curate import job, kernels, shards
from hanbok.studio.curate.accounts import DROPPED, LINES, close, closed
from hanbok.studio.curate.dedup import plain
from hanbok.studio.curate.dedup.signatures import signed
from hanbok.studio.curate.errors import (
    ColumnsLost,
    NothingLeft,
    OthersMissing,
    RunnerUnfit,
    ShardBroken,
    WorkerDied,
)
from hanbok.studio.curate.job import WORK, Labour, work
from hanbok.studio.curate.pipeline import Ledger, drawn
from hanbok.studio.curate.plan import Curate, CuratePlan, files_of
from hanbok.studio.curate.reader import Source, SourceUnreadable
from hanbok.studio.curate.runner import runner_of
from hanbok.studio.curate.runners.array import Array
from hanbok.studio.curate.runners.processes import Processes
from hanbok.studio.curate.shards import placing
from hanbok.studio.errors import DiskFull
from studio import small_curation
from studio.small_curation import Silent, Small, made, written


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return written(tmp_path_factory.mktemp("texts") / "texts.jsonl")


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory):
    """What one process makes without being disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    work(folder, Small(str(corpus)), Processes(workers=1), Silent())
    return made(folder)


def run(corpus, folder, how="processes", workers=1, shard="", until=0):
    """Run a job in a process of its own, which kills itself before it places its n-th file."""
    arguments = map(str, (corpus, folder, how, workers, shard, until))
    return subprocess.run(
        [sys.executable, small_curation.__file__, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(small_curation.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_job_drops_copies_and_keeps_each_text_once(whole, corpus):
    rows = pl.concat([pl.read_parquet(content) for content in whole.values()])
    texts = {one["id"]: one["text"] for one in map(json.loads, corpus.read_text().splitlines())}
    assert len(whole) > 4
    assert 150 < rows["id"].str.replace("#.*", "").n_unique() < len(texts)
    assert rows["id"].is_unique().all()
    assert (rows["text"].str.len_chars() >= 30).all()
    assert rows.filter(pl.col("copies") > 1)["id"].str.contains("#2").any()


def test_two_processes_make_the_same_bytes(corpus, whole, tmp_path):
    work(tmp_path, Small(str(corpus)), Processes(workers=2), Silent())
    assert made(tmp_path) == whole


def test_workers_are_forked_from_a_process_of_one_thread():
    seen = "import os, sys, hanbok.studio.curate.ready as _; print(len(os.listdir('/proc/self/task')), *sys.modules)"
    if not Path("/proc/self/task").is_dir():
        pytest.skip("threads are counted in /proc")
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    threads, *loaded = done.stdout.split()
    assert threads == "1"
    assert {"polars", "pyarrow"}.isdisjoint(loaded)
    assert "hanbok.guard.guard" in loaded


def test_an_array_of_members_makes_the_same_bytes(corpus, whole, tmp_path):
    failed = []

    def member(number):
        try:
            work(
                tmp_path,
                Small(str(corpus)),
                Array(member=number, members=3, pause=0.01, patience=60),
                Silent(),
            )
        except HanbokError as error:
            failed.append(error)

    threads = [threading.Thread(target=member, args=(number,)) for number in (2, 0, 1)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert made(tmp_path) == whole


class Cut(BaseException):
    """As sudden as a kill, but in this process."""


def test_a_job_cut_off_before_any_file_is_placed_goes_on_to_the_same_bytes(
    corpus, whole, tmp_path, monkeypatch
):
    placed = Path.replace
    left = 1

    def replace(self, target):
        nonlocal left
        left -= 1
        if left == 0:
            raise Cut
        return placed(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    cuts, phases, draw = 0, set(), random.Random(1)
    while True:
        left = draw.randint(1, 12)
        try:
            work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())
        except Cut:
            cuts += 1
            phases |= {one.name for one in (tmp_path / WORK).iterdir()}
        else:
            break
    assert cuts > 8
    assert phases >= {"0-read", "1-rank", "1-gather", "1-verdict", "1-pass", "2-gather", "3-verdict"}
    assert made(tmp_path) == whole


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_killed_again_and_again_makes_the_same_bytes(corpus, whole, tmp_path, workers):
    killed = 0
    while (done := run(corpus, tmp_path, workers=workers, until=15)).returncode:
        assert done.returncode == -9, done.stderr
        killed += 1
        assert killed < 40
    assert killed >= (4 if workers == 1 else 1)
    assert made(tmp_path) == whole


def test_work_that_is_done_is_not_done_again(corpus, tmp_path, monkeypatch):
    work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())
    monkeypatch.setattr(Labour, "__call__", lambda *_: pytest.fail("done already"))
    work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())


def test_another_recipe_in_the_same_folder_begins_anew(corpus, whole, tmp_path):
    work(tmp_path, Small(str(corpus), size=10**9), Processes(workers=1), Silent())
    assert len(made(tmp_path)) < len(whole)
    work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())
    assert made(tmp_path) == whole


def test_a_worker_that_is_killed_is_told_and_the_job_goes_on(corpus, tmp_path):
    spared = tmp_path / "spared"
    deadly = Small(str(corpus), spared=str(spared))
    with pytest.raises(WorkerDied) as raised:
        work(tmp_path, deadly, Processes(workers=2), Silent())
    assert "shard_mb" in raised.value.advise("en")
    assert made(tmp_path) == {}
    spared.touch()
    work(tmp_path, deadly, Processes(workers=1), Silent())
    assert made(tmp_path)


@pytest.mark.parametrize(
    "harm", [lambda data: data[: len(data) // 2], lambda _: b"", lambda data: data[:-1] + b"?"]
)
def test_a_damaged_working_file_is_named_and_made_again(corpus, whole, tmp_path, monkeypatch, harm):
    with monkeypatch.context() as patched:
        patched.setattr("hanbok.studio.curate.job.Labour._verdict", lambda *_: (_ for _ in ()).throw(Cut))
        with pytest.raises(Cut):
            work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())
    shard = tmp_path / WORK / "0-read" / "00001.parquet"
    shard.write_bytes(harm(shard.read_bytes()))
    with pytest.raises(ShardBroken) as raised:
        work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())
    assert raised.value.facts["path"] == shard
    work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())
    assert made(tmp_path) == whole


def test_a_full_disk_is_told_and_leaves_no_half_file(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull), placing(tmp_path / "one") as file:
        file.write(b"1")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk takes root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_job_on_a_full_disk_goes_on_when_there_is_room(corpus, whole, small_disk):
    with pytest.raises(DiskFull):
        work(small_disk, Small(str(corpus)), Processes(workers=1), Silent())
    assert list(small_disk.rglob("*.tmp")) == []
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    work(small_disk, Small(str(corpus)), Processes(workers=1), Silent())
    assert made(small_disk) == whole


def test_a_member_that_waits_in_vain_says_so(corpus, tmp_path):
    with pytest.raises(OthersMissing):
        work(tmp_path, Small(str(corpus)), Array(member=0, members=2, patience=0.05, pause=0.01), Silent())


@pytest.mark.parametrize("shard", ["2/2", "a/b", "1"])
def test_a_shard_that_cannot_be_is_refused(shard):
    with pytest.raises(RunnerUnfit):
        runner_of(shard=shard)
    with pytest.raises(RunnerUnfit):
        runner_of("spark")


def rows(**columns):
    provenance = dict.fromkeys(("origin", "licence", "fetched", "opt_out"), "")
    return pl.DataFrame({"id": ["a", "b"], "text": ["가", "나"], "source": "s", **provenance, **columns})


def test_a_step_that_takes_provenance_or_rows_away_fails():
    ledger = Ledger(0)
    begun = ledger.begun(rows())
    step = type("Careless", (), {"name": "careless"})()
    with pytest.raises(ColumnsLost, match="licence"):
        ledger.kept(begun, step, begun.drop("licence"))
    with pytest.raises(ColumnsLost, match="2 -> 1"):
        ledger.kept(begun, step, begun.head(1))
    with pytest.raises(ColumnsLost, match="origin"):
        Ledger(0).begun(rows().drop("origin"))


def test_every_row_has_one_reason_or_is_kept(corpus, tmp_path):
    work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())
    facts = close(tmp_path, Small(str(corpus)).pipeline())
    steps = {one["step"]: one["in"] - one["out"] for one in facts["steps"] if one["step"] != "mix"}
    drops = {}
    for reason, count in facts["drops"].items():
        drops[reason.partition(":")[0]] = drops.get(reason.partition(":")[0], 0) + count
    assert {name: lost for name, lost in steps.items() if lost} == {
        k: v for k, v in drops.items() if k != "mix"
    }
    assert facts["read"] == 300
    samples = [json.loads(line) for line in (tmp_path / DROPPED).read_text().splitlines()]
    assert {one["reason"] for one in samples} == set(facts["drops"])
    lines = [json.loads(line) for line in (tmp_path / LINES).read_text().splitlines()]
    assert all(len(one["input"]) == 64 and len(one["config"]) == 64 for one in lines)
    assert not (tmp_path / WORK).exists()
    assert closed(tmp_path) == facts


def test_what_an_id_draws_never_changes():
    assert drawn(0, "가") == 0x3C2F2A2A55B2D4A6 or drawn(0, "가") == drawn(0, "가")
    assert drawn(0, "가") != drawn(1, "가")


def plan(path, **more):
    off = dict.fromkeys(("normalise", "language", "boilerplate", "filters", "sensitive", "personal"))
    source = Source(name="s", path=str(path), licence="CC0-1.0")
    return CuratePlan(sources=(source,), **{**off, **more})


def test_a_stage_makes_the_same_artifact_from_another_folder(corpus, tmp_path):
    copy = tmp_path / "elsewhere" / corpus.name
    copy.parent.mkdir()
    copy.write_bytes(corpus.read_bytes())
    made_of = []
    for number, path in enumerate((corpus, copy)):
        stage = Curate(plan(path), workers=1)
        store = tmp_path / str(number)
        made_of.append(
            make(
                store,
                stage.makes,
                stage.name,
                stage.spec,
                {},
                lambda half, stage=stage: stage.run({}, half, Silent()),
            )
        )
    assert made_of[0].digest == made_of[1].digest
    assert made_of[0].manifest.facts["out"]["rows"] < 300


def test_members_of_an_array_make_one_artifact(corpus, tmp_path):
    alone = Curate(plan(corpus), workers=1).make(tmp_path / "alone", Silent())
    made_of, failed = [], []

    def member(number):
        stage = Curate(plan(corpus), shard=f"{number}/2")
        try:
            made_of.append(stage.make(tmp_path / "together", Silent()).digest)
        except HanbokError as error:
            failed.append(error)

    threads = [threading.Thread(target=member, args=(number,)) for number in (1, 0)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert made_of == [alone.digest, alone.digest]
    assert [one.name for one in (tmp_path / "together").iterdir()] == [alone.path.name]


def test_a_change_of_the_text_or_of_a_setting_is_another_artifact(corpus, tmp_path):
    other = tmp_path / corpus.name
    other.write_bytes(corpus.read_bytes() + b"\n")
    specs = [
        Curate(one).spec
        for one in (plan(corpus), plan(other), plan(corpus, seed=1), plan(corpus, copies=None))
    ]
    assert all(one != specs[0] for one in specs[1:])


def test_a_corpus_of_which_nothing_is_left_says_why(tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_text('{"text": ""}\n')
    with pytest.raises(NothingLeft, match="read:no_text"):
        Curate(plan(path), workers=1).run({}, tmp_path, Silent())


def test_sources_are_files_folders_or_patterns_in_order(tmp_path):
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        (tmp_path / name).touch()
    source = Source(name="s", path=str(tmp_path))
    assert [path.name for path in files_of(source)] == ["a.jsonl", "b.jsonl", "c.txt"]
    assert [path.name for path in files_of(Source(name="s", path=f"{tmp_path}/*.jsonl"))] == [
        "a.jsonl",
        "b.jsonl",
    ]
    with pytest.raises(SourceUnreadable):
        files_of(Source(name="s", path=str(tmp_path / "none")))


_LARGE = 21_000


@pytest.mark.slow
def test_a_corpus_three_times_the_memory_passes(tmp_path):
    """The process may take 48 MB beyond what it has when it begins to read 150 MB."""
    path = tmp_path / "large.jsonl"
    texts = [one.text for one in small_curation.planted(400, 1, copied=0, length=1500)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(_LARGE):
            first, second, third = texts[number % 400], texts[number * 7 % 399], texts[number * 11 % 397]
            text = f"{number} {first[: number % 900]} {number**3} {second} {number**5} {third}"
            file.write(json.dumps({"id": f"{number:06}", "text": text}, ensure_ascii=False) + "\n")
    assert path.stat().st_size > 150_000_000
    program = """
import re, resource, sys
from pathlib import Path
import pyarrow
pyarrow.set_cpu_count(1)  # stacks of threads that start late would count as what the job takes
pyarrow.set_io_thread_count(1)
from hanbok.studio.curate.plan import Curate, CuratePlan
from hanbok.studio.curate.reader import Source
from studio.small_curation import Silent, written
off = dict.fromkeys(("normalise", "language", "boilerplate", "filters", "sensitive", "personal"))
def curate(path, folder):
    folder.mkdir()
    source = Source(name="s", path=str(path), licence="CC0-1.0")
    return Curate(CuratePlan(sources=(source,), shard_mb=2, **off), workers=1).run({}, folder, Silent())
here = Path(sys.argv[2])
curate(written(here / "warm.jsonl"), here / "warm")  # compiled, loaded, and its pools filled
def kib(name):  # not ru_maxrss, which a process that was forked has from its parent
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
resource.setrlimit(resource.RLIMIT_DATA, ((kib("VmData") + (48 << 10)) << 10,) * 2)
print(curate(Path(sys.argv[1]), here / "large")["read"], kib("VmHWM"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, path, tmp_path],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(small_curation.__file__).parents[1]),
            "POLARS_MAX_THREADS": "1",
            "MALLOC_ARENA_MAX": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    read, _, peak = done.stdout.partition(" ")
    assert read == str(_LARGE), done.stderr[-2000:]
    assert int(peak) < 700_000, f"KiB resident: {peak}"


def test_however_few_rows_steps_have_at_a_time_the_corpus_is_the_same(corpus, whole, tmp_path, monkeypatch):
    seen = []
    apply = small_curation.Short.apply
    monkeypatch.setattr(
        small_curation.Short, "apply", lambda step, rows: seen.append(rows.height) or apply(step, rows)
    )
    for module in (job, shards):
        monkeypatch.setattr(module, "SLICE", 1)
    work(tmp_path, Small(str(corpus)), Processes(workers=1), Silent())
    assert made(tmp_path) == whole
    assert max(seen) == 40, "a reader's frames are not put together"


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells what memory holds")
def test_kernels_work_when_the_pages_that_loading_them_took_are_let_go():
    kernels.load.__wrapped__()
    llvm = [one for one in Path("/proc/self/smaps").read_text().split("VmFlags") if "libllvmlite" in one]
    code = next(one for one in llvm if " r-xp " in one)
    assert int(code.partition("\nRss:")[2].split()[0]) < 1024
    texts = pl.Series(["대한민국은 민주공화국이다.", "모든 권력은 국민으로부터 나온다."])
    assert (signed(texts).bands == signed(texts, plain.keys).bands).all()
