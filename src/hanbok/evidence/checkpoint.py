"""What a log signs about itself (C2SP tlog-checkpoint), and what a witness signs about it (C2SP tlog-cosignature)."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from hanbok.evidence.note import Kind, Note, NoteInvalid, Signature, VerifierKey
from hanbok.evidence.signer import Signer

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_LINES: Final = 3
_HASH: Final = 32
_TIME: Final = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` had `size` entries, and `root` is the Merkle root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return what is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the text of a note. Lines after the third are allowed and mean nothing. Raises NoteInvalid."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < _LINES or not all(lines) or not _NUMBER.fullmatch(lines[1]):
            raise NoteInvalid("not a checkpoint")
        return cls(lines[0], int(lines[1]), decode_hash(lines[2]))


def decode_hash(text: str) -> bytes:
    """Read a SHA-256 hash in base64. Raises NoteInvalid."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("not a hash in base64") from error
    if len(data) != _HASH or base64.b64encode(data).decode() != text:
        raise NoteInvalid("not a hash in base64")
    return data


def sign(checkpoint: Checkpoint, *signers: Signer) -> bytes:
    """Return the checkpoint as a note signed by all of them."""
    text = checkpoint.text()
    signatures = (Signature(one.key.name, one.key.id, one.sign(text.encode())) for one in signers)
    return (text + "\n" + "".join(signature.line() for signature in signatures)).encode()


def opened(data: bytes, *keys: VerifierKey) -> Checkpoint:
    """Return the checkpoint in a note that one of these keys signed. Raises NoteInvalid."""
    note = Note.parse(data)
    note.signed_by(*keys)
    return Checkpoint.parse(note.text)


def cosign(text: str, signer: Signer, time: int) -> Signature:
    """Sign a checkpoint's text as a witness that saw it, consistent, at `time` (seconds since 1970)."""
    blob = time.to_bytes(_TIME, "big") + signer.sign(_cosigned(text, time))
    return Signature(signer.key.name, signer.key.id, blob)


def cosigned_at(text: str, signature: Signature, witness: VerifierKey) -> int | None:
    """Return when this witness signed the checkpoint's text; None if the signature is not its own."""
    if witness.kind is not Kind.COSIGNATURE or (signature.name, signature.id) != (witness.name, witness.id):
        return None
    time = int.from_bytes(signature.blob[:_TIME], "big")
    fits = witness.verifies(_cosigned(text, time), signature.blob[_TIME:])
    return time if fits else None


def witnesses_of(data: bytes, *witnesses: VerifierKey) -> dict[str, int]:
    """Return which of these witnesses cosigned the checkpoint, and when. Raises NoteInvalid if it is no note."""
    note = Note.parse(data)
    found = dict[str, int]()
    for witness in witnesses:
        for signature in note.signatures:
            time = cosigned_at(note.text, signature, witness)
            if time is not None:
                found[str(witness)] = time
    return found


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
