"""Hold your own key: an organisation is served only while its key answers.

Each such organisation has a watch of its own, with a thread of its own: a device that hangs holds up nobody else.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic

from hanbok.core.errors import HanbokError
from hanbok.vault.errors import KeyWithdrawn

_log = logging.getLogger("hanbok.vault")


class Leases:
    """Which organisations may be served now. `require` costs a look into a table; the asking is done beside it."""

    def __init__(
        self,
        organisations: Iterable[str],
        *,
        check: Callable[[str], None],
        tell: Callable[[str, str], None],
        every: float,
        lasts: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take what asks the provider, and what takes down why an organisation stopped ("": it goes on). Both block."""
        self._check = check
        self._tell = tell
        self._every = every
        self._lasts = lasts
        self._clock = clock
        self._until = dict.fromkeys(organisations, 0.0)
        self._why = dict.fromkeys(self._until, "not asked yet")
        self._stopped = dict.fromkeys(self._until, False)
        self._threads = {one: ThreadPoolExecutor(1, f"hanbok-key-{one}") for one in self._until}
        self._tasks: list[asyncio.Task[None]] = []

    def require(self, organisation: str) -> None:
        """Raise KeyWithdrawn unless the organisation holds no key of its own, or it answered a moment ago."""
        until = self._until.get(organisation)
        if until is not None and self._clock() >= until:
            raise KeyWithdrawn(organisation=organisation, why=self._why[organisation])

    def holds(self, organisation: str) -> bool:
        """Whether the organisation holds its own key."""
        return organisation in self._until

    async def start(self) -> None:
        """Begin to ask; return when all have answered, or have had the time to."""
        asked = {one: asyncio.Event() for one in self._until}
        self._tasks = [asyncio.create_task(self._watch(one, event)) for one, event in asked.items()]
        with suppress(TimeoutError):
            async with asyncio.timeout(self._lasts):
                for event in asked.values():
                    await event.wait()

    async def close(self) -> None:
        """Stop asking. Nobody is served after that."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._until = dict.fromkeys(self._until, 0.0)
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    async def _watch(self, organisation: str, asked: asyncio.Event) -> None:
        while True:
            await self._ask(organisation)
            asked.set()
            await asyncio.sleep(self._every)

    async def _ask(self, organisation: str) -> None:
        began, loop = self._clock(), asyncio.get_running_loop()
        answer = loop.run_in_executor(self._threads[organisation], self._check, organisation)
        while True:
            done, _ = await asyncio.wait({answer}, timeout=max(self._every, 0.05))
            if done:
                break
            await self._note(organisation)
        try:
            await answer
        except KeyWithdrawn as error:
            self._until[organisation], self._why[organisation] = 0.0, str(error.facts["why"])
        except HanbokError as error:
            # No answer is no permission, once the last good one is old.
            self._why[organisation] = error.code
        else:
            self._until[organisation], self._why[organisation] = began + self._lasts, "no answer"
        await self._note(organisation)

    async def _note(self, organisation: str) -> None:
        """Take down a change, once."""
        stopped = self._clock() >= self._until[organisation]
        if stopped is self._stopped[organisation]:
            return
        self._stopped[organisation] = stopped
        why = self._why[organisation] if stopped else ""
        _log.warning("organisation %s %s %s", organisation, "stopped:" if stopped else "goes on", why)
        try:
            await asyncio.to_thread(self._tell, organisation, why)
        except HanbokError as error:
            _log.error("not written down: %s", error)
