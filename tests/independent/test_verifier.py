"""Others verify the log with code that is not ours: Go's sumdb packages, as Debian carries them."""

import asyncio
import base64
import hashlib
import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hanbok.core.clock import stamp
from hanbok.evidence.archive import Archive
from hanbok.evidence.checkpoint import Checkpoint, sign
from hanbok.evidence.entry import Act
from hanbok.evidence.export import export, verify_export
from hanbok.evidence.journal import Journal
from hanbok.evidence.note import Note, NoteInvalid, VerifierKey
from hanbok.evidence.proof import Proof
from hanbok.evidence.signer import SecretSigner
from hanbok.evidence.verify import verify

HERE = Path(__file__).parent
MODULES = Path("/usr/share/gocode")
ENTRIES = 700


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go")
    if go is None or not (MODULES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("no Go with its sumdb packages (Debian: apt install golang-go golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("verifier")
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(MODULES),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    built = subprocess.run(
        [go, "build", "-o", folder / "verifier", HERE / "verifier" / "main.go"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder / "verifier"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log in its own folder, its export, and an older checkpoint."""
    folder = tmp_path_factory.mktemp("log")

    async def write(start: int, stop: int) -> None:
        journal = Journal.open(folder / "log")
        try:
            for number in range(start, stop):
                journal.post(Act(at=stamp(), actor="시험", verb="count", object=str(number)))
            await journal.append(Act(at=stamp(), actor="시험", verb="end", object=str(stop)))
        finally:
            await asyncio.to_thread(journal.close)

    asyncio.run(write(0, 300))
    shutil.copy(folder / "log" / "checkpoint", folder / "older")
    shutil.copytree(folder / "log", folder / "first")
    asyncio.run(write(300, ENTRIES))
    export(folder / "log", folder / "export")
    return folder


@pytest.fixture
def exported(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written / "export", tmp_path / "export")
    return tmp_path / "export"


@pytest.fixture(scope="module")
def vkey(written: Path) -> str:
    """The key as somebody noted it when the log began."""
    return str(verify(written / "log").key)


def run(verifier: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([verifier, *map(str, arguments)], capture_output=True, text=True, check=False)


def bundle(export: Path, number: int) -> Path:
    """Return the file of a bundle of entries."""
    whole = export / "tile" / "entries" / f"{number:03d}"
    return whole if whole.is_file() else next((whole.parent / f"{number:03d}.p").iterdir())


def entries_of(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    while data:
        (size,) = struct.unpack_from(">H", data)
        found.append(data[2 : 2 + size])
        data = data[2 + size :]
    return found


def packed(entries: list[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(one)) + one for one in entries)


def test_every_entry_of_an_export_is_verified_and_the_older_checkpoint_continued(
    verifier: Path, exported: Path, written: Path, vkey: str
) -> None:
    for older in ((), (written / "older",)):
        done = run(verifier, "tree", exported, vkey, *older)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{verify(written / 'log').entries} entries, 0 expired")


@pytest.mark.parametrize("index", [0, 1, 255, 256, 511, ENTRIES])
def test_a_proof_of_one_entry_is_accepted(
    verifier: Path, written: Path, vkey: str, index: int, tmp_path: Path
) -> None:
    archive = Archive(written / "log")
    file = tmp_path / "one"
    file.write_text(msgspec.structs.replace(archive.proof(index), entry=archive.entry(index)).text())
    done = run(verifier, "proof", file, vkey)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"entry {index} of ")


def changed(export: Path) -> None:
    file = bundle(export, 1)
    file.write_bytes(file.read_bytes().replace(b'"object":"300"', b'"object":"301"', 1))


def swapped(export: Path) -> None:
    file = bundle(export, 0)
    entries = entries_of(file.read_bytes())
    entries[10], entries[11] = entries[11], entries[10]
    file.write_bytes(packed(entries))


def removed(export: Path) -> None:
    file = bundle(export, 0)
    file.write_bytes(packed(entries_of(file.read_bytes())[1:]))


def cut(export: Path) -> None:
    file = bundle(export, 2)
    file.write_bytes(file.read_bytes()[:-10])


def added(export: Path) -> None:
    file = bundle(export, 0)
    file.write_bytes(file.read_bytes() + packed([b"{}"]))


def changed_with_its_tile(export: Path) -> None:
    """An entry and its leaf hash both: only the signed root tells."""
    file, tile = bundle(export, 0), export / "tile" / "0" / "000"
    entries, leaves = entries_of(file.read_bytes()), bytearray(tile.read_bytes())
    entries[5] = entries[5].replace(b'"count"', b'"mount"')
    leaves[5 * 32 : 6 * 32] = hashlib.sha256(b"\0" + entries[5]).digest()
    file.write_bytes(packed(entries))
    tile.write_bytes(leaves)


def grown(export: Path) -> None:
    file = export / "checkpoint"
    lines = file.read_text().split("\n")
    file.write_text("\n".join([lines[0], str(int(lines[1]) + 1), *lines[2:]]))


def signed_by_another(export: Path) -> None:
    file = export / "checkpoint"
    text = Note.parse(file.read_bytes()).text
    name = text.partition("\n")[0]
    file.write_bytes(sign(Checkpoint.parse(text), SecretSigner.new(name)))


@pytest.mark.parametrize(
    "tamper",
    [changed, swapped, removed, cut, added, changed_with_its_tile, grown, signed_by_another],
    ids=lambda one: one.__name__,
)
def test_a_changed_export_is_rejected_by_both(
    verifier: Path, exported: Path, vkey: str, tamper: Callable[[Path], None]
) -> None:
    assert run(verifier, "tree", exported, vkey).returncode == 0
    tamper(exported)
    assert run(verifier, "tree", exported, vkey).returncode == 1
    assert not verify_export(exported, key=VerifierKey.parse(vkey)).ok


def test_a_log_that_was_put_back_is_rejected_by_whoever_noted_a_later_checkpoint(
    verifier: Path, exported: Path, written: Path, vkey: str, tmp_path: Path
) -> None:
    shutil.copy(exported / "checkpoint", tmp_path / "noted")
    old = tmp_path / "old"
    shutil.copytree(written / "first", old)
    export(old, tmp_path / "put-back")
    assert run(verifier, "tree", tmp_path / "put-back", vkey).returncode == 0
    rejected = run(verifier, "tree", tmp_path / "put-back", vkey, tmp_path / "noted")
    assert rejected.returncode == 1
    assert "rolled back" in rejected.stderr
    noted = Checkpoint.parse(Note.parse((tmp_path / "noted").read_bytes()).text)
    assert not verify(old, since=noted).ok


@pytest.mark.parametrize("line", [1, 2, 3, 6])
def test_a_changed_proof_is_rejected_by_both(
    verifier: Path, written: Path, vkey: str, line: int, tmp_path: Path
) -> None:
    archive = Archive(written / "log")
    lines = msgspec.structs.replace(archive.proof(300), entry=archive.entry(300)).text().split("\n")
    if line == 1:
        lines[1] = "extra " + base64.b64encode(archive.entry(301)).decode()
    elif line == 2:
        lines[2] = "index 301"
    else:
        lines[line] = base64.b64encode(bytes(32)).decode()
    file = tmp_path / "changed"
    file.write_text("\n".join(lines))
    assert run(verifier, "proof", file, vkey).returncode == 1
    with pytest.raises(NoteInvalid):
        Proof.parse(file.read_text()).check(VerifierKey.parse(vkey))
