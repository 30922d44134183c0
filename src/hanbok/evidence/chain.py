r"""The line of a journal, and what makes a chain of lines.

    {"index":7,"previous":"<64 hex>","entry":{...},"digest":"<64 hex>"}\n

`digest` is the SHA-256 of every byte of the line before `,"digest":`, so it covers the index, the entry and, through
`previous` (the digest of the line before; 64 zeros for index 0), all entries so far. No key order, spacing or letter
case is left open: any other byte is a fault. `sha256sum` alone can check a line.

A Merkle log in the tlog-tiles format will take the place of this form; the contract in `log.py` stays.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

GENESIS = b"0" * 64
"""What the first line has as `previous`."""

_SEAM = b',"digest":"'
END = b'"}'
"""How a line ends, but for its line break."""
_END = END + b"\n"
_SEAL = len(_SEAM) + 64 + len(_END)
_ENTRY = b'"entry":'


class Flaw(StrEnum):
    """Why a line is not the next one of the chain."""

    UNREADABLE = "unreadable"
    """Not a line of this format."""
    CHANGED = "changed"
    """Its digest does not fit its bytes."""
    MISPLACED = "misplaced"
    """Its index is not the next one: lines were removed, repeated or reordered."""
    UNLINKED = "unlinked"
    """It names another line as the one before it: that one was replaced."""
    MISSING = "missing"
    """The log ends before the entry that is known to be in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sealed entry, as stored: `raw` is all that a third party needs to check it."""

    index: int
    previous: str
    digest: str
    entry: bytes
    raw: bytes
    file: str = ""


def seal(index: int, previous: bytes, entry: bytes) -> tuple[bytes, bytes]:
    """Return the line of this entry and its digest (hex, as ASCII bytes)."""
    # Joined, not formatted: `%` on bytes takes twice as long.
    body = b"".join((b'{"index":', str(index).encode(), b',"previous":"', previous, b'",', _ENTRY, entry))
    digest = sha256(body).hexdigest().encode()
    return b"".join((body, _SEAM, digest, _END)), digest


def check(raw: bytes, index: int, previous: bytes) -> Flaw | bytes:
    """Return the digest of the line if it is the entry `index` after `previous`, else what is wrong with it."""
    if raw[-_SEAL : -_SEAL + len(_SEAM)] != _SEAM or raw[-len(_END) :] != _END:
        return Flaw.UNREADABLE
    digest = raw[-_SEAL + len(_SEAM) : -len(_END)]
    if sha256(raw[:-_SEAL]).hexdigest().encode() != digest:
        return Flaw.CHANGED
    start = b'{"index":%d,"previous":"' % index
    if not raw.startswith(start):
        return Flaw.MISPLACED
    if not raw.startswith(previous + b'",' + _ENTRY, len(start)):
        return Flaw.UNLINKED
    return digest


def parse(raw: bytes, file: str = "") -> Line:
    """Take a line apart without checking it. Raises ValueError if it does not have the form of one."""
    head, found, rest = raw[:-_SEAL].partition(b"," + _ENTRY)
    opening, _, previous = head.partition(b',"previous":"')
    if not found or not opening.startswith(b'{"index":') or not raw.endswith(_END):
        raise ValueError("not a line of a journal")
    return Line(
        index=int(opening[9:]),
        previous=previous[:-1].decode(),
        digest=raw[-_SEAL + len(_SEAM) : -len(_END)].decode(),
        entry=rest,
        raw=raw,
        file=file,
    )
