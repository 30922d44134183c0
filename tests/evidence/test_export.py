"""The exported tree verifies alone; each of a list of tamperings with it is found and located."""

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.logs import act, write
from hanbok.evidence.archive import Archive
from hanbok.evidence.checkpoint import Checkpoint, sign
from hanbok.evidence.export import export, verify_export
from hanbok.evidence.keychain import read_keys
from hanbok.evidence.line import Flaw
from hanbok.evidence.merkle import leaf_hash
from hanbok.evidence.note import NoteInvalid
from hanbok.evidence.proof import Proof
from hanbok.evidence.signer import SecretSigner

SIZE = 600


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exported") / "log"
    write(directory, [act(number) for number in range(SIZE)], segment_bytes=20_000)
    return directory


@pytest.fixture
def tree(log: Path, tmp_path: Path) -> Path:
    assert export(log, tmp_path / "tree") == SIZE
    return tmp_path / "tree"


def test_the_tree_holds_what_the_specification_names_and_no_secret(
    log: Path, tree: Path, tmp_path: Path
) -> None:
    names = sorted(str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file())
    assert names == [
        "checkpoint",
        "log.vkey",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
    ]
    secret = (log / "signing.key").read_text().strip().split("+", 4)[4].encode()
    assert not any(secret in path.read_bytes() for path in tree.rglob("*") if path.is_file())
    for target in ("log.tar", "log.tar.gz"):
        export(log, tmp_path / target)
        found = verify_export(tmp_path / target, key=read_keys(log)[0])
        assert (found.ok, found.entries, found.signed) == (True, SIZE, SIZE)
    assert verify_export(tree) == verify_export(tmp_path / "log.tar")


def replaced(path: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        data = (tree / path).read_bytes()
        assert old in data
        (tree / path).write_bytes(data.replace(old, new, 1))

    return change


def forge_entry(tree: Path) -> None:
    """Change an entry together with its leaf hash, as who knows the format would."""
    path = tree / "tile/entries/001"
    old = path.read_bytes()
    start = old.index(b'{"entry"', old.index(b'"object":"299"'))
    entry = old[start : old.index(b"}", start) + 1]
    forged = entry.replace(b"write", b"wrote")
    path.write_bytes(old.replace(entry, forged))
    tile = tree / "tile/0/001"
    tile.write_bytes(tile.read_bytes().replace(leaf_hash(entry), leaf_hash(forged)))


def cut(tree: Path) -> None:
    (tree / "tile/entries/002.p/88").unlink()


def swap(tree: Path) -> None:
    first, second = tree / "tile/entries/000", tree / "tile/entries/001"
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)


def sign_otherwise(tree: Path) -> None:
    name = read_keys(tree)[0].name
    stranger = SecretSigner(name, bytes(32))
    note = sign(Checkpoint(name, SIZE, Archive_root(tree)), stranger)
    (tree / "checkpoint").write_bytes(note)


def Archive_root(tree: Path) -> bytes:  # noqa: N802
    return base64.b64decode((tree / "checkpoint").read_text().split("\n")[2])


@pytest.mark.parametrize(
    ("tamper", "file", "line", "flaw"),
    [
        (replaced("tile/entries/001", b'"299"', b'"298"'), "tile/entries/001", 44, Flaw.CHANGED),
        (replaced("tile/entries/000", b"\0", b"\x01"), "tile/entries/000", 1, Flaw.CHANGED),
        (forge_entry, "tile/1/000.p/2", 2, Flaw.TILE),
        (cut, "tile/entries/002.p/88", 1, Flaw.MISSING),
        (swap, "tile/entries/000", 1, Flaw.CHANGED),
        (lambda tree: (tree / "tile/0/001").unlink(), "tile/0/001", 1, Flaw.TILE),
        (lambda tree: (tree / "checkpoint").unlink(), "checkpoint", 1, Flaw.MISSING),
        (replaced("checkpoint", b"\n600\n", b"\n601\n"), None, None, None),
        (replaced("checkpoint", b"\n600\n", b"\n599\n"), None, None, None),
        (sign_otherwise, "checkpoint", 5, Flaw.SIGNATURE),
    ],
)
def test_a_tampering_is_found_and_located(
    tree: Path, tamper: Callable[[Path], object], file: str | None, line: int | None, flaw: Flaw | None
) -> None:
    key = read_keys(tree)[0]
    tamper(tree)
    fault = verify_export(tree, key=key).fault
    assert fault is not None
    if file is not None:
        assert (fault.file, fault.line, fault.flaw) == (file, line, flaw)


def test_another_history_under_the_same_key_is_found_by_a_noted_checkpoint(log: Path, tmp_path: Path) -> None:
    noted = Archive(log).latest.checkpoint
    other = Path(shutil.copytree(log, tmp_path / "other"))
    write(other, [act("more")])
    export(other, tmp_path / "tree")
    assert verify_export(tmp_path / "tree", since=noted).ok
    fault = verify_export(tmp_path / "tree", since=Checkpoint(noted.origin, SIZE, bytes(32))).fault
    assert fault is not None
    assert (fault.file, fault.flaw, fault.index) == ("--since", Flaw.ROOT, SIZE)


@pytest.mark.parametrize("index", [0, 1, 255, 256, 511, 512, 599])
def test_a_proof_file_stands_alone_and_each_change_in_it_is_refused(log: Path, index: int) -> None:
    archive = Archive(log)
    key = read_keys(log)[0]
    text = Proof(
        index=index,
        path=archive.proof(index).path,
        note=archive.latest.note,
        entry=archive.entry(index),
    ).text()
    proof = Proof.parse(text)
    assert proof.text() == text
    assert proof.check(key) == archive.latest.checkpoint
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not line or line.startswith("\u2014"):
            continue
        middle = len(line) // 2
        changed = "B" if line[middle] != "B" else "C"
        damaged = "\n".join(
            [*lines[:number], line[:middle] + changed + line[middle + 1 :], *lines[number + 1 :]]
        )
        with pytest.raises(NoteInvalid):
            Proof.parse(damaged).check(key)
    with pytest.raises(NoteInvalid):
        proof.check(key, entry=b"another")
