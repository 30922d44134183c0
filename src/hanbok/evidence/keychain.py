"""The log's keys over time: each names the next one in a signed note, which is an entry of the log.

Whoever noted the first key elsewhere can so follow the log to the key of today, and nobody without the last key can
name another one.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hanbok.evidence.entry import KeyAct
from hanbok.evidence.note import Note, NoteInvalid, Signature, VerifierKey
from hanbok.evidence.signer import Signer

CHECKPOINT: Final = "checkpoint"
"""File with the newest checkpoint that the log signed."""
WITNESSED: Final = "witnessed"
"""File with the newest checkpoint that enough witnesses cosigned."""
KEYS: Final = "log.vkey"
"""File with the public keys of the log, one a line, oldest first."""
PURPOSE: Final = "log"
_HEADER: Final = "hanbok.log.handover/v1"


def handover(before: Signer, after: VerifierKey) -> str:
    """Return the note in which a key names the one that follows it."""
    text = f"{_HEADER}\n{after}\n"
    one = Signature(before.key.name, before.key.id, before.sign(text.encode()))
    return f"{text}\n{one.line()}"


def key_in_force(first: VerifierKey, acts: Iterable[tuple[int, KeyAct]], size: int) -> VerifierKey:
    """Return the key that signs for a log of this size. Acts that the key before did not sign change nothing."""
    key = first
    for index, act in acts:
        if index < size and act.purpose == PURPOSE:
            key = _named(key, act.handover) or key
    return key


def _named(key: VerifierKey, note: str) -> VerifierKey | None:
    try:
        parsed = Note.parse(note.encode())
        parsed.signed_by(key)
        header, after = parsed.text.removesuffix("\n").split("\n")
        following = VerifierKey.parse(after)
    except (NoteInvalid, ValueError):
        return None
    return following if header == _HEADER and following.name == key.name else None


def parse_keys(data: bytes) -> list[VerifierKey]:
    """Read a list of public keys, oldest first. Raises NoteInvalid."""
    try:
        return [VerifierKey.parse(line) for line in data.decode("ascii").splitlines()]
    except UnicodeDecodeError as error:
        raise NoteInvalid("not a list of keys") from error


def read_keys(directory: Path) -> list[VerifierKey]:
    """Return the public keys that the folder names, oldest first. Raises NoteInvalid, FileNotFoundError."""
    return parse_keys((directory / KEYS).read_bytes())
