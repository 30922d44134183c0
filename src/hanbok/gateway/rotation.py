"""Several keys of one provider: one that is refused or used up is left out for a while, the endpoint is not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Final, TypeAlias

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.endpoint import Address, Endpoint, EndpointConfig
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.health import LONGEST_ASKED, seconds_asked
from hanbok.gateway.upstream import Upstream

Kind: TypeAlias = Callable[[EndpointConfig, Upstream], Endpoint]
_REST: Final = 300.0
_PAUSES: Final = {401: _REST, 402: _REST, 403: _REST, 429: 10.0}
"""Seconds for which a key is left out, by the status that says that it, and not the place, is the reason: not known,
not paid, not allowed, used up. A key may be put right at the provider's, so none is given up for ever.
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
        """Return where to send, with the next key; where all are left out, with the one that is back first.

        Raises EndpointUnavailable where no key has an address.
        """
        failure: EndpointUnavailable | None = None
        dead: list[_Key] = []
        for key in self._in_turn():
            try:
                address = await key.endpoint.address(operation, model)
            except EndpointUnavailable as error:
                failure = error
                dead.append(key)
                continue
            for one in dead:
                one.until = self._clock() + _REST
            return replace(address, key=key.name, keys=len(self._keys), refused=partial(self._refused, key))
        raise failure or RuntimeError(f"endpoint {self.destination.endpoint} has no keys")

    async def start(self) -> None:
        """Start what stands behind each key."""
        for key in self._keys:
            await key.endpoint.start()

    async def close(self) -> None:
        """Stop what was started."""
        for key in self._keys:
            await key.endpoint.close()

    def _in_turn(self) -> list[_Key]:
        now = self._clock()
        self._turn = (self._turn + 1) % len(self._keys)
        in_turn = self._keys[self._turn :] + self._keys[: self._turn]
        return sorted(in_turn, key=lambda key: max(key.until, now))

    def _refused(self, key: _Key, status: int, retry_after: str) -> bool:
        pause = _PAUSES.get(status)
        if pause is None:
            return False
        now = self._clock()
        key.until = now + (min(seconds_asked(retry_after), LONGEST_ASKED) or pause)
        return any(one.until <= now for one in self._keys)


def endpoint_of(kind: Kind, config: EndpointConfig, upstream: Upstream) -> Endpoint:
    """Build the endpoint that a config describes: one for each key where there are several."""
    if not config.secrets:
        return kind(config, upstream)
    one_each = [replace(config, secret=secret) for secret in config.secrets]
    return Rotation([kind(one, upstream) for one in one_each])
