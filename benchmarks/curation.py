"""Curation: near-copies against other tools, a whole run, its memory, and what a second core brings.

CPU time of the whole process (and its children), the best of a few rounds, all in one run. The corpus is seeded, made
on the spot, with copies planted in it. Other tools are measured where their environment is given:

    python -m venv PEERS && PEERS/bin/pip install daft datasketch rensa
    .venv/bin/python benchmarks/curation.py [--count 6000] [--peers PEERS/bin/python]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from hanbok.core.values import Text
from hanbok.studio.curate.dedup import plain, signatures
from hanbok.studio.curate.dedup.copies import Copies
from hanbok.studio.curate.job import lines
from hanbok.studio.curate.plan import Curate, CuratePlan
from hanbok.studio.curate.reader import Source
from hanbok.studio.curate.shards import put_array, put_table
from hanbok.studio.curate.sweep import Shelf
from hanbok.testing.planted import KIN, Planted, planted

HERE = Path(__file__).parent
STEPS = ("normalise", "language", "boilerplate", "filters", "sensitive", "personal")
ROUNDS = 3


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
    source = Source(name="planted", path=str(path), licence="CC0-1.0")
    plan = CuratePlan(sources=(source,), shard_mb=8, **dict.fromkeys(off))
    with tempfile.TemporaryDirectory() as folder:
        stage = Curate(plan, workers=workers)
        start = spent()
        stage.labour(Path(folder), Quiet())
        took = spent() - start
        assert sum(one["out"]["rows"] for one in lines(Path(folder)) if one["phase"] == "1-pass") > 0
    return took


def whole(path: Path, size: float) -> None:
    curated(path, 1, ())
    for name, off in (("all steps", ()), ("without personal data", ("personal",)), ("copies alone", STEPS)):
        took = min(curated(path, 1, off) for _ in range(2))
        print(f"whole run, {name}: {took:.2f} CPU s, {size / took:.1f} MB/CPU-s", flush=True)


def second_core(path: Path) -> None:
    """What a second worker brings by the clock, beside what a second core could bring right then: two processes that
    only count, against one.
    """
    alone = timed(lambda: counted(1))
    attainable = 2 * alone / timed(lambda: counted(2))
    one, two = (timed(lambda workers=workers: curated(path, workers, ())) for workers in (1, 2))
    attainable = (attainable + 2 * timed(lambda: counted(1)) / timed(lambda: counted(2))) / 2
    print(
        f"two workers: {one / two:.2f} times as fast by the clock, start of the processes included;", end=" "
    )
    print(f"two processes that only count: {attainable:.2f} times, at a load of {os.getloadavg()[0]:.1f}")


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def counted(processes: int) -> None:
    program = [sys.executable, "-c", "for _ in range(60_000_000): pass"]
    for one in [subprocess.Popen(program) for _ in range(processes)]:
        one.wait()


def memory(path: Path) -> None:
    """Peak memory of a process that curates a file once and four times over."""
    program = "import sys; sys.path.insert(0, sys.argv[1]); import curation; curation.peak(*sys.argv[2:])"
    peaks = []
    for times in (1, 4):
        done = subprocess.run(
            [sys.executable, "-c", program, HERE, path, str(times)],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append([int(one) for one in done.stdout.split()])
    (few, small), (many, large) = peaks
    print(f"memory: {small >> 10} MB for {few} documents, {large >> 10} MB for {many};", end=" ")
    print(f"{(large - small) * 1024 / (many - few):.0f} bytes a document")


def peak(path: str, times: str) -> None:
    content = Path(path).read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        many = Path(folder) / "many.jsonl"
        with many.open("w", encoding="utf-8") as file:
            for number in range(int(times)):
                file.writelines(line.replace('{"id": "', f'{{"id": "{number}-', 1) + "\n" for line in content)
        count = len(content) * int(times)
        del content
        curated(many, 1, STEPS)
    print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--count", type=int, default=6000)
    arguments.add_argument("--peers", default="")
    given = arguments.parse_args()
    texts = list(planted(given.count, 2026))
    size = sum(len(one.text.encode()) for one in texts) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "planted.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(
                json.dumps({"id": one.id, "text": one.text}, ensure_ascii=False) + "\n" for one in texts
            )
        print(
            f"{given.count} documents, {size:.1f} MB of text, {sum(bool(one.of) for one in texts)} copies\n"
        )
        copies(texts, path, Path(folder), size, given.peers)
        print()
        whole(path, size)
        second_core(path)
        memory(path)


if __name__ == "__main__":
    main()
