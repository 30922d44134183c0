"""Another key for the log: the old one names it in an entry, and signs nothing after that entry."""

import asyncio

from hanbok.core.clock import stamp
from hanbok.evidence.entry import KeyAct
from hanbok.evidence.files import sync_directory
from hanbok.evidence.journal import Journal
from hanbok.evidence.keychain import PURPOSE, handover
from hanbok.evidence.note import VerifierKey
from hanbok.evidence.restore import KEY_FILE, NEXT, name_key
from hanbok.evidence.signer import SecretSigner, keep


async def rotate_key(journal: Journal, *, actor: str) -> VerifierKey:
    """Give the log a new key in its folder; return the public half, to be noted where the old one was.

    A crash on the way leaves either key in force, never both (`restore.py` finishes what the log tells of).
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
    loop = asyncio.get_running_loop()

    def change() -> None:
        keep(journal.directory / NEXT, after)
        asyncio.run_coroutine_threadsafe(journal.append(act), loop).result()
        (journal.directory / NEXT).replace(journal.directory / KEY_FILE)
        sync_directory(journal.directory)
        name_key(journal.directory, after.key)

    await asyncio.to_thread(journal.notary.rotate, after, change)
    await asyncio.to_thread(journal.notary.work)
    return after.key
