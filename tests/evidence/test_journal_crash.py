"""kill -9 of a real writer at random moments: everything acknowledged is there, and the log verifies."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from hanbok.evidence.entry import Act
from hanbok.evidence.journal import Journal
from hanbok.evidence.verify import verify

WRITER = dedent("""
    import asyncio, os, pathlib, sys
    from hanbok.evidence.entry import Act
    from hanbok.evidence.journal import Journal

    async def client(journal, name):
        turn = 0
        while True:
            record = await journal.append(Act(at="", actor="a" * 300, verb="write", object=f"{name}.{turn}"))
            os.write(1, f"{record.index} {record.digest}\\n".encode())
            journal.post(Act(at="", actor="a", verb="post", object=f"{name}.{turn}"))
            turn += 1

    async def main():
        journal = Journal.open(pathlib.Path(sys.argv[1]), segment_bytes=20_000)
        if sys.argv[2] == "loop":
            journal.attach()
        os.write(1, b"open\\n")
        await asyncio.gather(*(client(journal, name) for name in range(8)))

    asyncio.run(main())
""")


@pytest.mark.parametrize("by", ["thread", "loop"])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path, by: str) -> None:
    moments = random.Random(2)
    log = tmp_path / "log"
    acknowledged: dict[int, str] = {}
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITER, log, by], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"open\n"
            time.sleep(moments.uniform(0, 0.12))
            writer.send_signal(signal.SIGKILL)
            said = writer.stdout.read().decode().splitlines(keepends=True)
        for one in said:
            if one.endswith("\n"):
                index, digest = one.split()
                acknowledged[int(index)] = digest
        assert verify(log).ok
    journal = Journal.open(log)
    journal.close()
    stored = {record.index: record.digest for record in journal.read()}
    assert len(acknowledged) > 50
    assert acknowledged.items() <= stored.items()
    recoveries = [r for r in journal.read() if isinstance(r.entry, Act) and r.entry.verb == "recover"]
    assert len(recoveries) == len(list(log.glob("*.torn")))
