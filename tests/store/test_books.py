"""The table of spending is the log's sum, whatever ends a run: a close, a kill, a flush that failed half-way."""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, insert, select

from hanbok.core.values import Principal
from hanbok.evidence.crashed import settle_crashed
from hanbok.evidence.entry import Hop, Intent, Outcome
from hanbok.evidence.errors import LogShortened
from hanbok.evidence.journal import Journal
from hanbok.evidence.postings import Posting
from hanbok.evidence.verify import verify
from hanbok.policy import books as books_module
from hanbok.policy.books import Books
from hanbok.policy.key import Key, Limits
from hanbok.policy.ledger import Reservation
from hanbok.policy.organisations import Register
from hanbok.store.database import Store
from hanbok.store.errors import StoreUnavailable
from hanbok.store.tables import spend

NOW = datetime(2026, 11, 22, 14, 59, tzinfo=UTC)
HOP = Hop(endpoint="home", model="m", country="KR", zone="home", operator="우리 기관", form="as_is")
Sums = dict[tuple[str, str], int]


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books_module, "now", lambda: NOW)


def no_limits(_: str) -> Limits:
    return Limits()


def key(name: str) -> Key:
    return Key(id=name, digest="", principal=Principal(organisation="o", key=name))


def intent(call: str, name: str, reserved: int, at: datetime = NOW) -> Intent:
    return Intent(
        at=at.isoformat(timespec="microseconds"),
        call=call,
        organisation="o",
        key=name,
        route="/v1/x",
        model="m",
        grade="O",
        digest="",
        plan=(HOP,),
        policy="",
        reserved=reserved,
    )


def outcome(call: str, name: str, cost: int, at: datetime = NOW) -> Outcome:
    return Outcome(
        at=at.isoformat(timespec="microseconds"),
        call=call,
        status="completed",
        organisation="o",
        key=name,
        cost=cost,
    )


def table(store: Store) -> Sums:
    with store.read() as connection:
        return {(row.key, row.day): row.won for row in connection.execute(select(spend)) if row.won}


def sums(journal: Journal) -> Sums:
    """What the log itself says, the long way round."""
    days: dict[str, str] = {}
    found: Counter[tuple[str, str]] = Counter()
    for record in journal.read():
        entry = record.entry
        moment = datetime.fromisoformat(entry.at) + timedelta(hours=9)
        if isinstance(entry, Intent):
            days[entry.call] = moment.strftime("%Y-%m-%d")
        elif isinstance(entry, Outcome):
            found[entry.key, days.get(entry.call, moment.strftime("%Y-%m-%d"))] += entry.cost
    return {line: cost for line, cost in found.items() if cost}


async def test_a_crashed_call_costs_what_was_held_for_it_once(store: Store, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log")
    await journal.append(intent("done", "a", 100))
    await journal.append(outcome("done", "a", 30))
    await journal.append(intent("lost", "a", 50))
    await journal.append(intent("lost too", "b", 7))
    journal.close()
    for _ in range(2):
        journal = Journal.open(tmp_path / "log")
        books = await Books.open(store, journal, no_limits)
        assert books.ledger.spent("key:a", NOW) == (80, 80)
        assert books.ledger.spent("organisation:o", NOW) == (87, 87)
        assert table(store) == sums(journal) == {("a", "2026-11-22"): 80, ("b", "2026-11-22"): 7}
        crashed = [
            r.entry for r in journal.read() if isinstance(r.entry, Outcome) and r.entry.status == "crashed"
        ]
        assert [(one.call, one.cost) for one in crashed] == [("lost", 50), ("lost too", 7)]
        assert await settle_crashed(journal) == []
        journal.close()


async def test_a_call_is_charged_to_the_day_on_which_it_began(store: Store, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log")
    await journal.append(intent("late", "a", 9, NOW))
    books = await Books.open(store, journal, no_limits)
    await journal.append(intent("next", "a", 9, NOW + timedelta(minutes=1)))
    await journal.append(outcome("next", "a", 4, NOW + timedelta(minutes=2)))
    await journal.append(outcome("unheard of", "a", 2, NOW + timedelta(minutes=2)))
    assert books.flush() == 3
    assert table(store) == sums(journal) == {("a", "2026-11-22"): 9, ("a", "2026-11-23"): 6}
    journal.close()


async def test_the_ledger_starts_with_this_months_spending_only(store: Store, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log")
    for days, cost in ((0, 1), (1, 10), (20, 100), (25, 1000), (400, 10000)):
        moment = NOW - timedelta(days=days)
        await journal.append(intent(str(days), "a", 0, moment))
        await journal.append(outcome(str(days), "a", cost, moment))
    books = await Books.open(store, journal, no_limits)
    assert books.ledger.spent("key:a", NOW) == (1, 111)
    journal.close()


async def test_spending_is_told_by_key_and_by_organisation(store: Store, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log")
    for name, days, cost in (("a", 0, 2**40), ("a", 1, 10), ("a", 60, 100), ("b", 0, 5)):
        await journal.append(outcome(f"{name} {days}", name, cost, NOW - timedelta(days=days)))
    await Books.open(store, journal, no_limits)
    register = Register(store)
    assert register.spending(NOW, "key") == {"a": (2**40, 2**40 + 10), "b": (5, 5)}
    assert register.spending(NOW, "organisation") == {"o": (2**40 + 5, 2**40 + 15)}
    assert register.spending(NOW + timedelta(days=40), "key") == {}
    journal.close()


async def test_reading_goes_on_at_the_cursor_and_at_the_oldest_open_call(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open(tmp_path / "log")
    books = await Books.open(store, journal, no_limits)
    for number in range(100):
        journal.post(intent(str(number), "a", 5))
        if number != 90:
            journal.post(outcome(str(number), "a", 1))
    await journal.append(outcome("x", "a", 0))
    books.flush()
    journal.close()
    journal = Journal.open(tmp_path / "log")
    starts: list[int] = []
    postings = journal.postings

    def noted(start: int) -> Iterator[Posting]:
        starts.append(start)
        return postings(start)

    monkeypatch.setattr(journal, "postings", noted)
    books = await Books.open(store, journal, no_limits)
    assert starts == [180, 200]
    assert table(store) == sums(journal) == {("a", "2026-11-22"): 104}
    journal.close()


@pytest.mark.parametrize("kept", [1, 4])
async def test_a_log_whose_folder_was_put_back_to_an_older_state_stops_the_start(
    store: Store, tmp_path: Path, kept: int
) -> None:
    journal = Journal.open(tmp_path / "log")
    for number in range(5):
        if number == kept:
            journal.close()
            shutil.copytree(tmp_path / "log", tmp_path / "older")
            journal = Journal.open(tmp_path / "log")
        await journal.append(outcome(str(number), "a", 1))
    await Books.open(store, journal, no_limits)
    journal.close()
    shutil.rmtree(tmp_path / "log")
    (tmp_path / "older").rename(tmp_path / "log")
    assert verify(tmp_path / "log").ok
    journal = Journal.open(tmp_path / "log")
    with pytest.raises(LogShortened):
        await Books.open(store, journal, no_limits)
    journal.close()


async def test_a_new_log_with_the_same_database_adds_to_what_was_spent(store: Store, tmp_path: Path) -> None:
    for name in ("one", "two"):
        journal = Journal.open(tmp_path / name)
        await journal.append(intent(name, "a", 5))
        await journal.append(outcome(name, "a", 5))
        books = await Books.open(store, journal, no_limits)
        journal.close()
    assert books.ledger.spent("key:a", NOW) == (10, 10)


async def test_a_flush_that_fails_is_made_up_for_by_the_next(store: Store, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "log")
    books = await Books.open(store, journal, no_limits)
    await journal.append(intent("1", "a", 5))
    await journal.append(outcome("1", "a", 5))

    def fail(*_: object) -> None:
        raise StoreUnavailable(why="a test")

    for name in ("before_cursor_execute", "commit"):
        event.listen(store._engine, name, fail)
        with pytest.raises(StoreUnavailable):
            books.flush()
        event.remove(store._engine, name, fail)
    assert table(store) == {}
    assert [books.flush(), books.flush()] == [2, 0]
    assert table(store) == sums(journal)
    journal.close()


async def test_two_servers_share_one_table(store: Store, tmp_path: Path) -> None:
    journals = [Journal.open(tmp_path / name) for name in "xy"]
    both = [await Books.open(store, journal, no_limits) for journal in journals]
    for turn in range(3):
        for journal, books in zip(journals, both, strict=True):
            await journal.append(outcome(f"{turn} of {journal.directory.name}", "a", 1))
            books.flush()
    assert table(store) == {("a", "2026-11-22"): 6}
    for journal in journals:
        journal.close()


class Run:
    """One life of a server: holds, writes, settles; and dies by losing what was not durable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = count()
        self.open: list[tuple[str, str, Reservation]] = []
        self.store = Store.open(f"sqlite:///{folder}/hanbok.db")
        self.runner = asyncio.Runner()
        self.start()

    def start(self) -> None:
        self.journal = Journal.open(self.folder / "log")
        self.books = self.runner.run(Books.open(self.store, self.journal, no_limits))

    def begin(self, name: str, amount: int) -> None:
        call = f"call-{next(self.numbers)}"
        held = self.books.ledger.reserve(key(name), amount, NOW)
        self.runner.run(self.journal.append(intent(call, name, amount)))
        self.open.append((call, name, held))

    def end(self, cost: int) -> None:
        if self.open:
            call, name, held = self.open.pop(cost % len(self.open))
            self.journal.post(outcome(call, name, cost))
            self.books.ledger.settle(held, cost)
            self.books.ledger.settle(held, cost + 1)

    def flush(self) -> None:
        self.books.flush()

    def crash(self, torn: int) -> None:
        """Stop with calls open; the last bytes may be an unfinished line."""
        self.journal.close()
        last = max((self.folder / "log").glob("*.jsonl"), default=None)
        if torn and last:
            with last.open("ab") as file:
                file.write(b'{"index":'[:torn])
        self.open.clear()
        self.start()

    def close(self) -> None:
        self.journal.close()
        self.runner.close()
        self.store.close()

    def check(self) -> None:
        """Memory is the log's sum and what is held; after a flush the table is the log's sum."""
        self.runner.run(self.journal.append(outcome("none", "none", 0)))
        logged = sums(self.journal)
        for name in "ab":
            held = sum(held.amount for _, other, held in self.open if other == name)
            expected = logged.get((name, "2026-11-22"), 0) + held
            assert self.books.ledger.spent(f"key:{name}", NOW) == (expected, expected)
        self.books.flush()
        assert table(self.store) == logged


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.sampled_from("ab"), st.integers(0, 1000)),
        st.tuples(st.just("end"), st.integers(0, 1000)),
        st.tuples(st.just("flush")),
        st.tuples(st.just("crash"), st.integers(0, 9)),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_order_of_holding_settling_flushing_and_crashing_adds_up(
    tmp_path: Path, steps: list[tuple[str, *tuple[object, ...]]]
) -> None:
    folder = tmp_path / "run"
    run = Run(folder)
    try:
        for verb, *arguments in steps:
            step: Callable[..., None] = getattr(run, verb)
            step(*arguments)
        run.check()
        run.crash(0)
        run.check()
    finally:
        run.close()
        shutil.rmtree(folder)


async def test_the_tables_first_row_may_be_made_by_another_server_meanwhile(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open(tmp_path / "log")
    books = await Books.open(store, journal, no_limits)
    await journal.append(outcome("1", "a", 5))
    row = {"organisation": "o", "key": "a", "day": "2026-11-22", "won": 7, "calls": 1}
    with store.write() as connection:
        connection.execute(insert(spend).values(row))
    add, turns = books_module._add, count()

    def late(connection: Connection, *arguments: Any) -> None:
        if next(turns) == 0:  # the update found no row, and now there is one
            connection.execute(insert(spend).values(row))
        add(connection, *arguments)

    monkeypatch.setattr(books_module, "_add", late)
    assert books.flush() == 1
    assert table(store) == {("a", "2026-11-22"): 12}
    journal.close()


async def test_a_database_put_back_from_a_copy_is_brought_up_to_the_log_again(tmp_path: Path) -> None:
    path, copy = tmp_path / "hanbok.db", tmp_path / "copy.db"
    store, journal = Store.open(f"sqlite:///{path}"), Journal.open(tmp_path / "log")
    books = await Books.open(store, journal, no_limits)
    for number in range(30):
        await journal.append(intent(str(number), "a", 5))
        if number == 10:
            books.flush()
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        await journal.append(outcome(str(number), "a", 1))
        books.flush()
    with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    assert table(store) == {("a", "2026-11-22"): 10}
    await journal.append(outcome("more", "a", 100))
    books.flush()
    assert table(store) == sums(journal) == {("a", "2026-11-22"): 130}
    journal.close()
    store.close()
