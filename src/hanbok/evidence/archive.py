"""Reading a log's folder as what it is to others: checkpoint, tiles, bundles of entries, proofs.

Needs the files alone, so it serves beside the process that writes them as well as on a copy. What it hands out about
the tree is worked out for the size of the signed checkpoint, and checked against it.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from hanbok.evidence.checkpoint import Checkpoint
from hanbok.evidence.errors import LogBroken, NotInLog
from hanbok.evidence.keychain import CHECKPOINT, WITNESSED
from hanbok.evidence.line import Flaw
from hanbok.evidence.merkle import consistency, inclusion, root, root_of
from hanbok.evidence.note import Note, NoteInvalid
from hanbok.evidence.proof import Proof
from hanbok.evidence.restore import shelf_of
from hanbok.evidence.segments import lines
from hanbok.evidence.tile import WIDTH, Tile


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint with the note that holds it."""

    checkpoint: Checkpoint
    note: bytes


class Archive:
    """A log's folder at the checkpoint that is in it now. Reads files: use it in a thread."""

    def __init__(self, directory: Path) -> None:
        """Raise LogBroken when the folder holds no checkpoint."""
        self._directory = directory
        self.latest = _read(directory / CHECKPOINT)
        self._shelf = shelf_of(directory, self.latest.checkpoint.size)

    @property
    def signed(self) -> int:
        """How many entries the signed checkpoint covers."""
        return self.latest.checkpoint.size

    def witnessed(self) -> Signed | None:
        """Return the newest checkpoint that enough witnesses cosigned."""
        path = self._directory / WITNESSED
        return _read(path) if path.is_file() else None

    def tile(self, tile: Tile) -> bytes:
        """Return a tile's bytes. Raises NotInLog."""
        try:
            return self._shelf.tile(tile)
        except ValueError as error:
            raise NotInLog(what=tile.path) from error

    def bundle(self, number: int, width: int = WIDTH) -> bytes:
        """Return a bundle of entries; one that has expired has length 0. Raises NotInLog."""
        start = number * WIDTH
        if not 1 <= width <= WIDTH or start + width > self.signed:
            raise NotInLog(what=f"entries {start} to {start + width - 1}")
        entries = [line.entry for line in lines(self._directory, start, start + width)]
        return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)

    def entry(self, index: int) -> bytes:
        """Return an entry's bytes; empty when it has expired. Raises NotInLog."""
        line = next(lines(self._directory, index, index + 1), None)
        if line is None or line.index != index:
            raise NotInLog(what=f"entry {index}")
        return line.entry

    def proof(self, index: int) -> Proof:
        """Prove that an entry is in the log, to the witnessed checkpoint if it covers the entry. Raises NotInLog."""
        witnessed = self.witnessed()
        signed = witnessed if witnessed and index < witnessed.checkpoint.size <= self.signed else self.latest
        size = signed.checkpoint.size
        if not 0 <= index < size:
            raise NotInLog(what=f"entry {index}")
        path = inclusion(self._shelf.node, index, size)
        if root_of(self._shelf.node(0, index), index, size, path) != signed.checkpoint.root:
            raise LogBroken(file=Tile(0, index // WIDTH).path, line=index % WIDTH + 1, why=Flaw.TILE.value)
        return Proof(index=index, path=tuple(path), note=signed.note)

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` entries. Raises NotInLog."""
        if not 0 <= size <= self.signed:
            raise NotInLog(what=f"entry {size - 1}")
        return root(self._shelf.node, size)

    def consistency(self, old: int) -> list[bytes]:
        """Prove that the tree of `old` entries is the start of the one of the checkpoint. Raises NotInLog."""
        if not 0 <= old <= self.signed:
            raise NotInLog(what=f"entry {old - 1}")
        return consistency(self._shelf.node, old, self.signed)


def _read(path: Path) -> Signed:
    try:
        data = path.read_bytes()
        return Signed(Checkpoint.parse(Note.parse(data).text), data)
    except FileNotFoundError as error:
        raise LogBroken(file=path.name, line=1, why=Flaw.MISSING.value) from error
    except NoteInvalid as error:
        raise LogBroken(file=path.name, line=1, why=f"{Flaw.SIGNATURE.value}: {error}") from error
