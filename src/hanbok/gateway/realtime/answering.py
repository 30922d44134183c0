"""A response under way, from the session's side."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from hanbok.core.errors import HanbokError
from hanbok.gateway.realtime.call import Said, Turn


@dataclass(slots=True, kw_only=True)
class Answering:
    call: Said
    turn: Turn
    cause: str | None = None
    """Id of the event that asked for it, as the provider knows it."""
    batches: AsyncGenerator[list[bytes], None] | None = None
    """What comes off the path; None: it was refused, or is not that far."""
    ready: asyncio.Event

    async def drop(self) -> None:
        """End it: nobody waits for it."""
        if self.batches is not None:
            await self.batches.aclose()
        self.call.finish()

    async def fail(self, error: HanbokError) -> None:
        """End it with an error, which its record tells."""
        self.turn.fail(error)
        if self.batches is not None:
            with contextlib.suppress(HanbokError):
                async for _ in self.batches:
                    pass
        self.call.finish()
