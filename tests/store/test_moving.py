"""Records move between databases whole, once, and while servers run."""

from pathlib import Path

import pytest
from sqlalchemy import select

from hanbok.core.values import Principal
from hanbok.evidence.entry import Act
from hanbok.evidence.outbox import put
from hanbok.policy.organisations import Register
from hanbok.store import moving
from hanbok.store.database import Store
from hanbok.store.errors import StoreMoved, StoreUnavailable, StoreUnfinished
from hanbok.store.moving import TargetNotEmpty, as_it_is, move
from hanbok.store.tables import metadata

pytestmark = pytest.mark.slow


def filled(url: str, keys: int = 700) -> Store:
    store = Store.open(url)
    register = Register(store)
    register.create_organisation("bank", actor="test", name="은행")
    for number in range(keys):
        register.create_key(Principal(organisation="bank", key=""), actor="test", name=f"열쇠 {number}")
    return store


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


@pytest.fixture
def old(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/old.db"


def test_every_row_is_moved_and_the_old_database_is_closed(old: str, url: str) -> None:
    running = filled(old)
    before = rows(running)
    source, target = Store.open(old, as_it_is), Store.open(url, as_it_is)
    moved = move(source, target)
    assert moved.rows == sum(len(table) for table in before.values()) > 1400
    source.close()
    target.close()
    new = Store.open(url)
    assert rows(new) == before
    # What the new database numbers comes after what was copied with its number.
    with new.write() as connection:
        put(connection, Act(at="2026-11-22T00:00:00.000000+00:00", actor="a", verb="v", object="o"))
    assert len(rows(new)["outbox"]) == len(before["outbox"]) + 1
    # A server that still has the old one can neither read nor write there.
    with pytest.raises(StoreUnavailable):
        Register(running).create_organisation("lost", actor="test")
    with pytest.raises(StoreMoved):
        Store.open(old)
    running.switch(url)
    Register(running).create_organisation("kept", actor="test")
    assert {one.id for one in Register(new).organisations()} == {"bank", "kept"}
    running.close()
    new.close()


class Broken(Exception):
    """The process ends here."""


def broken(*_: object) -> None:
    raise Broken


@pytest.mark.parametrize("moment", ["while copying", "before the old one is closed", "after it was closed"])
def test_a_move_that_broke_off_is_run_again(
    old: str, url: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = filled(old, keys=3)
    before = rows(first)
    first.close()
    source, target = Store.open(old, as_it_is), Store.open(url, as_it_is)
    with monkeypatch.context() as patch:
        if moment == "before the old one is closed":
            patch.setattr(moving, "_close", broken)
        elif moment == "after it was closed":
            patch.setattr(moving, "Moved", broken)
        with pytest.raises(Broken):
            move(source, target, broken if moment == "while copying" else lambda _table, _rows: None)
    if moment != "while copying":
        with pytest.raises(StoreUnfinished):
            Store.open(url)
    move(source, target)
    source.close()
    target.close()
    new = Store.open(url)
    assert rows(new) == before
    new.close()


def test_nothing_is_mixed_into_records_that_are_there(old: str, tmp_path: Path) -> None:
    filled(old, keys=1).close()
    other = f"sqlite:///{tmp_path}/other.db"
    filled(other, keys=1).close()
    source, target = Store.open(old, as_it_is), Store.open(other, as_it_is)
    with pytest.raises(TargetNotEmpty):
        move(source, target)
    source.close()
    target.close()
    Store.open(old).close()
