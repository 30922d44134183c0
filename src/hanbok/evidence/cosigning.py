"""Having witnesses cosign the log's checkpoint (C2SP tlog-witness, the client's side).

A witness that has seen more than this log holds, or something else, proves that the log was rolled back.
"""

import base64
import json
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from hanbok.evidence.archive import Archive
from hanbok.evidence.checkpoint import cosigned_at
from hanbok.evidence.errors import LogRolledBack, WitnessesMissing
from hanbok.evidence.files import replace_durably
from hanbok.evidence.keychain import WITNESSED
from hanbok.evidence.note import Note, NoteInvalid, Signature, VerifierKey, signature_lines

_STATE: Final = "witnesses.json"
_LARGEST: Final = 64 << 10
_OK, _CONFLICT, _UNPROCESSABLE = 200, 409, 422


class WitnessAt(msgspec.Struct, frozen=True):
    """A witness that is asked: its key, and the address that `/add-checkpoint` is below."""

    key: VerifierKey
    url: str


class _Said(NamedTuple):
    status: int
    body: str


class _Refused(Exception):
    """A witness did not cosign, for the reason given."""


def have_cosigned(
    directory: Path, witnesses: Sequence[WitnessAt], quorum: int, timeout: float = 5.0
) -> list[str]:
    """Have the newest checkpoint cosigned and keep it as `witnessed`; return the names of who did. Blocks.

    Raises LogRolledBack, and WitnessesMissing when fewer than `quorum` cosigned.
    """
    archive = Archive(directory)
    sizes = _sizes(directory)
    signatures, missing = dict[str, Signature](), list[str]()
    for witness in witnesses:
        try:
            signatures[witness.key.name] = _ask(archive, witness, sizes.get(str(witness.key), 0), timeout)
            sizes[str(witness.key)] = archive.signed
        except (OSError, NoteInvalid, _Refused) as error:
            missing.append(f"{witness.key.name} ({str(error) or type(error).__name__})")
    replace_durably(directory / _STATE, json.dumps(sizes).encode())
    if len(signatures) < quorum:
        raise WitnessesMissing(got=len(signatures), quorum=quorum, missing=", ".join(missing))
    lines = "".join(one.line() for one in signatures.values())
    replace_durably(directory / WITNESSED, archive.latest.note + lines.encode())
    return list(signatures)


def _sizes(directory: Path) -> dict[str, int]:
    """Return what each witness saw last. Only a hint: a witness says so itself when it is wrong."""
    try:
        return msgspec.json.decode((directory / _STATE).read_bytes(), type=dict[str, int])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}


def _ask(archive: Archive, witness: WitnessAt, old: int, timeout: float) -> Signature:
    said = _post(witness.url, _request(archive, min(old, archive.signed)), timeout)
    if said.status == _CONFLICT and said.body.strip().isdigit():
        size = int(said.body)
        if size > archive.signed:
            raise LogRolledBack(witness=witness.key.name, size=size)
        said = _post(witness.url, _request(archive, size), timeout)
        if said.status in {_CONFLICT, _UNPROCESSABLE}:
            raise LogRolledBack(witness=witness.key.name, size=size)
    if said.status == _UNPROCESSABLE:
        raise LogRolledBack(witness=witness.key.name, size=old)
    if said.status != _OK:
        raise _Refused(f"HTTP {said.status}: {said.body.strip()[:200]}")
    text = Note.parse(archive.latest.note).text
    for signature in signature_lines(said.body):
        if cosigned_at(text, signature, witness.key) is not None:
            return signature
    raise _Refused("its answer is not signed by its key")


def _request(archive: Archive, old: int) -> bytes:
    proof = archive.consistency(old) if old else []
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{lines}\n".encode() + archive.latest.note


def _post(url: str, body: bytes, timeout: float) -> _Said:
    import http.client  # noqa: PLC0415 - most logs have no witnesses

    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/add-checkpoint", body)
        answer = connection.getresponse()
        return _Said(answer.status, answer.read(_LARGEST).decode(errors="replace"))
    except http.client.HTTPException as error:
        raise _Refused(str(error) or type(error).__name__) from error
    finally:
        connection.close()
