"""Keys follow one another in the log, and nobody but the last names the next. The database knows how far it was."""

import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select, update

from evidence.logs import act, write
from hanbok.core.clock import stamp
from hanbok.evidence import rotation
from hanbok.evidence.archive import Archive
from hanbok.evidence.checkpoint import Checkpoint, opened, sign
from hanbok.evidence.entry import AnyEntry, KeyAct
from hanbok.evidence.errors import LogBroken, LogRolledBack, LogUnavailable, OriginTaken
from hanbok.evidence.high_water import check_high_water, note_high_water
from hanbok.evidence.journal import Journal, Options
from hanbok.evidence.keychain import PURPOSE, handover, read_keys
from hanbok.evidence.line import Flaw
from hanbok.evidence.note import NoteInvalid
from hanbok.evidence.rotation import rotate_key
from hanbok.evidence.signer import SecretSigner, read_key
from hanbok.evidence.upkeep import Upkeep
from hanbok.evidence.verify import verify
from hanbok.store.database import Store
from hanbok.store.tables import marks


@pytest.fixture
def log(tmp_path: Path) -> Path:
    write(tmp_path / "log", [act(number) for number in range(10)])
    return tmp_path / "log"


def rotate(log: Path) -> None:
    async def go() -> None:
        journal = Journal.open(log)
        await rotate_key(journal, actor="시험")
        await journal.append(act("after"))
        await asyncio.to_thread(journal.close)

    asyncio.run(go())


def test_whoever_noted_the_first_key_can_follow_the_log_to_the_last(log: Path) -> None:
    first = read_keys(log)[0]
    for _ in range(3):
        rotate(log)
    keys = read_keys(log)
    assert (keys[0], len(set(keys)), {key.name for key in keys}) == (first, 4, {first.name})
    for key in (first, keys[2], None):
        found = verify(log, key=key)
        assert (found.ok, found.key) == (True, str(keys[-1]))
    with pytest.raises(NoteInvalid):
        opened(Archive(log).latest.note, first)


def test_a_checkpoint_that_the_old_key_signs_after_the_change_is_refused(log: Path) -> None:
    old = read_key(log / "signing.key")
    rotate(log)
    latest = Archive(log).latest.checkpoint
    (log / "checkpoint").write_bytes(sign(latest, old))
    fault = verify(log).fault
    assert fault is not None
    assert (fault.file, fault.flaw) == ("checkpoint", Flaw.SIGNATURE)
    with pytest.raises(LogBroken):
        Journal.open(log)


def test_a_key_that_names_itself_is_not_believed(log: Path) -> None:
    first = read_keys(log)[0]
    thief = SecretSigner(first.name, bytes(32))
    note = handover(thief, thief.key)
    entry = KeyAct(
        at=stamp(),
        actor="a",
        verb="key.rotate",
        object="x",
        purpose=PURPOSE,
        after=str(thief.key),
        handover=note,
    )
    write(log, [entry])
    assert verify(log, key=first).key == str(first)
    latest = Archive(log).latest.checkpoint
    (log / "checkpoint").write_bytes(sign(latest, thief))
    assert not verify(log, key=first).ok


@pytest.mark.parametrize("step", ["before the act", "after the act", "after the change"])
def test_a_change_of_keys_that_a_crash_cut_off_leaves_one_key(
    log: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_keys(log)[0]

    async def go() -> None:
        # Nothing is signed between the act and the end of the process, however slow the machine.
        journal = Journal.open(log, Options(checkpoint_every=3600))
        append = journal.append

        async def cut_off(entry: AnyEntry) -> None:
            if step != "before the act":
                await append(entry)
            raise LogUnavailable(why="a test")

        with monkeypatch.context() as patch:
            if step == "after the change":
                patch.setattr(rotation, "name_key", crash)
            else:
                patch.setattr(journal, "append", cut_off)
            with pytest.raises((LogUnavailable, OSError)):
                await rotate_key(journal, actor="시험")
        # As the process is gone, nothing is signed any more.
        monkeypatch.setattr(journal.notary, "work", lambda: None)
        await asyncio.to_thread(journal.close)

    def crash(*_: object) -> None:
        raise OSError("a test")

    asyncio.run(go())
    journal = Journal.open(log)
    journal.close()
    keys = read_keys(log)
    assert len(keys) == (1 if step == "before the act" else 2)
    assert keys[0] == first
    assert read_key(log / "signing.key").key == keys[-1]
    assert not (log / "signing.key.next").exists()
    assert verify(log, key=first).key == str(keys[-1])


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("fails", ["replace", "name_key"])
def test_a_change_of_keys_that_fails_after_the_act_leaves_the_new_key_signing(
    log: Path, fails: str, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, replace = read_keys(log)[0], Path.replace

    def refused(self: Path, target: Path) -> Path:
        if self.name == "signing.key.next":
            raise PermissionError(13, "not permitted")
        return replace(self, target)

    def crash(*_: object) -> None:
        raise OSError("a test")

    async def go() -> None:
        journal = Journal.open(log)
        with monkeypatch.context() as patch:
            if fails == "replace":
                patch.setattr(Path, "replace", refused)
            else:
                patch.setattr(rotation, "name_key", crash)
            with pytest.raises(LogUnavailable):
                await rotate_key(journal, actor="시험")
        await journal.append(act("after"))
        await asyncio.to_thread(journal.notary.work)
        if again:
            await rotate_key(journal, actor="시험")
        await asyncio.to_thread(journal.close)

    asyncio.run(go())
    assert verify(log, key=first).ok
    write(log, [act("later")])
    keys = read_keys(log)
    assert not (log / "signing.key.next").exists()
    assert read_key(log / "signing.key").key == keys[-1]
    assert (verify(log, key=first).key, keys[0]) == (str(keys[-1]), first)
    assert len(keys) == 2 + again, "a key that has signed is not in the list"


def test_the_secret_is_its_owners_alone(log: Path) -> None:
    rotate(log)
    assert (log / "signing.key").stat().st_mode & 0o777 == 0o600


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'db'}")


def test_a_folder_put_back_whole_is_found_by_what_the_database_noted(
    log: Path, tmp_path: Path, store: Store
) -> None:
    shutil.copytree(log, tmp_path / "older")
    write(log, [act("more")])
    journal = Journal.open(log)
    check_high_water(store, journal)
    note_high_water(store, journal)
    check_high_water(store, journal)
    journal.close()
    shutil.rmtree(log)
    (tmp_path / "older").rename(log)
    assert verify(log).ok
    for _ in range(2):  # shorter than what was noted, and then longer but with other entries
        journal = Journal.open(log)
        with pytest.raises(LogRolledBack) as caught:
            check_high_water(store, journal)
        assert caught.value.facts["size"] == 11
        journal.close()
        write(log, [act("others"), act("than"), act("before")])
    store.close()


def test_two_logs_of_one_origin_with_one_database_are_told_apart_by_their_keys(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Two machines that have the same `evidence.origin`; and one whose log went away and was begun anew."""
    logs = [tmp_path / name for name in "ab"]
    journals = [Journal.open(log, Options(origin="log.example.kr/one")) for log in logs]
    ours, theirs = (Upkeep(journal, store) for journal in journals)
    asyncio.run(ours.check())
    asyncio.run(theirs.check())  # both begin on an empty database
    for one in (ours, theirs, ours, theirs):
        journals[0].post(act("more"))
        journals[1].post(act("more"))
        asyncio.run(one.note())
    assert caplog.text.count("origin of another evidence log") == 1
    for journal in journals:
        journal.close()
    journals = [Journal.open(log) for log in logs]
    asyncio.run(Upkeep(journals[0], store).check())
    with pytest.raises(OriginTaken) as caught:
        asyncio.run(Upkeep(journals[1], store).check())
    assert caught.value.facts == {"origin": "log.example.kr/one"}
    assert "evidence.origin" in caught.value.hint.en
    for journal in journals:
        journal.close()
    store.close()


def test_a_note_of_an_earlier_version_is_believed_and_taken_over(log: Path, store: Store) -> None:
    journal = Journal.open(log)
    known, tree = journal.notary.checkpoint, marks.c.name.startswith("tree ")
    assert known is not None
    note_high_water(store, journal)
    with store.write() as connection:  # it had no name of the log
        connection.execute(update(marks).where(tree).values(note=known.root.hex()))
    check_high_water(store, journal)
    journal.close()
    write(log, [act("more")])
    journal = Journal.open(log)
    note_high_water(store, journal)
    with store.read() as connection:
        assert connection.execute(select(marks.c.note).where(tree)).scalar_one().endswith(f" {journal.name}")
    journal.close()
    store.close()


def test_the_database_notes_the_furthest_only(log: Path, store: Store) -> None:
    journal = Journal.open(log)
    note_high_water(store, journal)
    known = journal.notary.checkpoint
    assert known is not None
    journal.notary.checkpoint = Checkpoint(known.origin, 3, bytes(32))
    note_high_water(store, journal)
    check_high_water(store, journal)
    journal.close()
    store.close()
