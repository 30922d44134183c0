"""What a worker holds of the machine's memory over very many requests, and what they leave on disk.

    python benchmarks/gateway/memory.py [--requests 1000000] [--every 50000] [--at-once 16] [--workers 1]

Needs what `run.py` needs. After every so many requests: resident memory (RSS; PSS, which counts shared pages once), the
part of it that is no file's, the log and the rest of the state folder. Flat is what does not grow over the second half.
Every request is another text, so that nothing that is kept by text can hide.
"""

import argparse
import os
import random
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from target import Target, tree

from run import body, check, load, need_programs, server, stand_in

_KINDS = ("Rss", "Pss", "Anonymous")
_MIB = 1024 * 1024
_WORDS = 50_000
_SYLLABLES = [chr(one) for one in range(ord("가"), ord("힣") + 1)]


@dataclass(frozen=True, kw_only=True)
class Sample:
    requests: int
    memory: dict[str, float]
    log: float
    rest: float

    def line(self) -> str:
        memory = "".join(f"{self.memory[kind]:10.1f}" for kind in _KINDS)
        return f"{self.requests:10,}{memory}{self.log:10.1f}{self.rest:10.1f}"


def sample(requests: int, root: int, state: Path) -> Sample:
    """Measure a tree of processes and its state folder, in MiB."""
    memory = dict.fromkeys(_KINDS, 0.0)
    for pid in tree(root):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            kind, _, value = line.partition(":")
            if kind in memory:
                memory[kind] += int(value.split()[0]) / 1024
    log = sum(one.stat().st_size for one in (state / "evidence").rglob("*") if one.is_file()) / _MIB
    whole = sum(one.stat().st_size for one in state.rglob("*") if one.is_file()) / _MIB
    return Sample(requests=requests, memory=memory, log=log, rest=whole - log)


def slope(samples: list[Sample], kind: str) -> float:
    """Return by how many bytes a request it grows over the second half, by least squares."""
    half = samples[len(samples) // 2 :]
    if len(half) < 2:
        return 0.0
    line = statistics.linear_regression(
        [one.requests for one in half], [one.memory[kind] * _MIB for one in half]
    )
    return line.slope


def words(file: Path) -> None:
    """Write words to draw from; most mean nothing."""
    draw = random.Random(7)
    file.write_text(
        "".join(f"{''.join(draw.choices(_SYLLABLES, k=draw.randint(2, 4)))}\n" for _ in range(_WORDS))
    )


def send(target: Target, requests: int, at_once: int) -> tuple[int, int]:
    """Send at least so many; return how many were answered, and how many of these badly."""
    answered, bad, seconds = 0, 0, 2
    while answered < requests:
        said = load(target, body(1024, "@words@ "), at_once, seconds)
        answered += int(said["requests"])
        bad += int(said["bad"])
        seconds = max(1, min(60, round((requests - answered) / max(said["rate"], 1))))
    return answered, bad


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=1_000_000)
    options.add_argument("--every", type=int, default=50_000)
    options.add_argument("--at-once", type=int, default=16)
    options.add_argument("--workers", type=int, default=1)
    return options


def main() -> None:
    options = parser().parse_args()
    need_programs()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        _, port = stand_in(stack, folder)
        hanbok = stack.enter_context(server(folder / "server", port, workers=options.workers))
        words(folder / "words")
        os.environ["BENCH_WORDS"] = str(folder / "words")
        target = Target(name="hanbok", url=hanbok.api, pid=hanbok.process.pid, key=hanbok.key)
        check(target)
        state = folder / "server" / "state"
        print("  requests" + "".join(f"{name:>10}" for name in (*_KINDS, "log", "rest")) + "  MiB")
        samples = [sample(1, hanbok.process.pid, state)]
        print(samples[0].line(), flush=True)
        failed = 0
        while samples[-1].requests < options.requests:
            answered, bad = send(target, options.every, options.at_once)
            failed += bad
            samples.append(sample(samples[-1].requests + answered, hanbok.process.pid, state))
            print(samples[-1].line(), flush=True)
        growth = ", ".join(f"{kind} {slope(samples, kind):+.2f}" for kind in _KINDS)
        print(f"Second half, bytes a request: {growth}. Bad answers: {failed}")


if __name__ == "__main__":
    main()
