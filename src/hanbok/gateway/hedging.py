"""Two places asked for one answer: the second after a while, the first token wins, the other is let go and paid for."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from hanbok.gateway.asking import FAILURES
from hanbok.gateway.call import Call, Planned, Reply
from hanbok.gateway.leg import leg_of, let_go, take_over, tell

Ask = Callable[[Call, Planned], Awaitable[Reply]]


class _Leg:
    """One of the two."""

    def __init__(self, call: Call, planned: Planned, ask: Ask) -> None:
        self.endpoint = planned.target.endpoint
        self.call = leg_of(call)
        self.task = asyncio.ensure_future(ask(self.call, planned))

    @property
    def failed(self) -> bool:
        """Whether it ended without a reply by itself."""
        return self.task.done() and not self.task.cancelled() and self.task.exception() is not None


async def hedged(call: Call, pair: Sequence[Planned], seconds: float, ask: Ask) -> Reply:
    """Ask the first place, and the second one too when the first has failed, or has no first token after so many
    seconds. Raises the failure of the last one, where both fail: `ask` has noted those in the endings.
    """
    legs = [_Leg(call, pair[0], ask)]
    try:
        await asyncio.wait([legs[0].task], timeout=seconds)
        if not legs[0].task.done() or legs[0].failed:
            legs.append(_Leg(call, pair[1], ask))
        won = await _first(legs)
    except BaseException:
        try:
            await _let_go(call, legs, "left")
        finally:
            for leg in legs:
                tell(call, leg.call)
        raise
    take_over(call, won.call)  # first: it is let go with the call, should the client leave now
    await _let_go(call, [leg for leg in legs if leg is not won], "outrun")
    return won.task.result()


async def _first(legs: Sequence[_Leg]) -> _Leg:
    """Return the leg that has a reply. Raises what the last one failed with."""
    waiting = {leg.task: leg for leg in legs}
    failure: BaseException | None = None
    while waiting:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            leg = waiting.pop(task)
            failure = task.exception()
            if failure is None:
                return leg
            if not isinstance(failure, FAILURES):
                raise failure
    raise failure or RuntimeError(f"call {legs[0].call.id} was hedged over nothing")


async def _let_go(call: Call, legs: Sequence[_Leg], why: str) -> None:
    """Abort them; what they cost is the call's."""
    for leg in legs:
        leg.task.cancel()
    try:
        await asyncio.gather(*(leg.task for leg in legs), return_exceptions=True)
    finally:
        for leg in legs:
            try:
                let_go(call, leg.call)
            finally:
                if not leg.failed:
                    call.ending.attempts.append(f"{leg.endpoint}:{why}")
