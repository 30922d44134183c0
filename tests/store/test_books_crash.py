"""kill -9 of a process that holds, writes, settles and flushes: the next start makes every sum agree."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import select

from hanbok.core.clock import now
from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.journal import Journal
from hanbok.evidence.verify import verify
from hanbok.policy.books import Books
from hanbok.policy.key import Limits
from hanbok.store.database import Store
from hanbok.store.tables import spend

SERVER = dedent("""
    import asyncio, os, pathlib, random, sys
    from hanbok.core.clock import now, stamp
    from hanbok.core.values import Principal
    from hanbok.evidence.entry import Intent, Outcome
    from hanbok.evidence.journal import Journal
    from hanbok.policy.books import Books
    from hanbok.policy.key import Key, Limits
    from hanbok.store.database import Store

    async def client(journal, ledger, name):
        who = Principal(organisation="o", key=name)
        key = Key(id=name, digest="", principal=who)
        while True:
            call = f"{os.getpid()}-{random.random()}"
            held = ledger.reserve(key, random.randrange(1000), now())
            await journal.append(Intent(at=stamp(), call=call, organisation="o", key=name, route="",
                                        model="", grade="O", digest="", plan=(), policy="", reserved=held.amount))
            await asyncio.sleep(random.random() / 100)
            cost = random.randrange(held.amount + 1)
            journal.post(Outcome(at=stamp(), call=call, status="completed", organisation="o", key=name, cost=cost))
            ledger.settle(held, cost)

    async def flusher(books):
        while True:
            await asyncio.to_thread(books.flush)
            await asyncio.sleep(0.005)

    async def main():
        store, journal = Store.open(sys.argv[1]), Journal.open(pathlib.Path(sys.argv[2]), segment_bytes=50_000)
        books = await Books.open(store, journal, lambda _: Limits())
        print("open", flush=True)
        await asyncio.gather(flusher(books), *(client(journal, books.ledger, f"k{n % 3}") for n in range(12)))

    asyncio.run(main())
""")


@pytest.mark.slow
def test_sums_agree_after_every_kill(tmp_path: Path) -> None:
    url, log = f"sqlite:///{tmp_path}/hanbok.db", tmp_path / "log"
    moments = random.Random(5)
    crashed = 0
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", SERVER, url, log], stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"open\n"
            time.sleep(moments.uniform(0, 0.3))
            server.send_signal(signal.SIGKILL)
        crashed += asyncio.run(check(url, log))
    assert crashed > 5


async def check(url: str, log: Path) -> int:
    """Start as the server would and compare all sums; return how many calls were settled as crashed."""
    assert verify(log).ok
    store, journal = Store.open(url), Journal.open(log)
    books = await Books.open(store, journal, lambda _: Limits())
    entries = [record.entry for record in journal.read()]
    reserved = {entry.call: entry.reserved for entry in entries if isinstance(entry, Intent)}
    outcomes = [entry for entry in entries if isinstance(entry, Outcome)]
    assert Counter(entry.call for entry in outcomes) == Counter(list(reserved))
    crashed = [entry for entry in outcomes if entry.status == "crashed"]
    assert all(entry.cost == reserved[entry.call] for entry in crashed)
    logged: Counter[str] = Counter()
    for entry in outcomes:
        logged[entry.key] += entry.cost
    with store.read() as connection:
        rows = connection.execute(select(spend)).all()
    table: Counter[str] = Counter()
    for row in rows:
        table[row.key] += row.won
    assert table == logged
    assert sum(row.calls for row in rows) == len(outcomes)
    assert {name: books.ledger.spent(f"key:{name}", now())[1] for name in logged} == dict(logged)
    journal.close()
    store.close()
    return len(crashed)
