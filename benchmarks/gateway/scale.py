"""What another worker adds, when there is a core for it: requests a second of one worker and of several.

    python benchmarks/gateway/scale.py [--workers 2] [--share 0.2] [--at-once 64] [--seconds 4] [--rounds 5]

Needs what `run.py` needs, and the right to make control groups (cgroups 1 or 2). Load and model want a core of their
own, which a small machine has not beside several workers: so each process of hanbok, workers and keeper alike, is held
to a share of one core, by a group of its own, and the rest is the load's. The process that only watches the others is
not held.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from target import Target, cpu, tree

from hanbok.testing.running import RunningHanbok
from run import body, check, load, need_programs, server, stand_in

_ROOT = Path("/sys/fs/cgroup")
_PERIOD = 10_000
"""Microseconds in which a process may use its share: short, so that it is not stopped for long."""


@contextmanager
def held(pid: int, share: float) -> Iterator[None]:
    """Hold a process to this share of one core."""
    older = (_ROOT / "cpu").is_dir()
    group = (_ROOT / "cpu" if older else _ROOT) / f"hanbok-bench-{pid}"
    quota = int(share * _PERIOD)
    group.mkdir()
    try:
        if older:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        (group.parent / "cgroup.procs").write_text(str(pid))
        group.rmdir()


def working(hanbok: RunningHanbok) -> list[int]:
    """Return the processes that take part in answering."""
    root = hanbok.process.pid
    return sorted(tree(root) - {root}) or [root]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--share", type=float, default=0.2)
    options.add_argument("--at-once", type=int, default=64)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--rounds", type=int, default=5)
    return options


def main() -> None:
    options = parser().parse_args()
    need_programs()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        _, port = stand_in(stack, folder)
        rates: dict[int, list[float]] = {}
        doors: dict[int, tuple[Target, list[int]]] = {}
        for workers in (1, options.workers):
            one = stack.enter_context(server(folder / str(workers), port, workers=workers))
            doors[workers] = (Target(name="", url=one.api, pid=one.process.pid, key=one.key), working(one))
            check(doors[workers][0])
            for pid in doors[workers][1]:
                try:
                    stack.enter_context(held(pid, options.share))
                except OSError as error:
                    sys.exit(f"no control group can be made here: {error}")
        for _ in range(options.rounds):
            for workers, (target, processes) in doors.items():
                before = [cpu(pid) for pid in processes]
                said = load(target, body(1024), options.at_once, options.seconds)
                used = [
                    (cpu(pid) - was) / options.seconds for pid, was in zip(processes, before, strict=True)
                ]
                rates.setdefault(workers, []).append(said["rate"])
                cores = ", ".join(f"{share:.2f}" for share in used)
                print(
                    f"{workers} workers: {said['rate']:6.0f} requests/s, bad {said['bad']:.0f}, cores {cores}"
                )
        one, more = (statistics.median(found) for found in rates.values())
        print(f"median: {one:.0f} and {more:.0f} requests/s, {more / one:.2f} times")


if __name__ == "__main__":
    main()
