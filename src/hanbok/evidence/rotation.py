"""Another key for the log: the old one names it in an entry, and signs nothing after that entry."""

import asyncio

from hanbok.core.clock import stamp
from hanbok.evidence.entry import KeyAct
from hanbok.evidence.errors import LogUnavailable
from hanbok.evidence.files import sync_directory
from hanbok.evidence.journal import Journal
from hanbok.evidence.keychain import PURPOSE, handover
from hanbok.evidence.note import VerifierKey
from hanbok.evidence.restore import KEY_FILE, NEXT, finish_change, name_key
from hanbok.evidence.signer import SecretSigner, keep


async def rotate_key(journal: Journal, *, actor: str) -> VerifierKey:
    """Give the log a new key in its folder; return the public half, to be noted where the old one was. Raises
    LogUnavailable.

    A crash or a failure on the way leaves either key in force, never both: the new one as soon as the log tells of it,
    and the next start, or the next change of keys, finishes what is left to do with the files (`restore.py`).
    """
    before = journal.notary.signer
    after = SecretSigner.new(before.key.name)
    act = KeyAct(
        at=stamp(),
        actor=actor,
        verb="key.rotate",
        object=after.key.name,
        purpose=PURPOSE,
        before=str(before.key),
        after=str(after.key),
        handover=handover(before, after.key),
    )
    loop, directory = asyncio.get_running_loop(), journal.directory

    def announce() -> None:
        finish_change(directory)  # of a key before, whose file would be lost
        keep(directory / NEXT, after)
        asyncio.run_coroutine_threadsafe(journal.append(act), loop).result()

    def take_over() -> None:
        (directory / NEXT).replace(directory / KEY_FILE)
        sync_directory(directory)
        for key in (before.key, after.key):  # the one before may have failed to be named
            name_key(directory, key)

    try:
        await asyncio.to_thread(journal.notary.rotate, after, announce, take_over)
        await asyncio.to_thread(journal.notary.work)
    except OSError as error:
        raise LogUnavailable(why=error.strerror or str(error)) from error
    return after.key
