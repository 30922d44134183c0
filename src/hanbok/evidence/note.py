"""Signed notes as C2SP signed-note describes them, with Ed25519 keys, and how their keys are written down.

<text, ending in a line break>
<empty line>
— <key name> <base64 of the key's id (4 bytes) and the signature>
"""

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST = 1 << 20
"""Bytes of the largest note that is read."""
_MOST_SIGNATURES = 64
_DASH = "\u2014 "
_SPACE_BELOW = 0x20


class Kind(IntEnum):
    """What a key signs; part of its id, so that one secret cannot be taken for another's."""

    NOTE = 0x01
    COSIGNATURE = 0x04


class NoteInvalid(ValueError):
    """Not a note, not signed by a key that is trusted, or signed wrongly."""


class Signature(NamedTuple):
    name: str
    id: bytes
    blob: bytes

    def line(self) -> str:
        """Return the line of a note that holds this signature."""
        return f"{_DASH}{self.name} {base64.b64encode(self.id + self.blob).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name under which it signs. Its text form is that of Go's sumdb: name+id+key."""

    name: str
    public: bytes
    kind: Kind = Kind.NOTE

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(c.isspace() or ord(c) < _SPACE_BELOW for c in self.name):
            raise NoteInvalid("a key's name is not empty and has neither spaces nor '+'")
        if len(self.public) != 32:  # noqa: PLR2004 - RFC 8032
            raise NoteInvalid("an Ed25519 key has 32 bytes")

    @property
    def id(self) -> bytes:
        """The first four bytes of a digest over all that makes this key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read the text form. Raises NoteInvalid."""
        name, _, rest = text.strip().partition("+")
        named, _, encoded = rest.partition("+")
        data = _decode(encoded)
        try:
            key = cls(name, data[1:], Kind(data[0]))
        except (IndexError, ValueError) as error:
            raise NoteInvalid("not an Ed25519 key of a note or of a cosignature") from error
        if key.id.hex() != named:
            raise NoteInvalid("the key's id does not fit the key")
        return key

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether `signature` is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart. Nothing is proved before `signed_by` has returned."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes) -> "Note":
        """Take a note apart. Raises NoteInvalid."""
        if len(data) > MOST:
            raise NoteInvalid("too long for a note")
        try:
            whole = data.decode()
        except UnicodeDecodeError as error:
            raise NoteInvalid("not UTF-8") from error
        if any(ord(c) < _SPACE_BELOW and c != "\n" for c in whole):
            raise NoteInvalid("control characters")
        head, blank, tail = whole.rpartition("\n\n")
        if not blank or not head or not tail.endswith("\n"):
            raise NoteInvalid("no signatures")
        signatures = tuple(_signature(line) for line in tail[:-1].split("\n"))
        if len(signatures) > _MOST_SIGNATURES:
            raise NoteInvalid("too many signatures")
        return cls(head + "\n", signatures)

    def signed_by(self, *keys: VerifierKey) -> list[VerifierKey]:
        """Return the keys, of those given, that signed. Raises NoteInvalid if none did, or one wrongly."""
        message = self.text.encode()
        found = list[VerifierKey]()
        for key in keys:
            for one in self.signatures:
                if (one.name, one.id) == (key.name, key.id):
                    if not key.verifies(message, one.blob):
                        raise NoteInvalid(f"the signature of {key.name} does not fit")
                    found.append(key)
        if not found:
            raise NoteInvalid("not signed by a key that is trusted")
        return found


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    data = _decode(encoded)
    if not (line.startswith(_DASH) and name and space) or len(data) <= 4:  # noqa: PLR2004 - the id and more
        raise NoteInvalid("not a line of a signature")
    return Signature(name, data[:4], data[4:])


def signature_lines(text: str) -> list[Signature]:
    """Read signature lines that stand alone, as a witness answers them. Raises NoteInvalid."""
    if not text.endswith("\n"):
        raise NoteInvalid("the last line is cut")
    return [_signature(line) for line in text[:-1].split("\n")[:_MOST_SIGNATURES]]


def _decode(encoded: str) -> bytes:
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("not base64") from error
    if base64.b64encode(data).decode() != encoded:
        raise NoteInvalid("not base64 in its one form")
    return data
