"""Who signs for the log: a key of its own. Key providers of the vault take the place of the file."""

import base64
import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanbok.evidence.errors import LogUnavailable
from hanbok.evidence.files import replace_durably
from hanbok.evidence.note import Kind, NoteInvalid, VerifierKey

_PREFIX = "PRIVATE+KEY+"
_SEED = 32


class Signer(Protocol):
    """Signs with one Ed25519 key. May be slow and may fail with a HanbokError: the log then tries again later."""

    @property
    def key(self) -> VerifierKey:
        """The public half, and the name under which it signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature of 64 bytes (RFC 8032)."""
        ...


class SecretSigner:
    """Signs with a secret in memory."""

    def __init__(self, name: str, seed: bytes, kind: Kind = Kind.NOTE) -> None:
        """`name`: for a log its origin, for a witness its own."""
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = VerifierKey(name, self._private.public_key().public_bytes_raw(), kind)

    @classmethod
    def new(cls, name: str, kind: Kind = Kind.NOTE) -> "SecretSigner":
        """Make a key."""
        return cls(name, secrets.token_bytes(_SEED), kind)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of 64 bytes (RFC 8032)."""
        return self._private.sign(message)

    def secret_text(self) -> str:
        """Return the key as Go's sumdb writes a signer's key. Whoever has it signs as the log."""
        data = base64.b64encode(bytes([self.key.kind]) + self._seed).decode()
        return f"{_PREFIX}{self.key.name}+{self.key.id.hex()}+{data}\n"

    @classmethod
    def parse(cls, text: str) -> "SecretSigner":
        """Read what `secret_text` wrote. Raises NoteInvalid."""
        name, _, rest = text.strip().removeprefix(_PREFIX).partition("+")
        named, _, encoded = rest.partition("+")
        try:
            data = base64.b64decode(encoded, validate=True)
            signer = cls(name, data[1:], Kind(data[0]))
        except (IndexError, ValueError) as error:
            raise NoteInvalid("not the secret key of a signer") from error
        if not text.startswith(_PREFIX) or signer.key.id.hex() != named:
            raise NoteInvalid("not the secret key of a signer")
        return signer


def keep(path: Path, signer: SecretSigner) -> None:
    """Write a key to a file that its owner alone can read, durably and in one stroke."""
    replace_durably(path, signer.secret_text().encode(), mode=0o600)


def read_key(path: Path) -> SecretSigner:
    """Read a key's file. Raises LogUnavailable, FileNotFoundError."""
    try:
        return SecretSigner.parse(path.read_text(encoding="utf-8"))
    except (NoteInvalid, UnicodeDecodeError) as error:
        raise LogUnavailable(why=f"{path}: {error}") from error


def kept_or_new(path: Path, name: str, kind: Kind = Kind.NOTE) -> SecretSigner:
    """Read the key in this file, or make one under `name` and keep it there. An old key keeps its own name."""
    try:
        return read_key(path)
    except FileNotFoundError:
        signer = SecretSigner.new(name or f"hanbok.invalid/{os.urandom(8).hex()}", kind)
        keep(path, signer)
        return signer
