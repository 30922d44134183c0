"""The contract of a key provider: it keeps keys that wrap hanbok's data keys, and never lets them out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from hanbok.core.secret import Secret

FOLDER = "hanbok.vault.key_providers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """What a provider is built from."""

    name: str
    kind: str
    url: str = ""
    secret: Secret = field(default_factory=Secret)
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    ca: Path | None = None
    """PEM file of the authorities that its TLS certificate must come from; None: the system's."""
    folder: Path
    """Where a provider may keep files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A wrapped data key, and which version of the wrapping key did it (empty: the blob says it itself)."""

    blob: bytes
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a provider tells of a key; never the key."""

    key: str
    version: str
    state: str
    """`enabled`, or what the provider calls it."""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


class KeyProvider(Protocol):
    """All methods block and are safe to call from several threads. `key` is the provider's name of a key.

    Every one raises KeyRefused when the provider says no, KeyProviderFailed when it says nothing. `context` names
    what the data key is for; providers that can, bind it to the wrapping.
    """

    makes_keys: ClassVar[bool]
    """Whether hanbok makes a new key without being asked: only where no one else could."""

    def create(self, key: str) -> None:
        """Make a key. Does nothing when it is there."""
        ...

    def wrap(self, key: str, secret: bytes, context: str) -> Wrapped:
        """Wrap 32 bytes by the newest version of a key. Never makes one."""
        ...

    def unwrap(self, key: str, wrapped: Wrapped, context: str) -> bytes:
        """Return the bytes again. Asks anew each time: a key that was withdrawn is refused at once."""
        ...

    def rotate(self, key: str) -> str:
        """Add a version, and return its name; older ones still unwrap. Raises KeyActUnsupported too."""
        ...

    def destroy(self, key: str) -> None:
        """End a key with all its versions. Raises KeyActUnsupported too."""
        ...

    def describe(self, key: str) -> Description: ...

    def close(self) -> None: ...
