"""What a start makes of a log's folder: its end, its tree and its key, checked against the signed checkpoint."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from hanbok.evidence.chained import CHAINED, VERB, migrate
from hanbok.evidence.checkpoint import Checkpoint, opened
from hanbok.evidence.entry import Act, KeyAct
from hanbok.evidence.errors import LogBroken
from hanbok.evidence.files import replace_durably, sync_directory
from hanbok.evidence.keychain import CHECKPOINT, KEYS, key_in_force, read_keys
from hanbok.evidence.line import Flaw
from hanbok.evidence.note import NoteInvalid, VerifierKey
from hanbok.evidence.segments import lines, open_record, size_of
from hanbok.evidence.signer import SecretSigner, Signer, kept_or_new, read_key
from hanbok.evidence.tail import Place, Torn, survey
from hanbok.evidence.tile import Edge, Shelf
from hanbok.evidence.verify import verify

KEY_FILE: Final = "signing.key"
NEXT: Final = "signing.key.next"
"""The key that takes over, until the log says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The folder as a start found it."""

    place: Place
    torn: Torn | None
    signer: Signer
    edge: Edge
    """The tree at the checkpoint."""
    checkpoint: Checkpoint | None
    repaired: int = 0
    """Tiles that had to be made again."""

    def leaves(self) -> list[bytes]:
        """Return the leaf hashes of the entries that follow the checkpoint."""
        return list(_leaves(self.place.segment.path.parent, self.edge.size, self.place.index))


def restore(directory: Path, signer: Signer | None, origin: str) -> Restored:
    """Read the folder. Raises LogBroken where it is not what was signed, LogUnavailable, OSError.

    `signer`: None for the key in the folder's file, made for a new log under the name `origin`.
    """
    migrated = migrate(directory)
    place, torn = survey(directory)
    signer = signer or _own_signer(directory, origin)
    try:
        data = (directory / CHECKPOINT).read_bytes()
    except FileNotFoundError:
        if place.index and not (migrated or _begins_migrated(directory)):
            raise LogBroken(file=CHECKPOINT, line=1, why=Flaw.MISSING.value) from None
        name_key(directory, signer.key)
        return Restored(place=place, torn=torn, signer=signer, edge=Edge(), checkpoint=None)
    checkpoint = _checked(directory, data, signer.key)
    if checkpoint.size > place.index:
        line = place.index - place.segment.first + 1
        raise LogBroken(file=place.segment.path.name, line=line, why=Flaw.MISSING.value)
    name_key(directory, signer.key)
    edge = shelf_of(directory, checkpoint.size).edge()
    repaired = 0
    if edge.root() != checkpoint.root:
        edge, repaired = _repair(directory, checkpoint)
    return Restored(
        place=place, torn=torn, signer=signer, edge=edge, checkpoint=checkpoint, repaired=repaired
    )


def _begins_migrated(directory: Path) -> bool:
    """Tell a log that a crash kept from being signed for right after its migration: nothing else is in it."""
    entries = list(islice(lines(directory, max(size_of(directory) - 1, 0)), 1))
    last = open_record(entries[0]).entry if entries else None
    return isinstance(last, Act) and last.verb == VERB and (directory / CHAINED).is_dir()


def shelf_of(directory: Path, size: int) -> Shelf:
    """Return the tree over the first `size` entries of a folder: from its tiles, and from lines where none is."""
    return Shelf(directory, size, lambda low, high: b"".join(_leaves(directory, low, high)))


def _leaves(directory: Path, low: int, high: int) -> Iterator[bytes]:
    for line in lines(directory, low, high):
        yield bytes.fromhex(line.leaf)


def _checked(directory: Path, data: bytes, key: VerifierKey) -> Checkpoint:
    """Open the checkpoint: signed by this key, or by one that names it in an entry which is not signed for yet."""
    checkpoint, why = None, ""
    for one in dict.fromkeys([key, *reversed(_known_keys(directory))]):
        try:
            found = opened(data, one)
        except NoteInvalid as error:
            why = why or f": {error}"
            continue
        if key_in_force(one, _key_acts(directory, found.size), sys.maxsize) == key:
            checkpoint = found
            break
    if checkpoint is None or checkpoint.origin != key.name:
        raise LogBroken(file=CHECKPOINT, line=5, why=f"{Flaw.SIGNATURE.value}{why}")
    return checkpoint


def _key_acts(directory: Path, start: int) -> Iterator[tuple[int, KeyAct]]:
    for line in lines(directory, start):
        if line.entry.startswith(b'{"entry":"key_act"'):
            entry = open_record(line).entry
            if isinstance(entry, KeyAct):
                yield line.index, entry


def _repair(directory: Path, checkpoint: Checkpoint) -> tuple[Edge, int]:
    """Make the tiles again from the lines: a power cut may have spoilt them. Raises LogBroken if the lines differ."""
    edge, repaired = Edge(), 0
    for tile, data in edge.add(_leaves(directory, 0, checkpoint.size)):
        path = directory / tile.path
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_durably(path, data)
            repaired += 1
    if edge.root() != checkpoint.root:
        fault = verify(directory).fault
        if fault:
            raise LogBroken(file=fault.file, line=fault.line, why=fault.flaw.value)
        raise LogBroken(file=CHECKPOINT, line=3, why=Flaw.ROOT.value)
    return edge, repaired


def _own_signer(directory: Path, origin: str) -> SecretSigner:
    """Return the folder's key, with a change of keys that was cut off finished."""
    finish_change(directory)
    return kept_or_new(directory / KEY_FILE, origin)


def finish_change(directory: Path) -> None:
    """Put a key in its place that the log tells of already, and drop one that it does not."""
    following = directory / NEXT
    if not following.is_file():
        return
    if _is_told_of(directory, read_key(following).key):
        following.replace(directory / KEY_FILE)
    else:
        following.unlink()
    sync_directory(directory)


def _is_told_of(directory: Path, key: VerifierKey) -> bool:
    """Whether a key has signed the checkpoint, or is named by an entry after the one that the key before signed."""
    try:
        data = (directory / CHECKPOINT).read_bytes()
        with suppress(NoteInvalid):
            return opened(data, key).size > 0
        checkpoint = opened(data, read_key(directory / KEY_FILE).key)
    except (FileNotFoundError, NoteInvalid):
        return False
    return any(act.after == str(key) for _, act in _key_acts(directory, checkpoint.size))


def name_key(directory: Path, key: VerifierKey) -> None:
    """Have the list of public keys end with this one."""
    keys = _known_keys(directory)
    if keys[-1:] != [key]:
        text = "".join(f"{one}\n" for one in [*keys, key])
        replace_durably(directory / KEYS, text.encode(), mode=0o644)


def _known_keys(directory: Path) -> list[VerifierKey]:
    try:
        return read_keys(directory)
    except (FileNotFoundError, NoteInvalid):
        return []
