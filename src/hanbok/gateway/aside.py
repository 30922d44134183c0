"""A question of hanbok's own to one place, beside a call: for an embedding, or for a judgement."""

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Final

from hanbok.core.values import Text
from hanbok.gateway.asking import FAILURES, Place
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import WireAnswer
from hanbok.gateway.errors import EndpointUnavailable, UpstreamFailed, UpstreamTimeout
from hanbok.gateway.spelled import url_of
from hanbok.gateway.upstream import Upstream

_OK: Final = 200
_ANSWER_LIMIT: Final = 4 * 1024 * 1024


_REST: Final = 10.0
"""Seconds for which a place that failed is not asked: no call waits for it meanwhile."""
_RESTS: Final = Text(ko="조금 전에 실패해 쉬고 있습니다", en="it failed a moment ago and rests")


@dataclass(slots=True)
class Aside:
    place: Place
    upstream: Upstream
    model: str
    seconds: float
    """How long may be waited for the whole answer."""
    _until: float = 0.0

    async def ask(self, operation: Operation, body: bytes) -> WireAnswer:
        """Return the answer to a request of OpenAI's shape. Raises one of `asking.FAILURES`."""
        origin = self.place.endpoint.destination.endpoint
        if monotonic() < self._until:
            raise EndpointUnavailable(endpoint=origin, why=_RESTS)
        try:
            async with asyncio.timeout(self.seconds):
                return await self._ask(operation, body)
        except TimeoutError:
            self._until = monotonic() + _REST
            raise UpstreamTimeout(origin=origin, seconds=self.seconds, phase="whole answer") from None
        except FAILURES:
            self._until = monotonic() + _REST
            raise

    async def _ask(self, operation: Operation, body: bytes) -> WireAnswer:
        endpoint = self.place.endpoint
        wire = endpoint.dialect.request(operation, body, model=self.model, stream=False)
        address = await endpoint.address(operation, self.model)
        try:
            sent = wire.body if address.adapt is None else address.adapt(wire.body)
            url, headers = url_of(address, wire), address.headers + wire.headers
            if address.sign is not None:
                headers += address.sign(url, sent)
            exchange = await self.upstream.post(url, headers, sent, self.place.timeouts)
            try:
                whole = await exchange.whole(_ANSWER_LIMIT)
            finally:
                exchange.close()
            if exchange.status != _OK:
                reason = endpoint.dialect.failure(whole) or "no reason given"
                raise UpstreamFailed(
                    origin=endpoint.destination.endpoint,
                    status=exchange.status,
                    reason=reason,
                    retry_after="",
                )
            return endpoint.dialect.answer(operation, whole)
        finally:
            if address.left is not None:
                address.left()
