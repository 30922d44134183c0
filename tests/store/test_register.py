"""Organisations and keys in the database, and the acts that tell of every change."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hanbok.core.clock import now
from hanbok.core.values import Principal
from hanbok.evidence.entry import Act
from hanbok.evidence.journal import Journal
from hanbok.evidence.outbox import drain_outbox
from hanbok.evidence.verify import verify
from hanbok.policy.key import KeyRevoked, Limits
from hanbok.policy.keyring import KeyRing
from hanbok.policy.organisations import (
    InvalidId,
    KeyNotFound,
    OrganisationExists,
    OrganisationUnknown,
    Register,
)
from hanbok.policy.secret import digest_of
from hanbok.store.database import Store
from hanbok.store.tables import outbox

LIMITS = Limits(
    requests_per_minute=60, tokens_per_minute=10**10, concurrency=4, won_per_day=10**10, won_per_month=10**12
)


def waiting(store: Store) -> list[str]:
    with store.read() as connection:
        return [row.entry for row in connection.execute(select(outbox).order_by(outbox.c.id))]


def acts(directory: Path) -> list[tuple[str, str]]:
    journal = Journal.open(directory)
    journal.close()
    entries = [record.entry for record in journal.read()]
    return [(entry.verb, entry.object) for entry in entries if isinstance(entry, Act)]


def test_a_key_comes_back_as_it_was_made(store: Store) -> None:
    register = Register(store)
    register.create_organisation("bank", actor="t", name="한빛은행", limits=Limits(won_per_month=5))
    who = Principal(organisation="bank", key="", team="여신", person="p-17", application="상담")
    expires = datetime(2027, 1, 1, 9, tzinfo=UTC)
    new = register.create_key(
        who, actor="t", name="상담봇", models=["b", "a"], limits=LIMITS, expires=expires
    )
    (card,) = register.cards("bank")
    assert card.key == new.key
    assert (card.name, card.key.principal.key, card.key.principal.team) == ("상담봇", new.key.id, "여신")
    assert (card.key.limits, card.key.expires, card.key.models) == (LIMITS, expires, {"a", "b"})
    (bank,) = register.organisations()
    assert (bank.id, bank.name, bank.limits.won_per_month) == ("bank", "한빛은행", 5)
    assert register.cards("other") == []


def test_a_secret_is_in_no_table_and_no_act(store: Store, url: str, tmp_path: Path) -> None:
    new = Register(store).bootstrap()
    assert new is not None
    assert new.key.digest == digest_of(new.secret)
    assert not any(new.secret in entry or new.key.digest in entry for entry in waiting(store))
    if url.startswith("sqlite"):
        store.close()
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("hanbok.db*"))
        assert new.key.digest.encode() in stored
        assert new.secret[3:].encode() not in stored


def test_the_first_run_makes_one_organisation_and_one_key_once(store: Store) -> None:
    register = Register(store)
    first = register.bootstrap()
    assert first is not None
    assert register.bootstrap() is None
    assert [one.id for one in register.organisations()] == ["default"]
    assert [card.key.id for card in register.cards()] == [first.key.id]
    ring = KeyRing(register)
    ring.refresh()
    assert ring.find(first.secret, now()) == first.key


@pytest.mark.parametrize("wrong", ["", "Bank", "-a", "은행", "a b", "a" * 64, "a\n"])
def test_ids_of_organisations_are_plain(store: Store, wrong: str) -> None:
    with pytest.raises(InvalidId):
        Register(store).create_organisation(wrong, actor="t")
    assert waiting(store) == []


def test_what_is_not_there_is_said_and_nothing_changes(store: Store) -> None:
    register = Register(store)
    register.create_organisation("a", actor="t")
    version, before = register.version(), waiting(store)
    with pytest.raises(OrganisationExists):
        register.create_organisation("a", actor="t")
    with pytest.raises(OrganisationUnknown):
        register.create_key(Principal(organisation="none", key=""), actor="t")
    with pytest.raises(OrganisationUnknown):
        register.rename_organisation("none", "x", actor="t")
    for change in (register.revoke_key, lambda key, actor: register.rename_key(key, "x", actor=actor)):
        with pytest.raises(KeyNotFound):
            change("key_none", actor="t")
    assert (register.version(), waiting(store)) == (version, before)


def test_every_change_moves_the_version_and_leaves_one_act(store: Store) -> None:
    register = Register(store)
    register.create_organisation("a", actor="t")
    key = register.create_key(Principal(organisation="a", key=""), actor="t").key.id
    register.rename_key(key, "새 이름", actor="t")
    register.rename_organisation("a", "새 조직", actor="t")
    assert register.revoke_key(key, actor="t")
    assert not register.revoke_key(key, actor="t")
    assert (register.version(), len(waiting(store))) == (5, 5)


def test_a_key_that_another_process_revokes_is_dead_within_a_second(store: Store, url: str) -> None:
    register = Register(store)
    new = register.bootstrap()
    assert new is not None
    ring = KeyRing(register)
    ring.refresh()
    script = (
        "import sys; from hanbok.store.database import Store; from hanbok.policy.organisations import Register;"
        "store = Store.open(sys.argv[1]); Register(store).revoke_key(sys.argv[2], actor='t'); store.close()"
    )
    ring.find(new.secret, now())
    subprocess.run([sys.executable, "-c", script, url, new.key.id], check=True)
    began = time.monotonic()
    assert ring.refresh()
    with pytest.raises(KeyRevoked):
        ring.find(new.secret, now())
    assert time.monotonic() - began < 0.5
    assert now() - (register.cards()[0].key.revoked or now()) < timedelta(minutes=1)


async def test_acts_reach_the_log_once_and_in_order(store: Store, tmp_path: Path) -> None:
    register = Register(store)
    new = register.bootstrap()
    assert new is not None
    register.revoke_key(new.key.id, actor="김관리")
    journal = Journal.open(tmp_path / "log")
    assert [await drain_outbox(store, journal, journal.size) for _ in range(3)] == [3, 0, 0]
    journal.close()
    assert waiting(store) == []
    assert acts(tmp_path / "log") == [
        ("organisation.create", "default"),
        ("key.create", new.key.id),
        ("key.revoke", new.key.id),
    ]


KILLED = """
import asyncio, os, pathlib, sys
from hanbok.evidence import outbox
from hanbok.evidence.journal import Journal
from hanbok.store.database import Store

async def main():
    store, journal = Store.open(sys.argv[1]), Journal.open(pathlib.Path(sys.argv[2]))
    spare = int(sys.argv[3])
    calls = 0

    def die_at(function):
        def called(*arguments):
            nonlocal calls
            calls += 1
            if calls > spare:
                os.kill(os.getpid(), 9)
            return function(*arguments)
        return called

    async def append(entry, write=journal.append):
        die_at(lambda: None)()
        return await write(entry)

    journal.append = append
    outbox._begin, outbox._remove = die_at(outbox._begin), die_at(outbox._remove)
    await outbox.drain_outbox(store, journal, journal.size)
    journal.close()

asyncio.run(main())
"""


def test_a_kill_at_any_point_of_moving_acts_loses_and_repeats_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hanbok.db"
    store = Store.open(url)
    Register(store).bootstrap()
    ends: list[int] = []
    for spare in range(4):
        ran = subprocess.run([sys.executable, "-c", KILLED, url, tmp_path / "log", str(spare)], check=False)
        ends.append(ran.returncode)
        Register(store).create_organisation(f"o{spare}", actor="t")

    async def drain() -> None:
        journal = Journal.open(tmp_path / "log")
        await drain_outbox(store, journal, journal.size)
        journal.close()

    asyncio.run(drain())
    store.close()
    made = [thing for verb, thing in acts(tmp_path / "log") if verb == "organisation.create"]
    assert ends == [-9] * 4
    assert made == ["default", "o0", "o1", "o2", "o3"]
    assert verify(tmp_path / "log").ok


async def test_an_act_is_not_lost_when_the_database_is_locked_after_writing(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    Register(store).create_organisation("a", actor="t")
    journal = Journal.open(tmp_path / "log")
    broken = sqlite3.connect(tmp_path / "hanbok.db", isolation_level=None)
    broken.execute("CREATE TRIGGER stay BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END")
    for _ in range(3):
        with pytest.raises(Exception, match="no"):
            await drain_outbox(store, journal, journal.size)
    broken.execute("DROP TRIGGER stay")
    assert await drain_outbox(store, journal, journal.size) == 0
    broken.close()
    journal.close()
    store.close()
    assert acts(tmp_path / "log") == [("organisation.create", "a")]
