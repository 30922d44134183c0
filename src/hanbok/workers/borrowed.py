"""An endpoint that the keeper runs, as a worker asks it."""

from functools import partial

import msgspec

from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import Address, Endpoint, EndpointConfig, Licensed
from hanbok.gateway.llama.dress import Dress
from hanbok.gateway.spelling.options import permit
from hanbok.gateway.upstream import Upstream
from hanbok.workers.frames import GiveBack, Lend, Lent
from hanbok.workers.link import Link


class Borrowed:
    def __init__(self, own: Endpoint, config: EndpointConfig, upstream: Upstream, link: Link) -> None:
        """`own` is what the settings describe, never started in this process."""
        self.destination = own.destination
        self.dialect = own.dialect
        self._own, self._config, self._upstream, self._link = own, config, upstream, link

    @property
    def stage(self) -> str:
        """How far it is with the keeper."""
        return self._link.stages.get(self.destination.endpoint, "-")

    def notice(self) -> str:
        return self._own.notice() if isinstance(self._own, Licensed) else ""

    async def address(self, operation: Operation, model: str) -> Address:
        """Return where the keeper's process serves. Raises EndpointUnavailable, LogUnavailable."""
        name = self.destination.endpoint
        lent = await self._link.ask(lambda number: Lend(number, name, operation.value, model))
        if not isinstance(lent, Lent):
            raise TypeError(f"the keeper answered {type(lent).__name__}")
        permit(self._config, self._upstream, lent.url)
        return Address(
            url=lent.url,
            headers=tuple(lent.headers),
            query=lent.query,
            adapt=msgspec.msgpack.decode(lent.dress, type=Dress) if lent.dress else None,
            left=partial(self._link.tell, GiveBack(lent.number)),
            release=lent.release,
        )

    async def start(self) -> None:
        """Do nothing: the keeper did."""

    async def close(self) -> None:
        """Do nothing: the keeper will."""
