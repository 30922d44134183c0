"""Signed notes: the specification's own example, keys in their text form, and what must be refused."""

import base64
from dataclasses import replace

import pytest

from hanbok.evidence.checkpoint import Checkpoint, cosign, cosigned_at, opened, sign, witnesses_of
from hanbok.evidence.note import Kind, Note, NoteInvalid, VerifierKey, signature_lines
from hanbok.evidence.signer import SecretSigner

# The key and note of Go's golang.org/x/mod/sumdb/note documentation.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
LOG = SecretSigner("log.example/a", bytes(range(32)))
WITNESS = SecretSigner("witness.example/w", bytes(range(1, 33)), Kind.COSIGNATURE)
CHECKPOINT = Checkpoint("log.example/a", 5, bytes(32))


def test_a_note_that_go_signed_is_read_and_verified() -> None:
    key = VerifierKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    note = Note.parse(f"{GO_TEXT}\n\u2014 PeterNeumann {GO_SIGNATURE}\n".encode())
    assert note.text == GO_TEXT
    assert note.signed_by(key) == [key]
    with pytest.raises(NoteInvalid):
        replace(note, text=GO_TEXT.upper()).signed_by(key)


def test_a_signer_is_kept_as_text_and_read_back() -> None:
    again = SecretSigner.parse(LOG.secret_text())
    assert again.key == LOG.key
    assert LOG.key.verifies(b"message", again.sign(b"message"))
    with pytest.raises(NoteInvalid):
        SecretSigner.parse(LOG.secret_text().replace("log.example", "log.examplf"))


@pytest.mark.parametrize(
    "text",
    ["", "a", "a+b", "a+00000000+AQ==", GO_KEY.replace("c74f", "c74e"), GO_KEY.replace("Peter", "Pe ter")],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        VerifierKey.parse(text)


def test_a_checkpoint_is_opened_with_its_key_alone() -> None:
    note = sign(CHECKPOINT, LOG)
    assert opened(note, LOG.key) == CHECKPOINT
    stranger = SecretSigner("log.example/a", bytes(32))
    with pytest.raises(NoteInvalid):
        opened(note, stranger.key)
    assert opened(sign(CHECKPOINT, stranger, LOG), LOG.key) == CHECKPOINT
    blob = base64.b64encode(LOG.key.id + bytes(64)).decode()
    with pytest.raises(
        NoteInvalid
    ):  # a wrong signature by a known key spoils the note, whatever stands beside it
        opened(note + f"\u2014 {LOG.key.name} {blob}\n".encode(), LOG.key)


@pytest.mark.parametrize(
    "damaged",
    [
        lambda note: note.replace(b"\n5\n", b"\n6\n"),
        lambda note: note.replace(b"\n5\n", b"\n05\n"),
        lambda note: note.replace(b"log.example/a\n", b"log.example/b\n"),
        lambda note: note[:-1],
        lambda note: note.replace(b"\n\n", b"\n"),
        lambda note: note + b"\x01",
        lambda note: note.replace("\u2014".encode(), b"-"),
        lambda note: b"\xff" + note,
        lambda note: note.rpartition(b"\n\n")[0] + b"\n\n",
    ],
)
def test_a_damaged_checkpoint_is_refused(damaged) -> None:
    note = sign(CHECKPOINT, LOG)
    assert damaged(note) != note
    with pytest.raises(NoteInvalid):
        opened(damaged(note), LOG.key)


def test_a_cosignature_says_who_saw_which_checkpoint_and_when() -> None:
    text = CHECKPOINT.text()
    signature = cosign(text, WITNESS, 1679315147)
    assert cosigned_at(text, signature, WITNESS.key) == 1679315147
    other = Checkpoint("log.example/a", 6, bytes(32)).text()
    assert cosigned_at(other, signature, WITNESS.key) is None
    later = signature._replace(blob=(1679315148).to_bytes(8, "big") + signature.blob[8:])
    assert cosigned_at(text, later, WITNESS.key) is None
    note = sign(CHECKPOINT, LOG) + signature.line().encode()
    assert witnesses_of(note, WITNESS.key, LOG.key) == {str(WITNESS.key): 1679315147}
    assert opened(note, LOG.key) == CHECKPOINT
    assert signature_lines(signature.line()) == [signature]


def test_the_same_secret_is_another_key_for_another_purpose() -> None:
    note, witness = (SecretSigner("name", bytes(32), kind).key for kind in (Kind.NOTE, Kind.COSIGNATURE))
    assert note.public == witness.public
    assert note.id != witness.id
