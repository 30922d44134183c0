r"""The line of a segment: one entry of the log as it is stored.

    {"index":7,"leaf":"<64 hex>","entry":{...}}\n     an entry
    {"index":7,"leaf":"<64 hex>"}\n                   an entry whose time of keeping is over (`expiry.py`)

`leaf` is the hash of the entry's bytes as a leaf of the Merkle tree: SHA-256 of a zero byte and these bytes. No key
order, spacing or letter case is left open. A line checks itself against accidents; what proves it against a forger is
the tree over all leaves, whose root is signed (`checkpoint.py`).
"""

from enum import StrEnum
from hashlib import sha256

import msgspec

_LEAF = b',"leaf":"'
_SEAM = b'","entry":'
_HEX = 64
END = b"}\n"
"""How a line ends."""
_GONE = b'"' + END


class Flaw(StrEnum):
    """Why something is not what the log says."""

    UNREADABLE = "unreadable"
    """Not a line of this format."""
    CHANGED = "changed"
    """Its leaf hash does not fit its entry's bytes."""
    MISPLACED = "misplaced"
    """Its index is not the next one: lines were removed, repeated or reordered."""
    REPLACED = "replaced"
    """The line fits itself, but the tree has another leaf at this index."""
    MISSING = "missing"
    """The log ends before an entry that is known to be in it."""
    ERASED = "erased"
    """The entry's bytes are gone, and no act of the log says that its time was over."""
    TILE = "tile"
    """A tile does not hold the hashes of the tree."""
    ROOT = "root"
    """The tree is not the one that the checkpoint was signed for: entries were replaced, tiles with them."""
    SIGNATURE = "signature"
    """The checkpoint is not signed by the log's key."""


class Line(msgspec.Struct, frozen=True):
    """One entry as stored. `entry` is empty once it has expired."""

    index: int
    leaf: str
    entry: bytes
    raw: bytes
    file: str = ""


def seal(entry: bytes) -> tuple[bytes, bytes]:
    """Return the leaf hash of an entry (32 bytes), and all of its line but the index at the start."""
    # Called on the event loop for every entry: joined, not formatted, and hashed once.
    digest = sha256(b"\0" + entry)
    return digest.digest(), b"".join((_LEAF, digest.hexdigest().encode(), _SEAM, entry, END))


def numbered(index: int) -> bytes:
    """Return the start of the line of entry `index`."""
    return b'{"index":%d' % index


def gone(line: Line) -> bytes:
    """Return the line that stays when the entry has expired."""
    return b"".join((numbered(line.index), _LEAF, line.leaf.encode(), _GONE))


def check(raw: bytes, index: int, file: str = "") -> Flaw | Line:
    """Return the line if it is a sound one with this index, else what is wrong with it."""
    try:
        line = parse(raw, file)
    except ValueError:
        return Flaw.UNREADABLE
    if line.entry and sha256(b"\0" + line.entry).hexdigest() != line.leaf:
        return Flaw.CHANGED
    return line if line.index == index else Flaw.MISPLACED


def parse(raw: bytes, file: str = "") -> Line:
    """Take a line apart without checking its hash. Raises ValueError if it does not have the form of one."""
    head, found, rest = raw.partition(_LEAF)
    start = len(head) + len(_LEAF)
    number, leaf, tail = head[len(b'{"index":') :], rest[:_HEX], raw[start + _HEX :]
    if not found or not head.startswith(b'{"index":') or not number.isdigit() or not tail.endswith(END):
        raise ValueError("not a line of a log")
    if (
        (number.startswith(b"0") and number != b"0")
        or leaf.translate(None, b"0123456789abcdef")
        or len(leaf) != _HEX
    ):
        raise ValueError("not a line of a log")
    if tail == _GONE:
        entry = b""
    elif tail.startswith(_SEAM + b"{") and tail.endswith(b"}" + END) and b"\n" not in tail[:-1]:
        entry = tail[len(_SEAM) : -len(END)]
    else:
        raise ValueError("not a line of a log")
    return Line(index=int(number), leaf=leaf.decode(), entry=entry, raw=raw, file=file)
