"""Two places asked for one answer: the second after a while, the first token wins, the other is let go and paid for."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields, replace

from hanbok.gateway.asking import FAILURES
from hanbok.gateway.call import Call, Ending, Planned, Reply

Ask = Callable[[Call, Planned], Awaitable[Reply]]


class _Leg:
    """One of the two: it works on a call of its own, so that what it learns can be told apart."""

    def __init__(self, call: Call, planned: Planned, ask: Ask) -> None:
        self.endpoint = planned.target.endpoint
        self.call = replace(call, ending=Ending(steps=dict(call.ending.steps)), hooks=[])
        self.task = asyncio.ensure_future(ask(self.call, planned))

    @property
    def failed(self) -> bool:
        """Whether it ended without a reply by itself."""
        return self.task.done() and not self.task.cancelled() and self.task.exception() is not None

    async def let_go(self) -> None:
        """Abort it; what it cost is in its ending then."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.call.finish()


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
        for leg in legs:
            await leg.let_go()
            _add(call, leg)
        raise
    for leg in legs:
        if leg is not won:
            await leg.let_go()
            _add(call, leg)
            if not leg.failed:
                call.ending.attempts.append(f"{leg.endpoint}:outrun")
    _take_over(call, won)
    return await won.task


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


def _add(call: Call, leg: _Leg) -> None:
    call.ending.cost += leg.call.ending.cost
    call.ending.attempts += leg.call.ending.attempts


def _take_over(call: Call, won: _Leg) -> None:
    """From here on the winner's call and the call itself end together."""
    ending, its = call.ending, won.call.ending
    its.cost += ending.cost
    its.attempts = ending.attempts + its.attempts
    for one in fields(Ending):
        setattr(ending, one.name, getattr(its, one.name))
    won.call.ending = ending
    call.hooks += won.call.hooks
