"""A copy of a log's folder beside a database that both reach: whoever comes second is noticed."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from evidence.logs import act, write
from hanbok.core.clock import stamp
from hanbok.evidence.claim import Claim
from hanbok.evidence.entry import Act
from hanbok.evidence.errors import MachineTwice
from hanbok.evidence.journal import Journal, Options
from hanbok.evidence.outbox import deliver, put
from hanbok.evidence.verify import verify
from hanbok.store.database import Store

SILENT = 0.3


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'db'}")
    yield store
    store.close()


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Journal, Journal]]:
    """A log and its copy."""
    write(tmp_path / "log", [act("one")])
    shutil.copytree(tmp_path / "log", tmp_path / "copy")
    both = Journal.open(tmp_path / "log"), Journal.open(tmp_path / "copy")
    yield both
    for one in both:
        with suppress(OSError):  # a test closed it
            one.close()


async def counting(claim: Claim) -> None:
    while True:
        await claim.beat()
        await asyncio.sleep(SILENT / 5)


async def test_a_copy_does_not_begin_while_the_first_one_counts(store: Store, both) -> None:
    first, copy = (Claim(store, one, silent=SILENT) for one in both)
    await first.take()
    going = asyncio.create_task(counting(first))
    with pytest.raises(MachineTwice):
        await copy.take()
    assert not first.lost
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    await copy.take()  # it is silent now: killed, and moved elsewhere
    with pytest.raises(MachineTwice):
        await first.beat()
    assert first.lost
    await first.give_back()  # which is not its own
    await copy.beat()
    await copy.give_back()
    await first.beat()
    assert not first.lost


async def test_one_that_stopped_or_was_killed_begins_again_at_once(store: Store, both) -> None:
    first, moved = (Claim(store, one, silent=3600) for one in both)
    await first.take()
    again = Claim(store, both[0], silent=3600)  # after a kill
    await again.take()
    with pytest.raises(MachineTwice):  # a machine that was cloned whole has even the place in common
        await first.beat()
    await again.give_back()
    await moved.take()


async def test_a_copy_takes_no_acts_that_the_first_one_is_to_write(
    store: Store, both, tmp_path: Path
) -> None:
    claim = Claim(store, both[0])
    await claim.take()
    with store.write() as connection:
        put(connection, Act(at=stamp(), actor="t", verb="key.create", object="k"))
    both[1].close()
    assert await deliver(store, tmp_path / "copy", Options()) is None
    both[0].close()
    assert await deliver(store, tmp_path / "log", Options()) == 1
    assert verify(tmp_path / "log").ok
