"""What a server does to be one of several: the counter, and its two gates."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from hanbok.core.clock import now
from hanbok.evidence.journal import Journal
from hanbok.policy.key import Limits
from hanbok.policy.shared.at import At
from hanbok.policy.shared.counter import Counter
from hanbok.policy.shared.gate import SharedGate
from hanbok.policy.shared.server import Server
from hanbok.store.database import Store


class Sharing:
    def __init__(
        self, at: At, log: Journal, store: Store, limits_of: Callable[[str], Limits], *, lenient: bool
    ) -> None:
        """Begin to count. `lenient`: calls come in while Redis is away."""
        self._at, self._lenient = at, lenient
        self._counter = Counter(Server(at), log, store, lease=at.lease, patience=at.patience)
        self.calls = SharedGate(counter=self._counter, limits_of=limits_of, now=now, lenient=lenient)
        self.previews = SharedGate(
            counter=self._counter, limits_of=limits_of, now=now, lenient=lenient, space="preview:"
        )

    async def begin(self) -> None:
        """Wait until calls may come in, though not for a Redis that does not answer: that ends when it does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._at.patience):
                await self._counter.there.wait()

    def unready(self) -> list[str]:
        away = "" if self._lenient else self._counter.away
        return [f"limits: {away}"] if away else []

    async def close(self) -> None:
        await self._counter.close()
