"""A worker's custody: the keeper has the log and the money."""

from pathlib import Path
from typing import Final

from hanbok.core.duty import Duty
from hanbok.core.errors import HanbokError
from hanbok.core.metrics import Registry
from hanbok.gateway.endpoint import Endpoint, EndpointConfig, Staged
from hanbok.gateway.upstream import Upstream
from hanbok.policy.keyring import KeyRing
from hanbok.store.database import Store
from hanbok.workers.borrowed import Borrowed
from hanbok.workers.frames import Bye, Counts, Nudge, Scrape, Told
from hanbok.workers.link import AWAY, Link, RemoteGate, RemoteLog

_COUNTS_EVERY: Final = 1.0


class Remote:
    leads = False

    def __init__(self, link: Link, directory: Path) -> None:
        self.registry = Registry()
        self.log = RemoteLog(link, directory)
        self.calls = RemoteGate(link)
        self.previews = RemoteGate(link, preview=True)
        self._link = link

    async def begin(self, store: Store, keyring: KeyRing) -> None:  # noqa: ARG002 - the keeper has its own
        await self._link.there.wait()

    def duties(self) -> list[Duty]:
        return [Duty(_COUNTS_EVERY, self._tell_counts)]

    def unready(self) -> list[str]:
        return self._link.unready if self._link.there.is_set() else [AWAY]

    async def metrics(self) -> bytes:
        """Return the counters of all workers; those of the others may be a second old."""
        await self._tell_counts()
        answer = await self._link.ask(Scrape)
        if not isinstance(answer, Told):
            raise TypeError(f"the keeper answered {type(answer).__name__}")
        return answer.text

    def housed(self, endpoint: Endpoint, config: EndpointConfig, upstream: Upstream) -> Endpoint:
        """Return what asks the keeper, for an endpoint that runs a process of its own: one is enough for all."""
        return Borrowed(endpoint, config, upstream, self._link) if isinstance(endpoint, Staged) else endpoint

    async def returned(self, endpoint: Endpoint) -> None:
        """Return at once: no other process asks this one's endpoints."""

    def nudge(self) -> None:
        self._link.tell(Nudge())

    async def close(self) -> None:
        """Part from the keeper once it has taken over what was sent."""
        await self._tell_counts()
        try:
            await self._link.ask(Bye)
        except HanbokError:
            return  # it is gone: whoever comes next closes what was open
        finally:
            self._link.close()

    async def _tell_counts(self) -> None:
        self._link.tell(Counts(self.registry.families()))
