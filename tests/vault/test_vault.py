"""The vault by itself: what belongs to whom, and what is left when a key is gone."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from hanbok.core.clock import today
from hanbok.core.errors import HanbokError
from hanbok.core.secret import Secret
from hanbok.store.database import Store
from hanbok.store.errors import StoreUnavailable
from hanbok.store.tables import data_keys
from hanbok.testing.korean import Identities
from hanbok.vault.act import VaultAct
from hanbok.vault.config import Holder, Keeping, VaultConfig
from hanbok.vault.contents import Body, Piece
from hanbok.vault.data_keys import Purpose
from hanbok.vault.errors import (
    ContentsUnavailable,
    ContentsUnknown,
    DataKeyDestroyed,
    KeyProviderFailed,
    KeyWithdrawn,
    PseudonymUnknown,
    SealBroken,
    SecondPersonNeeded,
)
from hanbok.vault.identifiers import canonical
from hanbok.vault.keeper import Keeper
from hanbok.vault.key_provider import ProviderConfig
from hanbok.vault.key_providers.file import File
from hanbok.vault.leases import Leases
from hanbok.vault.maps import Hidden
from hanbok.vault.tables import contents, maps
from hanbok.vault.vault import Vault

PEOPLE = Identities(seed=20261129)
PHONE, RRN = PEOPLE.mobile(), PEOPLE.rrn()


@dataclass
class Stand:
    vault: Vault
    store: Store
    acts: list[VaultAct]
    folder: Path
    config: VaultConfig

    def verbs(self) -> list[str]:
        return [act.verb for act in self.acts]

    def key_file(self, name: str) -> Path:
        return self.folder / "keys" / "file" / f"{name}.json"


def config_in(folder: Path, **changes: Any) -> VaultConfig:
    names = ("file", "other")
    providers = {
        name: ProviderConfig(name=name, kind="file", folder=folder / "keys" / name, secret=Secret())
        for name in names
    }
    config = VaultConfig(
        providers=providers,
        default="file",
        contents=Keeping(keep=True, days=7, url=f"sqlite:///{folder}/contents.db"),
        pseudonyms=Keeping(keep=True, days=7, url=f"sqlite:///{folder}/pseudonyms.db"),
        purpose="시험",
        lease=0.0,
    )
    return replace(config, **changes)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    store, acts = Store.open(f"sqlite:///{tmp_path}/hanbok.db"), list[VaultAct]()
    config = config_in(tmp_path)
    vault = Vault(config, store, lambda _, act: acts.append(act))
    yield Stand(vault, store, acts, tmp_path, config)
    vault.close()
    store.close()


def piece(organisation: str, call: str, text: str = "내용", part: str = "request", *values: str) -> Piece:
    identifiers = tuple(("PHONE", value) for value in values)
    return Piece(
        organisation=organisation,
        call=call,
        part=part,
        body=Body(pieces=(text.encode(),)),
        identifiers=identifiers,
    )


def text_of(stand: Stand, organisation: str, call: str) -> str:
    return stand.vault.contents.read(organisation, call)[0].body.whole.decode()


def test_what_is_kept_comes_back_and_is_not_in_the_file(stand: Stand) -> None:
    assert stand.vault.contents.put([piece("a", "c1", f"번호 {RRN}")]) == [None]
    assert text_of(stand, "a", "c1") == f"번호 {RRN}"
    assert all(RRN.encode() not in path.read_bytes() for path in stand.folder.rglob("*") if path.is_file())


def test_another_organisation_does_not_find_it(stand: Stand) -> None:
    stand.vault.contents.put([piece("a", "c1", "비밀", "request", PHONE), piece("b", "c2", "다른 것")])
    with pytest.raises(ContentsUnknown):
        stand.vault.contents.read("b", "c1")
    assert stand.vault.contents.mentions("b", PHONE) == []
    assert stand.vault.contents.tag("a", PHONE) != stand.vault.contents.tag("b", PHONE)


@pytest.mark.parametrize("moved", ["organisation", "call", "part"])
def test_a_record_put_in_the_place_of_another_is_refused(stand: Stand, moved: str) -> None:
    """An attacker with the database, and even with the right data key, cannot pass one record off as another."""
    stand.vault.contents.put([piece("a", "c1"), piece("b", "c9")])
    database = sqlite3.connect(stand.folder / "contents.db")
    new = {"organisation": "b", "call": "c2", "part": "reply"}
    database.execute(f"update contents set {moved} = ? where call = 'c1'", (new[moved],))  # noqa: S608
    database.commit()
    database.close()
    place = {"organisation": "a", "call": "c1"} | ({moved: new[moved]} if moved != "part" else {})
    with pytest.raises(SealBroken):
        stand.vault.contents.read(place["organisation"], place["call"])


def test_a_wrapped_key_put_in_the_place_of_anothers_opens_nothing(stand: Stand) -> None:
    stand.vault.contents.put([piece("a", "c1"), piece("b", "c2")])
    with stand.store.write() as connection:
        rows = {
            row.organisation: row
            for row in connection.execute(select(data_keys))
            if row.purpose == "contents"
        }
        stolen = {name: getattr(rows["a"], name) for name in ("provider", "key", "version", "wrapped")}
        connection.execute(update(data_keys).where(data_keys.c.id == rows["b"].id).values(stolen))
    with pytest.raises((KeyWithdrawn, SealBroken)):
        stand.vault.contents.read("b", "c2")


def test_a_key_that_its_provider_does_not_bind_is_bound_by_its_own_row(stand: Stand) -> None:
    """As on Azure, whose wrapping takes no context: the secret is right, and still opens nothing of another row."""
    stand.vault.contents.put([piece("a", "c1")])
    keys = stand.vault.keys
    with stand.store.read() as connection:
        row = next(row for row in connection.execute(select(data_keys)) if row.purpose == "contents")
    secret = keys.secret_of(row)
    with stand.store.write() as connection:
        connection.execute(update(data_keys).where(data_keys.c.id == row.id).values(organisation="b"))
        moved = connection.execute(select(data_keys).where(data_keys.c.id == row.id)).one()
    sealed = keys._remember(row, secret).seal(b"x", "c1/request")
    with pytest.raises(SealBroken):
        keys._remember(moved, secret).open(sealed, "c1/request")


def test_a_withdrawn_key_stops_its_organisation_and_no_new_one_is_made(stand: Stand) -> None:
    stand.vault.contents.put([piece("a", "c1"), piece("b", "c2")])
    away = stand.folder / "away"
    stand.key_file("hanbok-a").rename(away)
    for _ in range(2):
        with pytest.raises(KeyWithdrawn):
            stand.vault.contents.read("a", "c1")
        refused, kept = stand.vault.contents.put([piece("a", "c3"), piece("b", f"c{_ + 4}")])
        assert isinstance(refused, KeyWithdrawn)
        assert kept is None
    assert not stand.key_file("hanbok-a").exists()
    away.rename(stand.key_file("hanbok-a"))
    assert text_of(stand, "a", "c1") == "내용"


@pytest.mark.parametrize("unwrapped", [b"", b"short", bytes(33)])
def test_what_is_no_key_seals_and_opens_nothing(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, unwrapped: bytes
) -> None:
    """A key made of an empty answer could be worked out by anybody who reads the table."""
    stand.vault.contents.put([piece("bank", "c1")])
    stand.vault.keys.probe("bank")
    stand.vault.keys.forget("bank")
    monkeypatch.setattr(File, "unwrap", lambda *_: unwrapped)
    with pytest.raises(KeyProviderFailed):
        stand.vault.keys.probe("bank")
    (told,) = stand.vault.contents.put([piece("bank", "c2")])
    assert isinstance(told, KeyProviderFailed)
    with pytest.raises(KeyProviderFailed):
        stand.vault.contents.read("bank", "c1")


def test_a_key_held_by_the_organisation_is_never_made_by_hanbok_unasked(tmp_path: Path) -> None:
    provider = ProviderConfig(name="hsm", kind="pkcs11", options={"module": "/nowhere.so"}, folder=tmp_path)
    config = config_in(tmp_path, providers={"hsm": provider}, holders={"a": Holder(provider="hsm")})
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    vault = Vault(config, store, lambda *_: None)
    with pytest.raises(HanbokError):
        vault.keys.probe("a")
    with store.read() as connection:
        assert connection.execute(select(data_keys)).all() == []
    vault.close()
    store.close()


def test_rotation_keeps_everything_readable_and_the_old_version_can_go(stand: Stand) -> None:
    stand.vault.contents.put([piece("a", "c1")])
    assert stand.vault.acts.rotate("a", Purpose.CONTENTS, actor="x") == "2"
    assert text_of(stand, "a", "c1") == "내용"  # before the data keys are wrapped anew
    assert stand.vault.acts.rewrap("a", actor="x") == 1
    file = stand.key_file("hanbok-a")
    file.write_text(json.dumps({"2": json.loads(file.read_text())["2"]}))
    assert text_of(stand, "a", "c1") == "내용"
    assert stand.verbs().count("vault.key.rewrap") == 1


def test_an_organisation_can_move_to_a_key_of_its_own(stand: Stand) -> None:
    stand.vault.contents.put([piece("a", "c1")])
    moved = Vault(
        replace(stand.config, holders={"a": Holder(provider="other", key="mine")}),
        stand.store,
        lambda *_: None,
    )
    moved.acts.create("a", Purpose.CONTENTS, actor="x")
    moved.acts.rewrap("a", actor="x")
    stand.key_file("hanbok-a").unlink()
    assert moved.contents.read("a", "c1")[0].body.whole.decode() == "내용"
    moved.close()


def test_maps_are_under_another_key_than_contents(stand: Stand) -> None:
    stand.vault.contents.put([piece("a", "c1")])
    stand.vault.keep_map("a", "c1", [Hidden("[전화번호-1]", "전화번호", PHONE)], "Example Inc.")
    stand.key_file("hanbok-a-pseudonyms").unlink()
    assert text_of(stand, "a", "c1") == "내용"
    with pytest.raises(KeyWithdrawn):
        stand.vault.maps.reveal("a", "c1", "[전화번호-1]", Leave())
    tables = (
        sqlite3.connect(stand.folder / "contents.db").execute("select name from sqlite_master").fetchall()
    )
    assert ("maps",) not in tables
    assert maps.metadata is not contents.metadata


@dataclass(frozen=True)
class Leave:
    id: str = "approval_1"
    requester: str = "a/kim"
    approvers: tuple[str, ...] = ("a/lee",)


def test_a_value_is_revealed_to_two_people_only(stand: Stand) -> None:
    stand.vault.keep_map("a", "c1", [Hidden("[전화번호-1]", "전화번호", PHONE)], "Example Inc.")
    assert stand.vault.maps.reveal("a", "c1", "[전화번호-1]", Leave()).value == PHONE
    for alone in (Leave(approvers=()), Leave(approvers=("a/kim",))):
        with pytest.raises(SecondPersonNeeded):
            stand.vault.maps.reveal("a", "c1", "[전화번호-1]", alone)
    with pytest.raises(PseudonymUnknown):
        stand.vault.maps.reveal("b", "c1", "[전화번호-1]", Leave())
    with pytest.raises(SecondPersonNeeded):
        stand.vault.destroy(
            "a", Purpose.CONTENTS, today().isoformat(), actor="x", approval=Leave(approvers=())
        )


def test_the_ledger_grows_in_a_day_and_outlives_its_maps_by_three_years(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.vault.keep_map("a", "c1", [Hidden("[전화번호-1]", "전화번호", PHONE)], "Example Inc.")
    stand.vault.keep_map("a", "c2", [Hidden("[주민등록번호-1]", "주민등록번호", RRN)], "다른 회사")
    (entry,) = stand.vault.ledger.entries("a")
    assert (entry.purpose, entry.items, entry.recipient) == (
        "시험",
        ("전화번호", "주민등록번호"),
        "Example Inc., 다른 회사",
    )
    later(monkeypatch, 9)
    assert stand.vault.expire() > 0
    (entry,) = stand.vault.ledger.entries("a")
    assert entry.destroyed
    assert int(entry.keep_until[:4]) == int(today().isoformat()[:4]) + 3
    later(monkeypatch, 9 + 3 * 366)
    stand.vault.expire()
    assert stand.vault.ledger.entries("a") == []


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    moment = datetime.now(UTC) + timedelta(days=days)
    monkeypatch.setattr("hanbok.core.clock._read", lambda: moment)


def test_what_is_older_than_allowed_is_destroyed_with_its_key(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.vault.contents.put([piece("a", "c1", "옛것", "request", PHONE)])
    sealed = sqlite3.connect(stand.folder / "contents.db").execute("select key from contents").fetchone()[0]
    later(monkeypatch, 7)
    stand.vault.expire()
    assert text_of(stand, "a", "c1") == "옛것"  # the seventh day is still within seven days
    later(monkeypatch, 8)
    stand.vault.contents.put([piece("a", "c2", "새것")])
    assert stand.vault.expire() == 2  # one key, one record
    with pytest.raises(ContentsUnknown):
        stand.vault.contents.read("a", "c1")
    with pytest.raises(DataKeyDestroyed):
        stand.vault.keys.open(sealed, "a")
    assert stand.vault.contents.mentions("a", PHONE) == []
    assert text_of(stand, "a", "c2") == "새것"
    assert "vault.key.destroy" in stand.verbs()


def test_a_destroyed_wrapped_key_is_not_left_in_the_database_file(stand: Stand) -> None:
    stand.vault.contents.put([piece("a", "c1")])
    with stand.store.read() as connection:
        row = next(row for row in connection.execute(select(data_keys)) if row.purpose == "contents")
    stand.vault.destroy("a", Purpose.CONTENTS, today().isoformat(), actor="x", approval=Leave())
    stand.vault.close()
    stand.store.close()
    data = b"".join(path.read_bytes() for path in stand.folder.glob("hanbok.db*"))
    assert row.wrapped.encode() not in data
    assert row.id.encode() in data


def test_a_person_is_erased_while_others_write(stand: Stand) -> None:
    """A server that still holds the old key in memory writes on; nothing is lost and nothing keeps the old key."""
    server = Vault(replace(stand.config, lease=60.0), stand.store, lambda *_: None)
    server.contents.put([piece("a", "mine", "나", "request", PHONE), piece("a", "theirs", "남")])
    written: list[str] = []
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            call = f"w{len(written)}"
            assert server.contents.put([piece("a", call)]) == [None]
            written.append(call)

    thread = threading.Thread(target=write)
    thread.start()
    while len(written) < 5:
        done.wait(0.01)
    gone = stand.vault.erase_subject("a", PHONE, actor="x")
    count = len(written)
    while len(written) < count + 5:
        done.wait(0.01)
    done.set()
    thread.join()
    assert gone.calls == ("mine",)
    assert [text_of(stand, "a", call) for call in ("theirs", *written)] == ["남", *["내용"] * len(written)]
    with pytest.raises(ContentsUnknown):
        stand.vault.contents.read("a", "mine")
    assert stand.verbs().index("subject.erase") < stand.verbs().index("vault.key.destroy")
    server.close()


def test_an_erasure_that_was_cut_off_is_finished_by_the_next(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.vault.contents.put([piece("a", "c1"), piece("a", "c2")])
    monkeypatch.setattr(stand.vault.acts, "destroy", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stand.vault.shred("a", today().isoformat(), actor="x")
    monkeypatch.undo()
    assert text_of(stand, "a", "c1") == "내용"
    stand.vault.shred("a", today().isoformat(), actor="x")
    assert text_of(stand, "a", "c2") == "내용"
    assert len(stand.vault.acts.rows("a", Purpose.CONTENTS, today().isoformat())) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("010-1234-5678", "01012345678"),
        ("010 1234 5678", "+82 10-1234-5678"),
        ("０１０－１２３４－５６７８", "010.1234.5678"),
        ("홍 길동", "홍길동"),
        ("Kim@Example.COM", "kim@example.com"),
    ],
)
def test_an_identifier_has_one_spelling(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_different_identifiers_stay_different() -> None:
    values = ["010-1234-5678", "010-1234-5679", "홍길동", "12345", "1-2345", "M12345678", "A12345678"]
    assert len({canonical(value) for value in values}) == len(values)


class Slow:
    """A store of contents that is told how to behave."""

    def __init__(self) -> None:
        self.error: HanbokError | None = None
        self.kept: list[str] = []
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def put(self, pieces: list[Piece]) -> list[None]:
        self.gate.wait(10)
        if self.error:
            raise self.error
        self.batches.append(len(pieces))
        self.kept += [one.call for one in pieces]
        return [None] * len(pieces)


async def test_what_waits_is_bounded_and_written_together() -> None:
    slow = Slow()
    keeper = Keeper(slow, required=True, limit=1000)
    slow.gate.clear()
    first = keeper.keep(piece("a", "c0", "x" * 100))
    await asyncio.sleep(0.05)
    waiting = [keeper.keep(piece("a", f"c{n}", "x" * 100)) for n in range(1, 9)]
    with pytest.raises(ContentsUnavailable):
        keeper.keep(piece("a", "c9", "x" * 101))
    slow.gate.set()
    await asyncio.gather(first, *waiting)
    assert slow.batches == [1, 8]
    await keeper.close()
    with pytest.raises(ContentsUnavailable):
        keeper.keep(piece("a", "late"))


async def test_an_organisation_does_not_wait_for_anothers_key() -> None:
    slow = Slow()
    keeper = Keeper(slow, required=True, limit=10_000)
    hang, real = threading.Event(), slow.put

    def put(pieces: list[Piece]) -> list[None]:
        if pieces[0].organisation == "hanging":
            hang.wait(10)
        return real(pieces)

    slow.put = put
    hanging = keeper.keep(piece("hanging", "c1"))
    await asyncio.wait_for(keeper.keep(piece("quick", "c2")), 2)
    assert not hanging.done()
    hang.set()
    await hanging
    await keeper.close()


@pytest.mark.parametrize("required", [True, False])
async def test_a_store_that_comes_back_is_written_to_again(required: bool) -> None:
    slow = Slow()
    keeper = Keeper(slow, required=required, limit=10_000)
    slow.error = StoreUnavailable(why="down")
    done = keeper.keep(piece("a", "c1"))
    await asyncio.sleep(0.2)
    if required:
        with pytest.raises(ContentsUnavailable):
            await done
        with pytest.raises(ContentsUnavailable):
            keeper.admit()
    else:
        keeper.admit()
        assert not done.done()
    slow.error = None
    await asyncio.sleep(0.6)
    keeper.admit()
    await keeper.keep(piece("a", "c2"))
    assert slow.kept == (["c2"] if required else ["c1", "c2"])
    await keeper.close()


async def test_a_lease_ends_by_itself_when_the_key_only_hangs() -> None:
    hang, told = threading.Event(), list[tuple[str, str]]()

    def check(organisation: str) -> None:
        if organisation == "hanging" and asked:
            hang.wait(10)

    asked: list[int] = []
    leases = Leases(
        ["hanging", "well"], check=check, tell=lambda *one: told.append(one), every=0.05, lasts=0.3
    )
    await leases.start()
    leases.require("hanging")
    leases.require("nobody's")
    asked.append(1)
    await asyncio.sleep(0.6)
    with pytest.raises(KeyWithdrawn):
        leases.require("hanging")
    leases.require("well")
    assert ("hanging", "no answer") in told
    asked.clear()
    hang.set()
    await asyncio.sleep(0.3)
    leases.require("hanging")
    assert told[-1] == ("hanging", "")
    await leases.close()
    with pytest.raises(KeyWithdrawn):
        leases.require("well")


async def test_nobody_is_served_before_the_key_has_answered() -> None:
    gate = threading.Event()
    leases = Leases(
        ["a"], check=lambda _: gate.wait(10) and None, tell=lambda *_: None, every=0.05, lasts=0.2
    )
    await leases.start()
    with pytest.raises(KeyWithdrawn):
        leases.require("a")
    gate.set()
    await leases.close()
