"""What an append costs: CPU per entry (all threads), latency and rate, at several numbers of waiting requests.

.venv/bin/python benchmarks/evidence_append.py [--directory DIR] [--entries 20000]
"""

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from pathlib import Path

import uvloop

from hanbok.core.clock import stamp
from hanbok.evidence.entry import Hop, Intent, Outcome
from hanbok.evidence.journal import Journal
from hanbok.evidence.verify import verify


def intent(call: str) -> Intent:
    hop = Hop(
        endpoint="azure",
        model="gpt-5",
        country="US",
        zone="foreign",
        operator="Microsoft",
        form="pseudonymised",
    )
    return Intent(
        at=stamp(),
        call=call,
        organisation="default",
        key="key_01",
        origin="127.0.0.1",
        route="/v1/chat/completions",
        model="gpt-5",
        grade="S",
        findings={"PHONE": 1},
        digest="0" * 64,
        plan=(hop,),
        policy="0" * 64,
        reserved=1_000_000,
    )


def outcome(call: str) -> Outcome:
    return Outcome(
        at=stamp(), call=call, status="completed", organisation="default", key="key_01", endpoint="azure",
        model="gpt-5", form="pseudonymised", input=30, output=120, cost=130_000, sent="0" * 64, received="0" * 64,
        steps={"guard": "ran"},
    )  # fmt: skip


async def client(journal: Journal, number: int, calls: int, waits: list[float]) -> None:
    for turn in range(calls):
        call = f"call-{number}-{turn}"
        before = time.perf_counter()
        await journal.append(intent(call))
        waits.append(time.perf_counter() - before)
        journal.post(outcome(call))


async def run(directory: Path, clients: int, entries: int) -> None:
    journal = Journal.open(directory)
    waits: list[float] = []
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(client(journal, n, entries // clients, waits) for n in range(clients)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    journal.close()
    assert verify(directory).ok
    waits.sort()
    print(
        f"{clients:>7} {len(waits) / wall:>9.0f} {cpu / len(waits) * 1e6:>21.1f}"
        f" {waits[len(waits) // 2] * 1e3:>8.2f} {waits[len(waits) * 99 // 100] * 1e3:>8.2f}"
    )


def encoding_only(entries: int) -> float:
    before = time.process_time()
    for number in range(entries):
        intent(f"call-{number}")
        outcome(f"call-{number}")
    return (time.process_time() - before) / entries * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to measure")
    parser.add_argument("--entries", type=int, default=20_000)
    arguments = parser.parse_args()
    print(
        f"{os.cpu_count()} cores; making the two entries alone: {encoding_only(arguments.entries):.1f} us CPU a call"
    )
    print("clients   calls/s  CPU us (intent+outcome)   p50 ms   p99 ms")
    for clients in (1, 4, 16, 64):
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(dir=arguments.directory))
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(run(Path(directory), clients, min(arguments.entries, 1000 * clients)))


if __name__ == "__main__":
    main()
