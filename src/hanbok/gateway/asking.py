"""One place asked once: what leaves, what comes back, what it costs."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hanbok.gateway.call import OTHER_MEDIA, Call, Planned, Reply
from hanbok.gateway.charging import charge, guess
from hanbok.gateway.dialect import Dialect, WireRequest
from hanbok.gateway.endpoint import Address, Endpoint
from hanbok.gateway.errors import (
    EndpointUnavailable,
    UnsupportedRequest,
    UpstreamCut,
    UpstreamFailed,
    UpstreamGarbled,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from hanbok.gateway.refusal import refusal
from hanbok.gateway.spelled import spelled, url_of
from hanbok.gateway.streaming import Streaming
from hanbok.gateway.upstream import Exchange, Timeouts, Upstream

FAILURES: Final = (
    EndpointUnavailable,
    UnsupportedRequest,
    UpstreamCut,
    UpstreamFailed,
    UpstreamGarbled,
    UpstreamTimeout,
    UpstreamUnreachable,
)
"""After these another place may be asked."""
_CALLERS_FAULT = frozenset({400, 404, 413, 415, 422})
"""Statuses by which a provider says that the request itself is wrong: another one would say the same."""
_OK = 200
_ANSWER_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint with its time limits."""

    endpoint: Endpoint
    timeouts: Timeouts


@dataclass(frozen=True, slots=True)
class Asking:
    places: Mapping[str, Place]
    upstream: Upstream

    async def ask(self, call: Call, planned: Planned) -> Reply:
        """Return the reply, or the provider's refusal of a wrong request. Raises one of FAILURES when there is none."""
        if call.body_in is None:
            raise RuntimeError("the protect step must stand before the call step")
        target, body = planned.target, call.body_in(planned.form)
        dialect = self.places[target.endpoint].endpoint.dialect
        exchange = await self._exchange(call, planned, spelled(call, dialect, body, target.model))
        try:
            return await self._reply(call, planned, exchange)
        except FAILURES:
            exchange.close()  # nobody waits for what may still come
            raise

    async def _reply(self, call: Call, planned: Planned, exchange: Exchange) -> Reply:
        target = planned.target
        place = self.places[target.endpoint]
        dialect = place.endpoint.dialect
        if exchange.status != _OK:
            return await _refused(planned, dialect, exchange)
        if call.stream:
            streaming = Streaming(target.endpoint, dialect, exchange)
            return await _stream(call, planned, streaming, place.timeouts.first)
        answer = dialect.answer(call.operation, await exchange.whole(_ANSWER_LIMIT))
        exchange.close()
        charge(call.ending, planned, answer.usage or guess(call, 0))
        media = exchange.headers.get("content-type", "") if call.operation in OTHER_MEDIA else ""
        return Reply(body=answer.body, media=media) if media else Reply(body=answer.body)

    async def _exchange(self, call: Call, planned: Planned, wire: WireRequest) -> Exchange:
        """Return the answer's beginning. Where the provider refuses one of several keys, the next one asks."""
        target, ending = planned.target, call.ending
        place = self.places[target.endpoint]
        tries = 0
        while True:
            tries += 1
            address = await place.endpoint.address(call.operation, target.model)
            exchange = await self._send(call, planned, wire, address)
            if exchange.status == _OK or address.refused is None:
                return exchange
            another = address.refused(exchange.status, exchange.headers.get("retry-after", ""))
            if not another or tries >= address.keys:
                return exchange
            ending.attempts.append(f"{target.endpoint}:{exchange.status} key {address.key}")
            exchange.close()

    async def _send(self, call: Call, planned: Planned, wire: WireRequest, address: Address) -> Exchange:
        if address.left is not None:
            call.at_end(address.left)
        ending = call.ending
        for step, what in (("release", address.release), ("key", address.key)):
            ending.steps.pop(step, None)  # of an endpoint that failed before
            if what:
                ending.steps[step] = what
        sent = wire.body if address.adapt is None else address.adapt(wire.body)
        ending.used, ending.usage = planned, None
        ending.sent = call.digest if sent is call.body else hashlib.sha256(sent).hexdigest()
        timeouts = self.places[planned.target.endpoint].timeouts
        url, headers = url_of(address, wire), address.headers + wire.headers
        if address.sign is not None:
            headers += address.sign(url, sent)
        exchange = await self.upstream.post(url, headers, sent, timeouts)
        call.at_end(exchange.close)
        return exchange


async def _stream(call: Call, planned: Planned, streaming: Streaming, seconds: float) -> Reply:
    try:
        async with asyncio.timeout(seconds):
            await streaming.begin()
    except TimeoutError:
        # It keeps the connection alive, and says nothing.
        origin = planned.target.endpoint
        raise UpstreamTimeout(origin=origin, seconds=seconds, phase="first token") from None

    def settle() -> None:
        charge(call.ending, planned, streaming.usage or guess(call, streaming.count))

    call.at_end(settle)
    return Reply(chunks=streaming.chunks())


async def _refused(planned: Planned, dialect: Dialect, exchange: Exchange) -> Reply:
    """Pass the provider's refusal of a wrong request on; raise UpstreamFailed for all else."""
    body = await exchange.whole(_ANSWER_LIMIT)
    exchange.close()
    reason = dialect.failure(body)
    if exchange.status in _CALLERS_FAULT:
        return Reply(status=exchange.status, body=refusal(body, reason))
    raise UpstreamFailed(
        origin=planned.target.endpoint,
        status=exchange.status,
        reason=reason or "no reason given",
        retry_after=exchange.headers.get("retry-after", ""),
    )
