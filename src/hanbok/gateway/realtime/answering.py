"""A response under way, from the session's side."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Self

from hanbok.core.errors import HanbokError
from hanbok.gateway.realtime.call import Rules, Said, Turn


@dataclass(slots=True, kw_only=True, eq=False)
class Answering:
    call: Said
    turn: Turn
    cause: str | None = None
    """Id of the event that asked for it, as the provider knows it."""
    batches: AsyncGenerator[list[bytes], None] | None = None
    """What comes off the path; None: it was refused, or is not that far."""
    ready: asyncio.Event
    rules: Rules
    """Those that it was let in by."""
    since: float
    """When, in the loop's time."""

    @classmethod
    def of(cls, call: Said, cause: str | None, rules: Rules) -> Self:
        """Return one that is not open yet."""
        since = asyncio.get_running_loop().time()
        turn = call.turn or Turn()
        return cls(call=call, turn=turn, cause=cause, ready=asyncio.Event(), rules=rules, since=since)

    async def open(self) -> None:
        """Send what asks for it down the path. Raises what refuses it."""
        try:
            self.batches = (await self.rules.path.run(self.call)).chunks
        finally:
            self.ready.set()

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
