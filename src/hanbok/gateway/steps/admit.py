"""May it start: rate, concurrency and money. What is held here is given back on any end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic

from hanbok.core.values import MicroWon
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.catalogue import Catalogue, Target
from hanbok.gateway.price import estimate
from hanbok.gateway.step import Next
from hanbok.policy.key import ModelNotAllowed
from hanbok.policy.ledger import Ledger
from hanbok.policy.limits import Limiter


@dataclass(frozen=True, slots=True)
class Admit:
    catalogue: Catalogue
    limiter: Limiter
    ledger: Ledger
    now: Callable[[], datetime]

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        key = call.key
        if key is None:
            raise RuntimeError("the authenticate step must stand before the admit step")
        if key.models and call.model not in key.models:
            raise ModelNotAllowed(model=call.model)
        call.offer = self.catalogue.offer(call.model)
        self.limiter.enter(key, monotonic())

        call.at_end(partial(self.limiter.leave, key))
        call.reserved = max([self._worst(call, target) for target in call.offer.every])
        reservation = self.ledger.reserve(key, call.reserved, self.now())

        call.at_end(lambda: self.ledger.settle(reservation, call.ending.cost))
        return await call_next(call)

    def _worst(self, call: Call, target: Target) -> MicroWon:
        return call.choices * estimate(len(call.body), call.max_output, target.facts)
