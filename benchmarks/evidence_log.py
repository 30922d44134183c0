"""What the evidence log costs a gateway: CPU of all threads for the two entries of a call, beside the same calls with
no log; and how many entries a second a machine takes while it proves others.

.venv/bin/python benchmarks/evidence_log.py [--directory DIR] [--calls 6000] [--work 400]
"""

import argparse
import asyncio
import contextlib
import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import uvloop

from evidence_append import intent, outcome
from hanbok.evidence.archive import Archive
from hanbok.evidence.entry import AnyEntry
from hanbok.evidence.journal import Journal
from hanbok.evidence.keychain import read_keys
from hanbok.evidence.log import Record
from hanbok.evidence.verify import verify


class NoLog:
    """Takes entries and forgets them."""

    async def append(self, entry: AnyEntry) -> Record:
        return Record(index=0, digest="", entry=entry)

    def post(self, entry: AnyEntry) -> None: ...


def work(micros: int) -> None:
    """Do so much as the rest of a call does: a fixed amount, as clocks cost system calls."""
    things: dict[int, str] = {}
    for number in range(micros * 4):
        things[number & 63] = str(number)


async def client(log: Journal | NoLog, number: int, calls: int, micros: int, waits: list[float]) -> None:
    moments = Random(number)
    for turn in range(calls):
        call = f"call-{number}-{turn}"
        work(micros // 2)
        before = time.perf_counter()
        await log.append(intent(call))
        waits.append(time.perf_counter() - before)
        await asyncio.sleep(moments.uniform(0.001, 0.02))  # the model answers
        work(micros // 2)
        log.post(outcome(call))


async def load(
    log: Journal | NoLog, clients: int, calls: int, micros: int
) -> tuple[float, float, list[float]]:
    waits: list[float] = []
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(client(log, n, calls // clients, micros, waits) for n in range(clients)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / len(waits) * 1e6, len(waits) / wall, sorted(waits)


def measured(folder: Path | None, clients: int, calls: int, micros: int) -> None:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            bare, _, _ = runner.run(load(NoLog(), clients, calls, micros))
            journal = Journal.open(directory)
            full, rate, waits = runner.run(load(journal, clients, calls, micros))
            again, _, _ = runner.run(load(NoLog(), clients, calls, micros))
            journal.close()
        assert verify(directory).ok
    print(
        f"{clients:>7} {rate:>9.0f} {full - min(bare, again):>21.1f}"
        f" {waits[len(waits) // 2] * 1e3:>8.2f} {waits[len(waits) * 99 // 100] * 1e3:>8.2f}"
    )


async def steady(journal: Journal, calls_per_second: int, seconds: int) -> None:
    """Write two entries a call at a steady rate."""
    until = asyncio.get_running_loop().time()
    for turn in range(calls_per_second * seconds // 20):
        until += 20 / calls_per_second
        await asyncio.gather(*(journal.append(intent(f"call-{turn}-{n}")) for n in range(20)))
        for n in range(20):
            journal.post(outcome(f"call-{turn}-{n}"))
        await asyncio.sleep(max(until - asyncio.get_running_loop().time(), 0))


def prove(directory: Path, done: threading.Event) -> int:
    """Prove entries by chance, and check each proof, until told to stop."""
    chance, proofs = Random(1), 0
    keys = read_keys(directory)
    while not done.is_set():
        archive = Archive(directory)
        if archive.signed:
            index = chance.randrange(archive.signed)
            archive.proof(index).check(*keys, entry=archive.entry(index))
            proofs += 1
        done.wait(0.01)
    return proofs


def steadily(folder: Path | None, seconds: int = 10) -> None:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        journal = Journal.open(directory)
        done = threading.Event()
        pool = stack.enter_context(ThreadPoolExecutor(1))
        proving = pool.submit(prove, directory, done)
        cpu, wall = time.process_time(), time.perf_counter()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(steady(journal, 1000, seconds))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        done.set()
        proofs, size = proving.result(), journal.size
        journal.close()
        assert verify(directory).ok
    print(
        f"{size / wall:.0f} entries/s with {proofs / wall:.0f} proofs/s: {cpu / wall * 100:.0f} % of one core"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to measure")
    parser.add_argument("--calls", type=int, default=6000)
    parser.add_argument("--work", type=int, default=400, help="us of CPU that the rest of a call takes")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores; {arguments.work} us of other work in a call")
    print("clients   calls/s  CPU us (intent+outcome)   p50 ms   p99 ms of an append")
    for clients in (1, 4, 16, 64):
        measured(arguments.directory, clients, min(arguments.calls, 200 * clients), arguments.work)
    steadily(arguments.directory)


if __name__ == "__main__":
    main()
