"""Several keys of one provider: one that is refused or used up is left out for a while, the endpoint is not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Final

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.endpoint import Address, Endpoint, EndpointConfig
from hanbok.gateway.health import LONGEST_ASKED, seconds_asked
from hanbok.gateway.upstream import Upstream

_PAUSES: Final = {401: 300.0, 402: 300.0, 429: 10.0}
"""Seconds for which a key is left out, by the status that says that it, and not the place, is the reason: not known,
not paid, used up. A key may be put right at the provider's, so none is given up for ever.
"""


@dataclass(slots=True)
class _Key:
    name: str
    endpoint: Endpoint
    until: float = 0.0
    """When it may be used again, on the monotonic clock."""


class Rotation:
    """Implements Endpoint: endpoints of one kind that differ in their keys alone, asked in turn."""

    def __init__(self, endpoints: Sequence[Endpoint], clock: Callable[[], float] = monotonic) -> None:
        self.destination = endpoints[0].destination
        self.dialect: Dialect = endpoints[0].dialect
        self._keys = [
            _Key(f"{number} of {len(endpoints)}", one) for number, one in enumerate(endpoints, start=1)
        ]
        self._clock = clock
        self._turn = 0

    async def address(self, operation: Operation, model: str) -> Address:
        """Return where to send, with the next key; where all are left out, with the one that is back first."""
        key = self._next()
        address = await key.endpoint.address(operation, model)
        return replace(address, key=key.name, keys=len(self._keys), refused=partial(self._refused, key))

    async def start(self) -> None:
        """Start what stands behind each key."""
        for key in self._keys:
            await key.endpoint.start()

    async def close(self) -> None:
        """Stop what was started."""
        for key in self._keys:
            await key.endpoint.close()

    def _next(self) -> _Key:
        now = self._clock()
        self._turn = (self._turn + 1) % len(self._keys)
        inturn = self._keys[self._turn :] + self._keys[: self._turn]
        return min(inturn, key=lambda key: max(key.until, now))

    def _refused(self, key: _Key, status: int, retry_after: str) -> bool:
        pause = _PAUSES.get(status)
        if pause is None:
            return False
        now = self._clock()
        key.until = now + (min(seconds_asked(retry_after), LONGEST_ASKED) or pause)
        return any(one.until <= now for one in self._keys)


def endpoint_of(
    kind: Callable[[EndpointConfig, Upstream], Endpoint], config: EndpointConfig, upstream: Upstream
) -> Endpoint:
    """Build the endpoint that a config describes: one for each key where there are several."""
    if not config.secrets:
        return kind(config, upstream)
    one_each = [replace(config, secret=secret, secrets=()) for secret in config.secrets]
    return Rotation([kind(one, upstream) for one in one_each])
