"""A question of hanbok's own to one place, beside a call: for an embedding, or for a judgement."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from hanbok.core.values import Text
from hanbok.gateway.asking import FAILURES, Place
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import WireAnswer
from hanbok.gateway.errors import EndpointUnavailable, UpstreamFailed, UpstreamTimeout
from hanbok.gateway.health import Breaker, Health
from hanbok.gateway.spelled import url_of
from hanbok.gateway.upstream import Upstream

_OK: Final = 200
_ANSWER_LIMIT: Final = 4 * 1024 * 1024


_BREAKER: Final = Breaker(failures=3, seconds=10.0)
"""When a place that fails is not asked for a while: no call waits for it meanwhile."""
_RESTS: Final = Text(ko="조금 전에 실패해 쉬고 있습니다", en="it failed a moment ago and rests")


@dataclass(slots=True)
class Aside:
    place: Place
    upstream: Upstream
    model: str
    seconds: float
    """How long may be waited for the whole answer."""
    health: Health = field(default_factory=lambda: Health(_BREAKER))

    @property
    def endpoint(self) -> str:
        """Name of the endpoint."""
        return self.place.endpoint.destination.endpoint

    async def ask(self, operation: Operation, body: bytes) -> WireAnswer:
        """Return the answer to a request of OpenAI's shape. Raises one of `asking.FAILURES`."""
        if not self.health.ready(self):
            raise EndpointUnavailable(endpoint=self.endpoint, why=_RESTS)
        visit = self.health.enter(self)
        try:
            answer = await self._in_time(operation, body)
        except FAILURES as error:
            visit.failed(error)
            raise
        else:
            visit.answered()
            return answer
        finally:
            visit.left()

    async def _in_time(self, operation: Operation, body: bytes) -> WireAnswer:
        try:
            async with asyncio.timeout(self.seconds):
                return await self._ask(operation, body)
        except TimeoutError:
            raise UpstreamTimeout(origin=self.endpoint, seconds=self.seconds, phase="whole answer") from None

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
                    origin=self.endpoint,
                    status=exchange.status,
                    reason=reason,
                    retry_after="",
                )
            return endpoint.dialect.answer(operation, whole)
        finally:
            if address.left is not None:
                address.left()
