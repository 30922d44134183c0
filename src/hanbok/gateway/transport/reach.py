"""How a connection to an origin is made: to an address that may be reached, with TLS where the origin says so."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamUnreachable
from hanbok.gateway.transport.egress import Egress
from hanbok.gateway.transport.origin import Origin
from hanbok.gateway.transport.trust import Trust, reason

_P = TypeVar("_P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Reach:
    egress: Egress | None
    trust: Trust = field(default_factory=Trust)

    async def connect(self, origin: Origin, make: Callable[[], _P], seconds: float) -> _P:
        """Return the protocol that `make` made, connected. Raises UpstreamUnreachable."""
        try:
            async with asyncio.timeout(seconds):
                return await self._first(origin, make)
        except TimeoutError as error:
            why = Text(ko=f"{seconds}초 안에 연결되지 않았습니다", en=f"no connection within {seconds} s")
            raise UpstreamUnreachable(origin=origin.name, why=why) from error
        except OSError as error:
            raise UpstreamUnreachable(origin=origin.name, why=reason(error)) from error

    async def _first(self, origin: Origin, make: Callable[[], _P]) -> _P:
        """Connect to the first address that answers. Raises OSError, EgressForbidden."""
        hosts = [origin.host] if self.egress is None else await self.egress.addresses(origin)
        failure: OSError | None = None
        for host in hosts:
            try:
                _, connection = await asyncio.get_running_loop().create_connection(
                    make,
                    host,
                    origin.port,
                    ssl=self.trust.context(origin.name) if origin.tls else None,
                    server_hostname=origin.host if origin.tls else None,
                )
            except OSError as error:
                failure = error
            else:
                return connection
        raise failure or OSError("no address")
