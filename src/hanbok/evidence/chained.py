r"""The log's older form, a chain of lines, and its taking over into the Merkle log at a start.

    {"index":7,"previous":"<64 hex>","entry":{...},"digest":"<64 hex>"}\n

`digest` is the SHA-256 of every byte of the line before `,"digest":`. The whole chain is verified first; then the same
entries, byte for byte, with the same indexes, become the start of the new log, and a `migrate` act right after them
names the chain's first and last digest. As the chain is made of nothing but entries and indexes, whoever noted an old
digest can compute it again from the new log. The old files are kept in `chained/` until entries of theirs expire.
"""

import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act
from hanbok.evidence.errors import LogBroken
from hanbok.evidence.files import sync_directory
from hanbok.evidence.line import Flaw, numbered, seal
from hanbok.evidence.segments import Segment, segments

CHAINED: Final = "chained"
VERB: Final = "migrate"
_NEW: Final = "migrating"
_READY: Final = "migrated"
_GENESIS: Final = b"0" * 64
_SEAM: Final = b',"digest":"'
_ENTRY: Final = b',"entry":'
_END: Final = b'"}\n'
_SEAL: Final = len(_SEAM) + 64 + len(_END)


def migrate(directory: Path) -> int:
    """Take over a chain, if the folder holds one; return how many entries. Raises LogBroken if it is damaged.

    To be called with the folder's lock held. Cut off at any moment, the next call goes on or begins anew.
    """
    count = 0
    if not (directory / _READY).is_dir():
        known = [one for one in segments(directory) if _is_chained(one)]
        if not known:
            return 0
        count = _rewrite(directory, known)
    _swap(directory)
    return count


def _is_chained(segment: Segment) -> bool:
    with segment.path.open("rb") as file:
        return b',"previous":"' in file.read(64)


def _rewrite(directory: Path, known: list[Segment]) -> int:
    new = directory / _NEW
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    index, head, first = 0, _GENESIS, ""
    for segment in known:
        if segment.first != index:
            raise LogBroken(file=segment.path.name, line=1, why=Flaw.MISPLACED.value)
        with (new / segment.path.name).open("wb") as file:
            for entry, digest in _links(segment, head, last=segment is known[-1]):
                first = first or digest.decode()
                file.write(numbered(index) + seal(entry)[1])
                index, head = index + 1, digest
            if segment is known[-1]:
                file.write(numbered(index) + seal(_act(first, head.decode(), index))[1])
            file.flush()
            os.fsync(file.fileno())
    sync_directory(new)
    new.rename(directory / _READY)
    sync_directory(directory)
    return index


def _links(segment: Segment, head: bytes, *, last: bool) -> Iterator[tuple[bytes, bytes]]:
    """Yield each entry and its digest, checked. What a crash left unfinished at the very end is left out."""
    with segment.path.open("rb") as file:
        for number, raw in enumerate(file):
            if last and not raw.endswith(b"\n"):
                return
            digest = raw[-_SEAL + len(_SEAM) : -len(_END)]
            start = b'{"index":%d,"previous":"%b"%b' % (segment.first + number, head, _ENTRY)
            body = raw[:-_SEAL]
            if raw[-_SEAL : -_SEAL + len(_SEAM)] != _SEAM or not raw.endswith(_END):
                raise LogBroken(file=segment.path.name, line=number + 1, why=Flaw.UNREADABLE.value)
            if sha256(body).hexdigest().encode() != digest:
                raise LogBroken(file=segment.path.name, line=number + 1, why=Flaw.CHANGED.value)
            if not body.startswith(start):
                raise LogBroken(file=segment.path.name, line=number + 1, why=Flaw.MISPLACED.value)
            head = digest
            yield body[len(start) :], digest


def _act(first: str, head: str, entries: int) -> bytes:
    facts = {"first": first, "head": head, "entries": str(entries)}
    return msgspec.json.encode(Act(at=stamp(), actor="hanbok", verb=VERB, object=CHAINED, facts=facts))


def _swap(directory: Path) -> None:
    """Put the new files in the place of the old ones, by names alone."""
    old = directory / CHAINED
    old.mkdir(exist_ok=True)
    for segment in segments(directory):
        if _is_chained(segment):
            segment.path.rename(old / segment.path.name)
    for path in sorted((directory / _READY).iterdir()):
        path.rename(directory / path.name)
    sync_directory(old)
    sync_directory(directory)
    (directory / _READY).rmdir()


def chain_of(entries: Iterator[bytes]) -> Iterator[str]:
    """Compute the digests that the older form gave to these entries, the log's first ones."""
    head = _GENESIS
    for index, entry in enumerate(entries):
        head = sha256(b'{"index":%d,"previous":"%b"%b%b' % (index, head, _ENTRY, entry)).hexdigest().encode()
        yield head.decode()
