"""The door to the database: migrated once, closed cleanly, with errors that name what to do."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError

from hanbok.store.database import Store, unless_there
from hanbok.store.errors import StoreBusy, StoreFull, StoreNewer, StoreUnavailable
from hanbok.store.migrate import newest, upgrade
from hanbok.store.schema import VERSION
from hanbok.store.tables import marks, metadata, spend


def row(day: str) -> dict[str, object]:
    return {"organisation": "o", "key": "k", "day": day, "won": 2**40, "calls": 1}


@pytest.mark.parametrize("made", ["at once", "by migrations"])
def test_new_tables_and_migrated_ones_are_those_that_the_code_speaks_of(
    url: str, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if made == "by migrations":
        monkeypatch.setattr("hanbok.store.schema.create", upgrade)
    store = Store.open(url)
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == VERSION == newest()
        assert connection.execute(select(marks)).all() == [("keys", 0, "")]
        indexes = inspect(connection).get_indexes("keys")
        assert [index["name"] for index in indexes if not index["unique"]] == ["ix_keys_organisation"]
    store.close()


def test_a_transaction_is_everything_or_nothing(url: str) -> None:
    store = Store.open(url)
    with store.write() as connection:
        connection.execute(insert(spend).values(row("2026-11-21")))
    with pytest.raises(IntegrityError), store.write() as connection:
        connection.execute(insert(spend), [row("2026-11-22"), row("2026-11-22")])
    with store.read() as connection:
        assert connection.execute(select(spend.c.day, spend.c.won)).all() == [("2026-11-21", 2**40)]
    with store.write() as connection:
        days = ("2026-11-21", "2026-11-22")
        put = [connection.execute(unless_there(connection, spend).values(row(day))).rowcount for day in days]
    assert put == [0, 1]
    store.close()


def test_writers_in_many_threads_lose_nothing(url: str) -> None:
    store = Store.open(url)

    def count() -> None:
        for _ in range(10):
            with store.write() as connection:
                connection.execute(update(marks).values(value=marks.c.value + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert connection.execute(select(marks.c.value)).scalar_one() == 40
    store.close()


def test_opening_needs_no_alembic(url: str) -> None:
    script = (
        "import sys; from hanbok.store.database import Store\n"
        "for _ in range(2): Store.open(sys.argv[1]).close()\n"
        "assert 'alembic' not in sys.modules, 'alembic'; assert 'sqlalchemy.orm' not in sys.modules, 'orm'"
    )
    subprocess.run([sys.executable, "-c", script, url], check=True)


def test_two_processes_may_make_the_tables_at_once(url: str) -> None:
    script = "import sys; from hanbok.store.database import Store; Store.open(sys.argv[1]).close()"
    both = [
        subprocess.Popen([sys.executable, "-c", script, url], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    store = Store.open(url)
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(marks)).scalar_one() == 1
    store.close()


def test_a_schema_of_the_future_is_left_alone(url: str) -> None:
    store = Store.open(url)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreNewer) as caught:
        Store.open(url)
    assert caught.value.facts == {"found": "9999", "known": VERSION}


def test_a_locked_database_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hanbok.store.database._WAIT", 0.05)
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    other = sqlite3.connect(tmp_path / "hanbok.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as caught, store.write():
        pass
    assert caught.value.code == "store_busy"
    with store.read() as connection:
        assert connection.execute(select(marks.c.value)).scalar_one() == 0
    other.execute("ROLLBACK")
    with store.write():
        pass
    other.close()
    store.close()


def test_when_all_connections_are_taken_it_is_a_clear_error(url: str) -> None:
    store = Store.open(url)
    pool = store._engine.pool
    pool._timeout = 0.01
    with ExitStack() as taken:
        for _ in range(pool.size() + pool._max_overflow):
            taken.enter_context(store.read())
        with pytest.raises(StoreBusy) as caught, store.read():
            pass
    assert caught.value.facts == {"why": "QueuePool"}
    store.close()


def test_a_full_database_is_a_clear_error_and_changes_nothing(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    with store.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes the present size instead
    with pytest.raises(StoreFull), store.write() as connection:
        connection.execute(insert(spend), [row(f"2{number:09}") for number in range(5000)])
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(spend)).scalar_one() == 0
    store.close()


@pytest.mark.parametrize("text", [b"", b"this is no database" * 100])
def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "hanbok.db"
    path.write_bytes(text)
    if not text:
        Store.open(f"sqlite:///{path}").close()
        return
    with pytest.raises(StoreUnavailable) as caught:
        Store.open(f"sqlite:///{path}")
    assert caught.value.facts == {"why": "SQLITE_NOTADB"}


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "oracle://x/y",
        "mysql://x/y",
        "postgresql://hanbok:s3cret@127.0.0.1:1/none",
        "sqlite:////proc/none/hanbok.db",
    ],
)
def test_an_address_that_leads_nowhere_is_a_clear_error_without_the_password(url: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        Store.open(url)
    assert "s3cret" not in str(caught.value)


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/a/b/hanbok.db").close()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["hanbok.db"]


def test_who_looks_for_changes_sees_every_commit_of_anybody_and_nothing_else(url: str) -> None:
    mine, other = Store.open(url), Store.open(url)
    if mine.shared:
        assert mine.changes() is None  # PostgreSQL must be asked
        mine.close()
        other.close()
        return
    seen = [mine.changes()]
    for store in (other, mine, other):
        with store.read() as connection:
            connection.execute(select(spend)).all()
        assert mine.changes() == seen[-1]
        with store.write() as connection:
            connection.execute(insert(spend).values(row(f"2026-11-{len(seen):02d}")))
        seen.append(mine.changes())
    with pytest.raises(IntegrityError), other.write() as connection:
        connection.execute(insert(spend).values(row("2026-11-01")))
    assert mine.changes() == seen[-1]  # what was undone is no change
    mine.close()
    seen.append(mine.changes())
    assert None not in seen
    assert len(set(seen)) == len(
        seen
    )  # also after it was closed: nobody takes a new count for the one before
    mine.close()
    other.close()
