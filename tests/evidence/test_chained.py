"""A folder of the log's older form is verified and taken over; a damaged one is not touched."""

import asyncio
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from hanbok.evidence import chained
from hanbok.evidence.chained import chain_of, migrate
from hanbok.evidence.entry import Act
from hanbok.evidence.errors import LogBroken
from hanbok.evidence.journal import Journal
from hanbok.evidence.segments import lines
from hanbok.evidence.verify import verify
from hanbok.policy.books import Books
from hanbok.policy.key import Limits
from hanbok.store.database import Store
from hanbok.store.tables import marks

ENTRY = (
    '{"entry":"outcome","at":"2026-11-22T00:00:00.000000+00:00","call":"%d","status":"completed",'
    '"organisation":"o","key":"k","cost":5}'
)


def chain(folder: Path, counts: tuple[int, ...]) -> list[str]:
    """Write a chain as the older form did, so many lines in each segment; return the digests."""
    folder.mkdir()
    digests = ["0" * 64]
    for count in counts:
        index = len(digests) - 1
        with (folder / f"{index:012d}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(index, index + count):
                body = f'{{"index":{number},"previous":"{digests[-1]}","entry":{ENTRY % number}'
                digests.append(sha256(body.encode()).hexdigest())
                file.write(f'{body},"digest":"{digests[-1]}"}}\n')
    return digests[1:]


def test_a_chain_becomes_the_start_of_a_merkle_log_and_its_digests_can_be_computed_again(
    tmp_path: Path,
) -> None:
    digests = chain(tmp_path / "log", (3, 4))
    journal = Journal.open(tmp_path / "log")
    records = list(journal.read())
    journal.close()
    assert [record.index for record in records] == list(range(8))
    act = records[7].entry
    assert isinstance(act, Act)
    assert (act.verb, act.facts) == ("migrate", {"first": digests[0], "head": digests[-1], "entries": "7"})
    entries = [line.entry for line in lines(tmp_path / "log", 0, 7)]
    assert entries == [(ENTRY % number).encode() for number in range(7)]
    assert list(chain_of(iter(entries))) == digests
    assert (verify(tmp_path / "log").ok, verify(tmp_path / "log").signed) == (True, 8)
    assert len(list((tmp_path / "log" / "chained").iterdir())) == 2
    again = Journal.open(tmp_path / "log")
    assert again.size == 8
    again.close()


def test_an_unfinished_last_line_is_left_out(tmp_path: Path) -> None:
    chain(tmp_path / "log", (2,))
    with (tmp_path / "log" / "000000000000.jsonl").open("ab") as file:
        file.write(b'{"index":2,"prev')
    journal = Journal.open(tmp_path / "log")
    assert journal.size == 3
    journal.close()


@pytest.mark.parametrize("old", [b'"cost":5', b'"index":1,', b'"previous":"0000', b'"}\n'])
def test_a_damaged_chain_stops_the_start_and_stays_as_it_is(tmp_path: Path, old: bytes) -> None:
    chain(tmp_path / "log", (2, 2))
    path = tmp_path / "log" / "000000000000.jsonl"
    whole = path.read_bytes()
    changed = whole.replace(
        old, old.replace(b"5", b"6").replace(b"1,", b"2,").replace(b"0000", b"0001").replace(b'"}', b'" ')
    )
    assert changed != whole
    path.write_bytes(changed)
    for _ in range(2):
        with pytest.raises(LogBroken) as caught:
            Journal.open(tmp_path / "log")
        assert caught.value.facts["file"] == path.name
        assert path.read_bytes() == changed


@pytest.mark.parametrize("step", ["rewritten", "half renamed", "all but the folder"])
def test_a_migration_that_was_cut_off_goes_on(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain(tmp_path / "log", (3, 4))

    def cut(swap: Callable[[Path], None], directory: Path) -> None:
        if step == "half renamed":
            (directory / "chained").mkdir()
            first = directory / "000000000000.jsonl"
            first.rename(directory / "chained" / first.name)
        elif step == "all but the folder":
            swap(directory)
            (directory / "migrated").mkdir()
        raise KeyboardInterrupt

    swap = chained._swap
    with monkeypatch.context() as patch:
        patch.setattr(chained, "_swap", lambda directory: cut(swap, directory))
        with pytest.raises(KeyboardInterrupt):
            migrate(tmp_path / "log")
    journal = Journal.open(tmp_path / "log")
    assert journal.size == 8
    journal.close()
    assert verify(tmp_path / "log").ok


async def test_what_was_spent_is_not_counted_twice(tmp_path: Path) -> None:
    digests = chain(tmp_path / "log", (4,))
    store = Store.open(f"sqlite:///{tmp_path / 'db'}")
    with store.write() as connection:  # as the books were left at the chain's third entry
        connection.execute(marks.insert().values(name=f"read {digests[0]}", value=3, note=digests[2]))
        connection.execute(marks.insert().values(name=f"open {digests[0]}", value=3))
    journal = await asyncio.to_thread(Journal.open, tmp_path / "log")
    books = await Books.open(store, journal, lambda _: Limits())
    assert books._reading.cursor == 5
    with store.read() as connection:
        won = connection.exec_driver_sql("select sum(won), sum(calls) from spend").one()
    assert tuple(won) == (5, 1)
    assert books.flush() == 0
    journal.close()
    store.close()
    shutil.rmtree(tmp_path / "log")
