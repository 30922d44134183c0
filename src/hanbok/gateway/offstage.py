"""What a server goes on with though no client waits."""

import asyncio
from collections.abc import Awaitable, Callable

from hanbok.gateway.responses.desk import ResponseDesk
from hanbok.gateway.undertakings import EVERY, Undertakings
from hanbok.gateway.vaults import Vaults
from hanbok.store.database import Store


class Offstage:
    """The desks of one server."""

    def __init__(self, store: Store, vaults: Vaults) -> None:
        self._records = Undertakings(store)
        self.responses = ResponseDesk(vaults, self._records)

    def duties(self) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        """Return what must be done again and again, and how many seconds apart."""
        return [(EVERY, self.beat)]

    async def beat(self) -> None:
        """Say that this process still works on what it began, and stop what others want stopped."""
        if self.responses.busy:
            self.responses.stop(await asyncio.to_thread(self._records.beat))

    async def close(self) -> None:
        """Stop it all."""
        await self.responses.close()
