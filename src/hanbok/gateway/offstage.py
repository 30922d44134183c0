"""What a server goes on with though no client waits."""

import asyncio
from typing import Final

from hanbok.core.duty import Duty
from hanbok.gateway.batches.desk import BatchDesk
from hanbok.gateway.batches.files import Files
from hanbok.gateway.responses.desk import ResponseDesk
from hanbok.gateway.undertakings import EVERY, Undertakings
from hanbok.gateway.vaults import Vaults
from hanbok.store.database import Store

_LOOKED_FOR_EVERY: Final = 1.0
_TIDIED_EVERY: Final = 3600.0


class Offstage:
    """The desks of one server."""

    def __init__(self, store: Store, vaults: Vaults) -> None:
        self._records = Undertakings(store)
        self.responses = ResponseDesk(vaults, self._records)
        self.files = Files(vaults)
        self.batches = BatchDesk(vaults, self._records, self.files)

    def duties(self) -> list[Duty]:
        """Return what is to be repeated."""
        return [
            Duty(EVERY, self.beat),
            Duty(_LOOKED_FOR_EVERY, self.batches.look, on_change=True),
            Duty(_TIDIED_EVERY, self.batches.tidy),
        ]

    async def beat(self) -> None:
        """Say that this process still works on what it began, and stop what others want stopped."""
        if self.responses.busy or self.batches.busy:
            asked = await asyncio.to_thread(self._records.beat)
            self.responses.stop(asked)
            self.batches.stop(asked)

    async def close(self) -> None:
        """Stop it all."""
        await asyncio.gather(self.responses.close(), self.batches.close())
