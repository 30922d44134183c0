"""What a server does for its log beside writing it: looks whether it was rolled back, has it witnessed, expires."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from hanbok.core.clock import now
from hanbok.core.duty import Duty
from hanbok.evidence.claim import BEAT, Claim
from hanbok.evidence.cosigning import WitnessAt, have_cosigned
from hanbok.evidence.errors import OriginTaken, WitnessesMissing
from hanbok.evidence.expiry import expire
from hanbok.evidence.high_water import check_high_water, note_high_water
from hanbok.evidence.journal import Journal
from hanbok.store.database import Store

_NOTE_EVERY: Final = 2.0
_EXPIRE_EVERY: Final = 6 * 3600.0
_log = logging.getLogger("hanbok.evidence")


class Upkeep:
    """The duties of one log's server."""

    def __init__(
        self,
        journal: Journal,
        store: Store,
        witnesses: Sequence[WitnessAt] = (),
        quorum: int = 0,
        every: float = 10.0,
    ) -> None:
        """`every`: seconds from one round of the witnesses to the next."""
        self._journal = journal
        self._store = store
        self._witnesses = witnesses
        self._quorum = quorum
        self._every = every
        self._noted = -1
        self._witnessed = -1
        self._claim = Claim(store, journal) if store.shared else None

    async def check(self) -> None:
        """To be called before the first call. Raises MachineTwice, LogRolledBack, OriginTaken; a witness out of reach
        is only told of.
        """
        if self._claim is not None:
            await self._claim.take()
        await asyncio.to_thread(check_high_water, self._store, self._journal)
        try:
            await self.witness()
        except WitnessesMissing as error:
            _log.warning("%s", error)

    def duties(self) -> list[Duty]:
        """Return what is to be repeated."""
        witnessed = [Duty(self._every, self.witness)] if self._witnesses else []
        claimed = [Duty(BEAT, self._claim.beat)] if self._claim is not None else []
        return [Duty(_NOTE_EVERY, self.note), Duty(_EXPIRE_EVERY, self.expire), *witnessed, *claimed]

    @property
    def twice(self) -> bool:
        """Whether another server has taken this log: one of the two folders is a copy."""
        return self._claim is not None and self._claim.lost

    async def close(self) -> None:
        if self._claim is not None:
            await self._claim.give_back()

    async def note(self) -> None:
        """Note in the database how far the log has come."""
        checkpoint = self._journal.notary.checkpoint
        if checkpoint and checkpoint.size != self._noted:
            try:
                await asyncio.to_thread(note_high_water, self._store, self._journal)
            except OriginTaken as error:
                if (
                    self._noted < 0
                ):  # told once: another server began at the same moment, and is the one that is noted
                    _log.error("%s: %s %s", error.code, error, error.hint.en.format(**error.facts))
            self._noted = checkpoint.size

    async def witness(self) -> None:
        """Have the newest checkpoint cosigned, if there is a new one."""
        checkpoint = self._journal.notary.checkpoint
        if self._witnesses and checkpoint and checkpoint.size != self._witnessed:
            directory = self._journal.directory
            await asyncio.to_thread(have_cosigned, directory, self._witnesses, self._quorum)
            self._witnessed = checkpoint.size

    async def expire(self) -> None:
        """Remove what need not be kept any longer."""
        await expire(self._journal, now())
