"""Ask the planned destinations in order, and fail over honestly: only before the first token."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from hanbok.core.errors import HanbokError
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.charging import charge, guess
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.endpoint import Endpoint
from hanbok.gateway.errors import (
    EndpointUnavailable,
    UnsupportedRequest,
    UpstreamCut,
    UpstreamFailed,
    UpstreamGarbled,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from hanbok.gateway.health import Health
from hanbok.gateway.refusal import refusal
from hanbok.gateway.routing import Router, pause
from hanbok.gateway.spelled import spelled, url_of
from hanbok.gateway.step import Next
from hanbok.gateway.streaming import Streaming
from hanbok.gateway.upstream import Exchange, Timeouts, Upstream

_TRY_NEXT = (
    EndpointUnavailable,
    UnsupportedRequest,
    UpstreamCut,
    UpstreamFailed,
    UpstreamGarbled,
    UpstreamTimeout,
    UpstreamUnreachable,
)
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
class CallModel:
    places: Mapping[str, Place]
    upstream: Upstream
    router: Router = field(default_factory=lambda: Router(Health()))

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        failure: HanbokError | None = None
        retries = call.offer.routing.retries if call.offer else 0
        for round_ in range(retries + 1):
            if isinstance(failure, UnsupportedRequest):
                break
            if failure is not None:
                await asyncio.sleep(pause(round_))
            for planned in self.router.ranked(call):
                visit = self.router.health.enter(planned.target)
                call.at_end(visit.left)
                try:
                    reply = await self._ask(call, planned)
                except _TRY_NEXT as error:
                    visit.failed(error)
                    visit.left()
                    call.ending.attempts.append(f"{planned.target.endpoint}:{error.code}")
                    if isinstance(error, UpstreamCut | UpstreamTimeout):
                        # It had the prompt and may have worked on it.
                        charge(call.ending, planned, guess(call, 0))
                    failure = error
                else:
                    visit.answered()
                    return reply
        raise failure or RuntimeError(f"call {call.id} has no plan")

    async def _ask(self, call: Call, planned: Planned) -> Reply:
        if call.body_in is None:
            raise RuntimeError("the protect step must stand before the call step")
        target, body, ending = planned.target, call.body_in(planned.form), call.ending
        place = self.places[target.endpoint]
        dialect = place.endpoint.dialect
        wire = spelled(call, dialect, body, target.model)
        address = await place.endpoint.address(call.operation, target.model)
        if address.left is not None:
            call.at_end(address.left)
        ending.steps.pop("release", None)  # of an endpoint that failed before
        if address.release:
            ending.steps["release"] = address.release
        sent = wire.body if address.adapt is None else address.adapt(wire.body)
        ending.used, ending.usage = planned, None
        ending.sent = call.digest if sent is call.body else hashlib.sha256(sent).hexdigest()
        exchange = await self.upstream.post(
            url_of(address, wire), address.headers + wire.headers, sent, place.timeouts
        )
        call.at_end(exchange.close)
        if exchange.status != _OK:
            return await _refused(planned, dialect, exchange)
        if call.stream:
            return await _stream(call, planned, Streaming(target.endpoint, dialect.reader(), exchange))
        answer = dialect.answer(call.operation, await exchange.whole(_ANSWER_LIMIT))
        exchange.close()
        charge(ending, planned, answer.usage or guess(call, 0))
        media = exchange.headers.get("content-type", "") if call.operation is Operation.SPEECH else ""
        return Reply(body=answer.body, media=media) if media else Reply(body=answer.body)


async def _stream(call: Call, planned: Planned, streaming: Streaming) -> Reply:
    await streaming.begin()

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
