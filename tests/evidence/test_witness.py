"""Witnesses: one HTTP witness and a log that asks it; a log that was rolled back or rewritten gets no cosignature."""

import asyncio
import base64
import shutil
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from evidence.logs import act, write
from hanbok.evidence.archive import Archive
from hanbok.evidence.checkpoint import Checkpoint, sign, witnesses_of
from hanbok.evidence.cosigning import WitnessAt, have_cosigned
from hanbok.evidence.errors import LogLocked, LogRolledBack, WitnessesMissing
from hanbok.evidence.journal import Journal
from hanbok.evidence.keychain import read_keys
from hanbok.evidence.note import Kind
from hanbok.evidence.signer import SecretSigner, read_key
from hanbok.evidence.upkeep import Upkeep
from hanbok.evidence.witness import Witness
from hanbok.http.witness import WitnessServer
from hanbok.store.database import Store


@pytest.fixture
def log(tmp_path: Path) -> Path:
    write(tmp_path / "log", [act(number) for number in range(300)])
    return tmp_path / "log"


@pytest.fixture
def witness(log: Path, tmp_path: Path) -> Iterator[Witness]:
    signer = SecretSigner("witness.example/w", bytes(32), Kind.COSIGNATURE)
    one = Witness(tmp_path / "witness", signer, read_keys(log), lambda: 1_700_000_000)
    yield one
    one.close()


@pytest.fixture
def at(witness: Witness) -> Iterator[WitnessAt]:
    with WitnessServer(("127.0.0.1", 0), witness, str(witness._signer.key)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield WitnessAt(witness._signer.key, f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        thread.join()


def request(log: Path, old: int) -> bytes:
    archive = Archive(log)
    proof = "".join(f"{base64.b64encode(one).decode()}\n" for one in archive.consistency(old)) if old else ""
    return f"old {old}\n{proof}\n".encode() + archive.latest.note


def test_a_log_that_grows_is_cosigned_again_and_again(log: Path, at: WitnessAt) -> None:
    for turn in range(3):
        assert have_cosigned(log, [at], 1) == ["witness.example/w"]
        witnessed = Archive(log).witnessed()
        assert witnessed is not None
        assert witnessed.checkpoint == Archive(log).latest.checkpoint
        assert witnesses_of(witnessed.note, at.key) == {str(at.key): 1_700_000_000}
        write(log, [act(turn)])
    proof = Archive(log).proof(7)
    assert witnesses_of(proof.note, at.key)
    assert proof.check(*read_keys(log), entry=Archive(log).entry(7)).size == 302


def test_a_folder_put_back_to_an_older_state_is_found_by_the_witness(
    log: Path, at: WitnessAt, tmp_path: Path
) -> None:
    shutil.copytree(log, tmp_path / "older")
    write(log, [act("more")])
    have_cosigned(log, [at], 1)
    shutil.rmtree(log)
    (tmp_path / "older").rename(log)
    with pytest.raises(LogRolledBack) as caught:
        have_cosigned(log, [at], 1)
    assert caught.value.facts == {"witness": "witness.example/w", "size": 301}
    # and when it has grown past what the witness saw, with other entries
    write(log, [act(number) for number in range(5)])
    with pytest.raises(LogRolledBack):
        have_cosigned(log, [at], 1)


async def test_a_server_does_not_start_on_a_log_that_a_witness_saw_longer(
    log: Path, at: WitnessAt, tmp_path: Path
) -> None:
    older = await asyncio.to_thread(shutil.copytree, log, tmp_path / "older")
    await asyncio.to_thread(write_in_thread, log)
    await asyncio.to_thread(have_cosigned, log, [at], 1)
    store = Store.open(f"sqlite:///{tmp_path / 'db'}")
    journal = Journal.open(older)
    with pytest.raises(LogRolledBack):
        await Upkeep(journal, store, [at], 1).check()
    journal.close()
    store.close()


def write_in_thread(log: Path) -> None:
    write(log, [act("more")])


def test_a_witness_that_is_away_is_named_and_the_others_are_enough(log: Path, at: WitnessAt) -> None:
    away = WitnessAt(SecretSigner("away.example", bytes(32), Kind.COSIGNATURE).key, "http://127.0.0.1:9")
    assert have_cosigned(log, [away, at], 1) == ["witness.example/w"]
    with pytest.raises(WitnessesMissing) as caught:
        have_cosigned(log, [away, at], 2)
    assert "away.example" in str(caught.value)


def test_an_answer_that_another_key_signed_does_not_count(log: Path, at: WitnessAt) -> None:
    stranger = WitnessAt(SecretSigner("witness.example/w", bytes(range(32)), Kind.COSIGNATURE).key, at.url)
    with pytest.raises(WitnessesMissing):
        have_cosigned(log, [stranger], 1)


def test_the_witness_answers_as_the_protocol_says(log: Path, witness: Witness) -> None:
    ask = witness.add_checkpoint
    note = Archive(log).latest.note
    assert ask(b"").status == 400
    assert ask(b"old x\n\n" + note).status == 400
    assert ask(b"old 00\n\n" + note).status == 400
    assert ask(b"old 0\n" + b"AAAA\n" + b"\n" + note).status == 400
    assert ask(b"old 0\n" + base64.b64encode(bytes(32)) * 1 + b"\n\n" + note).status == 422
    assert ask(b"old 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\n" + note).status == 400
    assert ask(b"old 301\n\n" + note).status == 400
    assert ask(b"old 7\n\n" + note) == (409, "0\n", "text/x.tlog.size")
    stranger = SecretSigner("unknown.example", bytes(32))
    assert ask(b"old 0\n\n" + sign(Checkpoint("unknown.example", 1, bytes(32)), stranger)).status == 404
    forger = SecretSigner(read_keys(log)[0].name, bytes(32))
    assert ask(b"old 0\n\n" + sign(Checkpoint(forger.key.name, 1, bytes(32)), forger)).status == 403
    assert ask(request(log, 0)).status == 200
    assert ask(request(log, 0)) == (409, "300\n", "text/x.tlog.size")
    assert ask(request(log, 300)).status == 200
    signer = read_key(log / "signing.key")
    other = sign(Checkpoint(signer.key.name, 300, bytes(32)), signer)
    assert ask(b"old 300\n\n" + other) == (409, "300\n", "text/x.tlog.size")
    longer = sign(Checkpoint(signer.key.name, 301, bytes(32)), signer)
    assert ask(b"old 300\n\n" + longer).status == 422
    shorter = sign(Checkpoint(signer.key.name, 299, bytes(32)), signer)
    assert ask(b"old 300\n\n" + shorter).status == 400
    assert ask(b"old 299\n\n" + shorter).status == 409


def test_what_a_witness_saw_outlives_it(log: Path, witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(request(log, 0))
    with pytest.raises(LogLocked):
        Witness(tmp_path / "witness", witness._signer, read_keys(log))
    witness.close()
    again = Witness(tmp_path / "witness", witness._signer, read_keys(log))
    assert again.add_checkpoint(request(log, 0)).body == "300\n"
    witness._file = again._file


def test_a_checkpoint_that_cannot_be_kept_is_not_cosigned(
    log: Path, witness: Witness, at: WitnessAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hanbok.evidence.witness.replace_durably", full)
    with pytest.raises(WitnessesMissing) as caught:
        have_cosigned(log, [at], 1)
    assert "503" in str(caught.value)
    monkeypatch.undo()
    assert have_cosigned(log, [at], 1)


def test_of_many_at_once_the_witness_cosigns_one_history(log: Path, witness: Witness, tmp_path: Path) -> None:
    branches = []
    for name in range(6):
        branch = Path(shutil.copytree(log, tmp_path / f"branch{name}"))
        write(branch, [act(f"only in {name}")])
        branches.append(request(branch, 0))
    with_one_mind: list[int] = []
    threads = [
        threading.Thread(target=lambda body=body: with_one_mind.append(witness.add_checkpoint(body).status))
        for body in branches
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(with_one_mind) == [200, 409, 409, 409, 409, 409]


def test_the_service_tells_its_key_and_reads_no_more_than_it_must(at: WitnessAt) -> None:
    host = at.url.removeprefix("http://")
    for method, path, headers, status in (
        ("GET", "/", {}, 200),
        ("GET", "/else", {}, 404),
        ("POST", "/else", {}, 404),
        ("POST", "/add-checkpoint", {"content-length": "100000"}, 413),
        ("POST", "/add-checkpoint", {"content-length": "x"}, 411),
    ):
        connection = HTTPConnection(host, timeout=5)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        assert answer.status == status, (path, body)
        assert path != "/" or body == f"{at.key}\n"
        connection.close()
