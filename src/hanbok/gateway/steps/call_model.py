"""Ask the planned destinations in order, and fail over honestly: only before the first token."""

import asyncio
from dataclasses import dataclass, field

from hanbok.core.errors import HanbokError
from hanbok.gateway.asking import FAILURES, Asking
from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.catalogue import Routing
from hanbok.gateway.charging import charge, guess
from hanbok.gateway.errors import UnsupportedRequest, UpstreamCut, UpstreamTimeout
from hanbok.gateway.health import Health
from hanbok.gateway.hedging import hedged
from hanbok.gateway.routing import Router, pause
from hanbok.gateway.step import Next


@dataclass(frozen=True, slots=True)
class CallModel:
    asking: Asking
    router: Router = field(default_factory=lambda: Router(Health()))

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        failure: HanbokError | None = None
        routing = call.offer.routing if call.offer else Routing()
        for round_ in range(routing.retries + 1):
            if isinstance(failure, UnsupportedRequest):
                break
            if failure is not None:
                await asyncio.sleep(pause(round_))
            ranked = list(self.router.ranked(call))
            while ranked:
                try:
                    if routing.hedge and len(ranked) > 1:
                        pair, ranked = ranked[:2], ranked[2:]
                        return await hedged(call, pair, routing.hedge, self._visit)
                    return await self._visit(call, ranked.pop(0))
                except FAILURES as error:
                    failure = error
        raise failure or RuntimeError(f"call {call.id} has no plan")

    async def _visit(self, call: Call, planned: Planned) -> Reply:
        """Ask one place, and note how it did. Raises one of FAILURES."""
        visit = self.router.health.enter(planned.target)
        call.at_end(visit.left)
        try:
            reply = await self.asking.ask(call, planned)
        except FAILURES as error:
            visit.failed(error)
            visit.left()
            call.ending.attempts.append(f"{planned.target.endpoint}:{error.code}")
            if isinstance(error, UpstreamCut | UpstreamTimeout):
                # It had the prompt and may have worked on it.
                charge(call.ending, planned, guess(call, 0))
            raise
        except asyncio.CancelledError:
            if call.ending.used is planned and call.ending.usage is None:
                # Nobody waits for the answer any more, which is paid for all the same.
                charge(call.ending, planned, guess(call, 0))
            raise
        visit.answered()
        return reply
