"""Curation: near-copies against other tools, a whole run, its memory, and what a second core brings.

CPU time of the whole process (and its children), the best of a few rounds, all in one run. The corpus is seeded, made
on the spot, with copies planted in it. Other tools are measured where their environment is given:

    python -m venv PEERS && PEERS/bin/pip install daft datasketch rensa
    .venv/bin/python benchmarks/curation.py [--count 6000] [--peers PEERS/bin/python]

What a second core brings takes a quiet machine and a corpus that is worth it, such as half a minute of work:

    .venv/bin/python benchmarks/curation.py --only cores --pages 50000
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapreplace
from operator import itemgetter
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # before polars is imported: one core is measured

import hanbok.studio.curate.lean  # noqa: F401 - before the engines

# isort: split

import numpy as np
import polars as pl
from msgspec.structs import replace

from hanbok.core.values import Text
from hanbok.studio.curate.dedup import plain, signatures
from hanbok.studio.curate.dedup.copies import Copies
from hanbok.studio.curate.job import Labour, lines, work
from hanbok.studio.curate.plan import Curate, CuratePlan, Curation
from hanbok.studio.curate.reader import Source
from hanbok.studio.curate.runner import Runner
from hanbok.studio.curate.runners.processes import Processes
from hanbok.studio.curate.shards import put_array, put_table
from hanbok.studio.curate.sweep import Shelf
from hanbok.testing.planted import KIN, Planted, planted

HERE = Path(__file__).parent
STEPS = ("normalise", "language", "boilerplate", "filters", "sensitive", "personal")
ROUNDS = 3
_PAGE = 4200  # characters
_LEAST = 270_000_000  # bytes: what any run takes


def source(path: Path | str) -> Source:
    return Source(name="texts", path=str(path), licence="CC0-1.0")


PLAN = CuratePlan(sources=(source(""),), shard_mb=8)


class Quiet:
    def begin(self, what: Text, total: int | None, unit: str) -> None: ...
    def advance(self, done: int) -> None: ...


def spent() -> float:
    """CPU seconds of this process and of its children that have ended."""
    held = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in held)


def best(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    took = []
    for _ in range(rounds):
        start = spent()
        run()
        took.append(spent() - start)
    return min(took)


def deduplicated(path: Path, folder: Path) -> list[str]:
    """Read a file and return the ids that stay: all that a tool does, in one shard."""
    rows = pl.read_ndjson(path).select("id", "text", pl.lit(None, dtype=pl.String).alias("dropped"))
    sweep = Copies()
    for name, table in sweep.keys(rows).items():
        put_table(folder / f"00000.{name}.arrow", table)
    put_array(folder / "starts.npy", np.array([0, rows.height]))
    rank = np.empty(rows.height, np.int64)
    rank[rows["id"].arg_sort().to_numpy()] = np.arange(rows.height)
    put_array(folder / "rank.npy", rank)
    shelf = Shelf(keys=folder, shards=1, ranked=folder)
    verdicts, _ = sweep.resolve(shelf, iter([sweep.gather(shelf, 0, 1)]))
    kept = sweep.apply(rows, next(verdicts)).filter(pl.col("dropped").is_null())
    return kept["id"].to_list()


def told(name: str, texts: list[Planted], kept: list[str], size: float, took: float) -> str:
    """One row: speed, the share of each kind of copy that went, and of originals that went wrongly."""
    left = set(kept)
    gone, all_ = Counter(), Counter()
    for one in texts:
        kind = "original" if one.kind in {"", KIN} else one.kind
        all_[kind] += 1
        gone[kind] += one.id not in left
    copies = [kind for kind in all_ if kind != "original"]
    recall = sum(gone[kind] for kind in copies) / sum(all_[kind] for kind in copies)
    kinds = " | ".join(
        f"{gone[kind] / all_[kind]:.2f}" for kind in ("spacing", "form", "edit5", "edit10", "cut")
    )
    false = gone["original"] / all_["original"]
    return f"| {name} | {took:.2f} | {size / took:.1f} | {recall:.3f} | {kinds} | {false:.2%} |"


def copies(texts: list[Planted], path: Path, folder: Path, size: float, peers: str) -> None:
    print(
        "| near-copies | CPU s | MB/CPU-s | recall | spacing | form | edit 5 % | edit 10 % | cut | originals lost |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    speeds = {}
    compiled = signatures.compiled
    for name, kernel in (("hanbok, compiled", compiled), ("hanbok, numpy", plain.keys)):
        signatures.compiled = kernel
        kept = deduplicated(path, folder)
        took = best(lambda: deduplicated(path, folder))
        speeds[name] = size / took
        print(told(name, texts, kept, size, took), flush=True)
    signatures.compiled = compiled
    for tool in ("daft", "rensa", "datasketch") if peers else ():
        done = subprocess.run(
            [peers, HERE / "peers" / "copies.py", tool, path],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DO_NOT_TRACK": "true", "DAFT_ANALYTICS_ENABLED": "0"},
        )
        if done.returncode:
            print(f"| {tool} | did not run: {done.stderr.strip().splitlines()[-1][:120]} |")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        speeds[tool] = size / found["cpu"]
        print(told(tool, texts, found["kept"], size, found["cpu"]), flush=True)
    others = [speed for name, speed in speeds.items() if not name.startswith("hanbok")]
    if others:
        print(
            f"\ncompiled {speeds['hanbok, compiled'] / max(others):.1f} times the best other tool,", end=" "
        )
        print(f"numpy {speeds['hanbok, numpy'] / max(others):.1f} times")


def curated(path: Path, workers: int, off: tuple[str, ...]) -> float:
    """Seconds of CPU of a whole run, from the file to the corpus."""
    with tempfile.TemporaryDirectory() as folder:
        start = spent()
        assert kept(path, workers, off, Path(folder)) > 0
        return spent() - start


def kept(path: Path, workers: int, off: tuple[str, ...], folder: Path) -> int:
    """Curate a file and return how many rows stay."""
    stage = Curate(replace(PLAN, sources=(source(path),), **dict.fromkeys(off)), workers=workers)
    stage.labour(folder, Quiet())
    return sum(one["out"]["rows"] for one in lines(folder) if one["phase"] == "1-pass")


def whole(name: str, path: Path, size: float) -> None:
    curated(path, 1, ())
    print(f"{name}, {size:.1f} MB, a whole run:", flush=True)
    for steps, off in (("all steps", ()), ("without personal data", ("personal",)), ("copies alone", STEPS)):
        took = min(curated(path, 1, off) for _ in range(ROUNDS))
        print(f"- {steps}: {took:.2f} CPU s, {size / took:.1f} MB/CPU-s", flush=True)


def lines_of(data: Path, path: Path, count: int) -> float:
    """Write pages of lines drawn from petitions and statutes, full of numbers; return their megabytes."""
    rows = map(json.loads, (data / "curation/raw_ko.jsonl").read_text(encoding="utf-8").splitlines())
    drawn = [
        line
        for row in rows
        if row["source"] != "nsmc-raw"
        for line in row["text"].split("\n")
        if line.strip()
    ]
    draw, size = random.Random(2026), 0
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            page: list[str] = []
            while sum(map(len, page)) < _PAGE:
                page.append(draw.choice(drawn))
            size += len("\n".join(page).encode())
            file.write(
                json.dumps({"id": f"{number:07d}", "text": "\n".join(page)}, ensure_ascii=False) + "\n"
            )
    return size / 1e6


@dataclass(frozen=True)
class Metered:
    """A labour that writes down what its tasks cost: the phase, this process's CPU before and after, the clock, and
    the CPU of the process that this one was forked from.
    """

    labour: Labour
    folder: Path

    def __call__(self, task: int) -> None:
        before = time.process_time()
        self.labour(task)
        told = (self.labour.phase.name, before, time.process_time(), time.time(), _cpu_of(os.getppid()))
        with (self.folder / str(os.getpid())).open("a") as file:
            file.write(json.dumps(told) + "\n")

    def done(self, task: int) -> bool:
        return self.labour.done(task)


@dataclass(frozen=True)
class Meter:
    """A runner that has its tasks metered."""

    runner: Runner
    folder: Path

    def run(self, labour: Labour, tasks: Sequence[int], heard: Callable[[int], None]) -> None:
        self.runner.run(Metered(labour, self.folder), tasks, heard)

    def close(self) -> None:
        self.runner.close()


def _cpu_of(process: int) -> float:
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def needed(path: str, workers: int) -> tuple[float, float, float]:
    """Return for a run: seconds by the clock; seconds that it would take if each worker had a core to itself, which
    are the CPU seconds of this process, of the server that workers are forked from, of a worker's start, and of the
    phases, whose tasks go to whoever is free first; and all CPU seconds.
    """
    plan = replace(PLAN, sources=(source(path),))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as told:
        start, own = time.perf_counter(), time.process_time()
        work(Path(folder), Curation(plan), Meter(Processes(workers=workers), Path(told)), Quiet())
        clock, own = time.perf_counter() - start, time.process_time() - own
        lines = {one.name: [json.loads(line) for line in one.open()] for one in Path(told).iterdir()}
    lines.pop(str(os.getpid()), None)
    phases: dict[str, list[float]] = {}
    for phase, before, after, _, _ in sorted(
        (one for some in lines.values() for one in some), key=itemgetter(3)
    ):
        phases.setdefault(phase, []).append(after - before)
    begun = [tasks[0][1] for tasks in lines.values()]
    server = max((tasks[-1][4] for tasks in lines.values()), default=0.0)
    alone = own + server + max(begun, default=0.0) + sum(_shared(tasks, workers) for tasks in phases.values())
    return clock, alone, own + server + sum(begun) + sum(map(sum, phases.values()))


def _shared(tasks: list[float], workers: int) -> float:
    """Return how long tasks take that go one by one to whoever is free first."""
    free = [0.0] * workers
    for one in tasks:
        heapreplace(free, free[0] + one)
    return max(free)


def second_core(path: Path, size: float) -> None:
    """What a second worker brings, each run in a fresh process: by the clock, beside what a second core could bring
    right then (two processes that only count, against one), and by the CPU seconds that must follow one another.
    """
    attainable = timed(lambda: counted(1)) * 2 / timed(lambda: counted(2))
    runs = {workers: _apart("needed", str(path), workers) for workers in (1, 2)}
    attainable = (attainable + 2 * timed(lambda: counted(1)) / timed(lambda: counted(2))) / 2
    for workers, (clock, following, spent) in runs.items():
        print(
            f"{workers} worker{'s' * (workers > 1)}, {size:.0f} MB: {clock:.1f} s by the clock, {spent:.1f} CPU s, "
            f"which {workers} cores with nothing else to do had done in {following:.1f}"
        )
    (one, alone, _), (two, following, _) = runs[1], runs[2]
    print(
        f"two workers are {one / two:.2f} times as fast by the clock, start of the processes included, where two "
        f"processes that only count are {attainable:.2f} times, at a load of {os.getloadavg()[0]:.1f}"
    )
    print(f"by CPU seconds alone: {alone / following:.2f} times", flush=True)


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def counted(processes: int) -> None:
    program = [sys.executable, "-c", "for _ in range(60_000_000): pass"]
    for one in [subprocess.Popen(program) for _ in range(processes)]:
        one.wait()


def _apart(name: str, *given: object) -> list[float]:
    """Call a function of this file in a process of its own, whose libraries use one thread."""
    program = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import curation\n"
        "print(json.dumps(getattr(curation, sys.argv[2])(*json.loads(sys.argv[3]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, HERE, name, json.dumps(given)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS"), "1")},
    )
    return json.loads(done.stdout)


def memory(path: Path) -> None:
    """Peak memory of a process that curates a file once and four times over."""
    (few, small), (many, large) = (_apart("peak", str(path), times) for times in (1, 4))
    print(f"memory: {small / 1e6:.0f} MB for {few} documents, {large / 1e6:.0f} MB for {many};", end=" ")
    print(
        f"{(large - small) / (many - few):.0f} bytes a document; bar: 300 MB and 1 KB a document", flush=True
    )


def limited(path: Path) -> None:
    """Curate a file with a third of its bytes as the limit of all memory, in a control group (which takes root)."""
    limit = path.stat().st_size // 3
    if limit < _LEAST:
        print(f"under a limit: not run, a third of {3 * limit / 1e6:.0f} MB is too little; --pages 70000")
        return
    old, new = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    group, name = (old, "memory.limit_in_bytes") if old.is_dir() else (new, "memory.max")
    group /= f"hanbok-{os.getpid()}"
    group.mkdir()
    try:
        (group / name).write_text(str(limit))
        rows, most = _apart("confined", str(path), str(group))
    finally:
        group.rmdir()
    print(f"under a limit of {limit / 1e6:.0f} MB, {3 * limit / 1e6:.0f} MB: {rows} rows kept,", end=" ")
    print(f"{most / 1e6:.0f} MB resident at most")


def confined(path: str, group: str) -> tuple[int, int]:
    (Path(group) / "cgroup.procs").write_text(str(os.getpid()))
    with tempfile.TemporaryDirectory() as folder:
        return kept(Path(path), 1, (), Path(folder)), _peak()


def peak(path: str, times: int) -> tuple[int, int]:
    """Return how many documents a file of so many copies of this one has, and the bytes that curating it took."""
    with tempfile.TemporaryDirectory() as folder:
        many, count = Path(folder) / "many.jsonl", 0
        with many.open("w", encoding="utf-8") as file:
            for number in range(times):
                with Path(path).open(encoding="utf-8") as once:
                    for line in once:
                        file.write(line.replace('{"id": "', f'{{"id": "{number}-', 1))
                        count += 1
        curated(many, 1, ())
    return count, _peak()


def _peak() -> int:
    """Return the most bytes that this process held; not ru_maxrss, which is taken over from who forked it."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) << 10


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--count", type=int, default=6000, help="planted documents")
    arguments.add_argument("--pages", type=int, default=10_000, help="pages of real lines, 12 KB each")
    arguments.add_argument("--peers", default="")
    arguments.add_argument("--data", type=Path, default=HERE.parent.parent / "shared/data")
    arguments.add_argument("--only", choices=("copies", "whole", "cores", "memory"))
    given = arguments.parse_args()
    asked = {given.only} if given.only else {"copies", "whole", "cores", "memory"}
    texts = list(planted(given.count, 2026))
    size = sum(len(one.text.encode()) for one in texts) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        path, pages = Path(folder) / "planted.jsonl", Path(folder) / "pages.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(
                json.dumps({"id": one.id, "text": one.text}, ensure_ascii=False) + "\n" for one in texts
            )
        print(
            f"{given.count} documents, {size:.1f} MB of text, {sum(bool(one.of) for one in texts)} copies; "
            f"load {os.getloadavg()[0]:.1f}\n"
        )
        drawn = lines_of(given.data, pages, given.pages) if given.data.is_dir() else 0.0
        if "copies" in asked:
            copies(texts, path, Path(folder), size, given.peers)
            print()
        if "whole" in asked:
            whole("planted documents", path, size)
            if drawn:
                whole("pages of real lines", pages, drawn)
        if "cores" in asked:
            second_core(*((pages, drawn) if drawn else (path, size)))
        if "memory" in asked:
            memory(path)
            if drawn:
                limited(pages)


if __name__ == "__main__":
    main()
