"""That an entry is in a log, in one text that is checked offline (C2SP tlog-proof).

    c2sp.org/tlog-proof@v1
    extra <base64 of the entry's bytes>
    index <number>
    <base64 hash> ...
    <empty line>
    <checkpoint, with its signatures>

The entry travels as the `extra` data, which the format leaves unproved: it is checked by hashing it as the leaf.
"""

import base64
import binascii

import msgspec

from hanbok.evidence.checkpoint import Checkpoint, decode_hash, opened
from hanbok.evidence.merkle import leaf_hash, root_of
from hanbok.evidence.note import Note, NoteInvalid, VerifierKey

_HEADER = "c2sp.org/tlog-proof@v1"
_MOST = 63
SUFFIX = ".tlog-proof"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    path: tuple[bytes, ...]
    note: bytes
    """The signed checkpoint."""
    entry: bytes = b""
    """The entry's bytes, where they travel with the proof."""

    @property
    def checkpoint(self) -> Checkpoint:
        """What the checkpoint says. Nothing is proved before `check`."""
        return Checkpoint.parse(Note.parse(self.note).text)

    def fits(self, entry: bytes) -> bool:
        """Tell whether the path leads from these bytes to the checkpoint's root, whoever signed it."""
        checkpoint = self.checkpoint
        return root_of(leaf_hash(entry), self.index, checkpoint.size, self.path) == checkpoint.root

    def check(self, *keys: VerifierKey, entry: bytes | None = None) -> Checkpoint:
        """Prove that the entry (the one inside, or another copy) is in the log of one of these keys.

        Raises NoteInvalid.
        """
        checkpoint = opened(self.note, *keys)
        if not self.fits(self.entry if entry is None else entry):
            raise NoteInvalid("the entry is not in the tree that was signed")
        return checkpoint

    def text(self) -> str:
        """Return the proof in its text form."""
        extra = f"extra {base64.b64encode(self.entry).decode()}\n" if self.entry else ""
        path = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.path)
        return f"{_HEADER}\n{extra}index {self.index}\n{path}\n{self.note.decode()}"

    @classmethod
    def parse(cls, text: str) -> "Proof":
        """Read the text form. Raises NoteInvalid."""
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        entry = b""
        if len(lines) > 1 and lines[1].startswith("extra "):
            try:
                entry = base64.b64decode(lines.pop(1)[6:], validate=True)
            except binascii.Error as error:
                raise NoteInvalid("the extra data is not base64") from error
        number = lines[1].removeprefix("index ") if len(lines) > 1 else ""
        plain = number.isascii() and number.isdigit() and str(int(number)) == number
        if lines[0] != _HEADER or not blank or not plain or not lines[1].startswith("index "):
            raise NoteInvalid("not a proof of the tlog-proof format")
        if len(lines) - 2 > _MOST:
            raise NoteInvalid("too long a path")
        return cls(
            index=int(number), path=tuple(map(decode_hash, lines[2:])), note=note.encode(), entry=entry
        )
