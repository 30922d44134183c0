"""A witness: cosigns the checkpoints of other machines' logs, each only if it continues the one before (C2SP
tlog-witness). Whoever trusts the witness need not trust the log to show everybody the same history.

For each log the witness keeps the newest checkpoint that it cosigned, on disk before it answers. It never cosigns an
older or another one, also after a restart; if its own folder is put back to an older state, that promise is broken,
so keep it where the log's operator cannot reach it.
"""

import fcntl
import os
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from hanbok.evidence.checkpoint import Checkpoint, cosign, decode_hash
from hanbok.evidence.errors import LogLocked
from hanbok.evidence.files import replace_durably
from hanbok.evidence.merkle import consistent
from hanbok.evidence.note import Note, NoteInvalid, VerifierKey
from hanbok.evidence.signer import Signer

SIZE: Final = "text/x.tlog.size"
PLAIN: Final = "text/plain; charset=utf-8"
LARGEST: Final = 64 << 10
"""Bytes of the largest request that is read."""
_MOST: Final = 63


class Answer(NamedTuple):
    """What the protocol answers: a status of HTTP, which is part of it, and a body."""

    status: int
    body: str = ""
    kind: str = PLAIN


class _Asked(NamedTuple):
    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


class Witness:
    """Answers `add-checkpoint` for the logs that it knows. One process for a folder; any number of threads."""

    def __init__(
        self,
        directory: Path,
        signer: Signer,
        logs: Sequence[VerifierKey],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raise LogLocked when another process answers for this folder.

        `logs`: the keys of the logs that are cosigned; several with one name are one log's.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._signer = signer
        self._logs = logs
        self._clock = clock
        self._one = Lock()
        self._file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise LogLocked(directory=str(directory)) from error

    def close(self) -> None:
        """Let another process take over."""
        os.close(self._file)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign, or say why not. Raises OSError when the checkpoint could not be kept: then nothing is cosigned."""
        try:
            asked = _parse(body)
        except NoteInvalid as error:
            return Answer(400, f"{error}\n")
        keys = [key for key in self._logs if key.name == asked.checkpoint.origin]
        if not keys:
            return Answer(404, "unknown log\n")
        try:
            asked.note.signed_by(*keys)
        except NoteInvalid as error:
            return Answer(403, f"{error}\n")
        if asked.old > asked.checkpoint.size:
            return Answer(400, "the old size is larger than the checkpoint's\n")
        with self._one:
            return self._judge(asked)

    def _judge(self, asked: _Asked) -> Answer:
        checkpoint = asked.checkpoint
        path = self._directory / f"{sha256(checkpoint.origin.encode()).hexdigest()}.checkpoint"
        known = Checkpoint.parse(Note.parse(path.read_bytes()).text) if path.is_file() else None
        size = known.size if known else 0
        if asked.old != size:
            return Answer(409, f"{size}\n", SIZE)
        if known and known.size == checkpoint.size and known.root != checkpoint.root:
            return Answer(409, f"{size}\n", SIZE)
        root = known.root if known else b""
        if not (
            asked.proof == ()
            if not size
            else consistent(size, root, checkpoint.size, checkpoint.root, asked.proof)
        ):
            return Answer(422, "the proof does not lead from the old checkpoint to the new one\n")
        signature = cosign(asked.note.text, self._signer, int(self._clock()))
        lines = "".join(one.line() for one in asked.note.signatures if one.name == checkpoint.origin)
        replace_durably(path, f"{asked.note.text}\n{lines}".encode())
        return Answer(200, signature.line())


def _parse(body: bytes) -> _Asked:
    head, blank, rest = body.partition(b"\n\n")
    try:
        first, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise NoteInvalid("not a request to a witness") from error
    number = first.removeprefix("old ")
    plain = number.isdigit() and str(int(number)) == number
    if not blank or not first.startswith("old ") or not plain or len(hashes) > _MOST:
        raise NoteInvalid("not a request to a witness")
    note = Note.parse(rest)
    return _Asked(int(number), tuple(map(decode_hash, hashes)), note, Checkpoint.parse(note.text))
