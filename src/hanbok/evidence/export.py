"""A log as a tree of static files that any web server can serve, and its checking without anything else.

The layout is that of C2SP tlog-tiles: `checkpoint`, `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`, and beside
them `log.vkey` and, where there is one, `witnessed`. In a bundle an entry whose time is over has length 0; its leaf
hash is in the tile of level 0 as before. The signing key and unfinished bytes are never in it.
"""

import io
import struct
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from hanbok.evidence.archive import Archive
from hanbok.evidence.checkpoint import Checkpoint
from hanbok.evidence.keychain import CHECKPOINT, KEYS, WITNESSED
from hanbok.evidence.line import Flaw, Line
from hanbok.evidence.merkle import leaf_hash
from hanbok.evidence.note import VerifierKey
from hanbok.evidence.reading import NOTED, Reading, Verification, checkpoint_note
from hanbok.evidence.tile import HASH, WIDTH, Tile, hashes_in, numbered_path, tiles_of
from hanbok.evidence.walk import Fault

ENTRIES: Final = "tile/entries/"
_LENGTH: Final = 2


def export(directory: Path, target: Path) -> int:
    """Write the log's tree to a folder, or to an archive when `target` ends in .tar or .tar.gz; return its size."""
    if target.name.endswith((".tar", ".tar.gz", ".tgz")):
        with tarfile.open(target, "w" if target.suffix == ".tar" else "w:gz") as archive:
            return _write(directory, lambda path, data: _add(archive, path, data))
    return _write(directory, lambda path, data: _put(target / path, data))


def verify_export(
    source: Path,
    *,
    key: VerifierKey | None = None,
    since: Checkpoint | None = None,
    expect: str | None = None,
) -> Verification:
    """Check an exported tree, in a folder or an archive, as `verify` checks a log's own folder."""
    if source.is_file():
        with tarfile.open(source) as archive:
            return _verify(lambda path: _member(archive, path), key, since, expect)
    return _verify(lambda path: _file(source / path), key, since, expect)


def is_export(path: Path) -> bool:
    """Tell an exported tree from a log's own folder."""
    return path.is_file() or (path / ENTRIES).is_dir()


def _write(directory: Path, put: Callable[[str, bytes], None]) -> int:
    archive = Archive(directory)
    witnessed = archive.witnessed()
    sizes = {archive.signed} | ({witnessed.checkpoint.size} if witnessed else set[int]())
    done = set[str]()
    for size in sizes:
        for tile in tiles_of(size):
            if tile.path in done:
                continue
            done.add(tile.path)
            put(tile.path, archive.tile(tile))
            if tile.level == 0:
                put(bundle_path(tile), archive.bundle(tile.number, tile.width))
    put(KEYS, (directory / KEYS).read_bytes())
    if witnessed:
        put(WITNESSED, witnessed.note)
    put(CHECKPOINT, archive.latest.note)
    return archive.signed


def bundle_path(tile: Tile) -> str:
    """Return the address of the entries whose hashes are in this tile of level 0."""
    return ENTRIES + numbered_path(tile.number, tile.width)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _add(archive: tarfile.TarFile, path: str, data: bytes) -> None:
    member = tarfile.TarInfo(path)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _member(archive: tarfile.TarFile, path: str) -> bytes | None:
    try:
        file = archive.extractfile(path)
    except KeyError:
        return None
    return file.read() if file else None


def _file(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _verify(
    read: Callable[[str], bytes | None], key: VerifierKey | None, since: Checkpoint | None, expect: str | None
) -> Verification:
    note, fault = checkpoint_note(read(CHECKPOINT))
    if note is None:
        return Verification(fault=fault or Fault(file=CHECKPOINT, line=1, index=0, flaw=Flaw.MISSING))
    size = Checkpoint.parse(note.text).size

    def place(index: int) -> tuple[str, int]:
        number, at = divmod(index, WIDTH)
        return bundle_path(Tile(0, number, min(size - number * WIDTH, WIDTH))), at + 1

    reading = Reading(read, place, expect or "")
    reading.await_root(CHECKPOINT, Checkpoint.parse(note.text))
    if since is not None:
        reading.await_root(NOTED, since)
    fault = reading.at_size()
    for tile in tiles_of(size):
        fault = fault or _through(read, reading, tile)
    fault = fault or reading.missing(CHECKPOINT, 2) or reading.unlawful()
    return reading.result(note=note, key=key, fault=fault)


def _through(read: Callable[[str], bytes | None], reading: Reading, tile: Tile) -> Fault | None:
    """Take up the entries of a tile of level 0; of a higher tile it is enough that it is there."""
    hashes = hashes_in(read(tile.path) or b"")
    start = tile.number * WIDTH
    if len(hashes) != tile.width or len(hashes[-1]) != HASH:
        return Fault(file=tile.path, line=len(hashes) + 1, index=start, flaw=Flaw.TILE)
    if tile.level:
        return None
    path = bundle_path(tile)
    entries = list(_split(read(path) or b""))
    for at, leaf in enumerate(hashes):
        index = start + at
        if at >= len(entries):
            return Fault(file=path, line=at + 1, index=index, flaw=Flaw.MISSING)
        if entries[at] and leaf_hash(entries[at]) != leaf:
            return Fault(file=path, line=at + 1, index=index, flaw=Flaw.CHANGED)
        fault = reading.take(Line(index=index, leaf=leaf.hex(), entry=entries[at], raw=b""))
        if fault:
            return fault
    return (
        Fault(file=path, line=len(hashes) + 1, index=start, flaw=Flaw.UNREADABLE)
        if len(entries) > len(hashes)
        else None
    )


def _split(bundle: bytes) -> Iterator[bytes]:
    at = 0
    while at + _LENGTH <= len(bundle):
        (length,) = struct.unpack_from(">H", bundle, at)
        at += _LENGTH
        yield bundle[at : at + length]
        at += length
    if at != len(bundle):
        yield b"\0"  # a rest that is no entry
