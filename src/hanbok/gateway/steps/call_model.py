"""Ask the planned destinations in order, and fail over honestly: only before the first token."""

import asyncio
from dataclasses import dataclass, field

from hanbok.core.errors import HanbokError
from hanbok.gateway.asking import FAILURES, Asking
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.charging import charge, guess
from hanbok.gateway.errors import UnsupportedRequest, UpstreamCut, UpstreamTimeout
from hanbok.gateway.health import Health
from hanbok.gateway.routing import Router, pause
from hanbok.gateway.step import Next


@dataclass(frozen=True, slots=True)
class CallModel:
    asking: Asking
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
                    reply = await self.asking.ask(call, planned)
                except FAILURES as error:
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
