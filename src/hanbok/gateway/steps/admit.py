"""May it start: rate, concurrency and money. What is held here is given back on any end."""

from dataclasses import dataclass

from hanbok.core.values import MicroWon
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.catalogue import Catalogue, Target
from hanbok.gateway.price import estimate
from hanbok.gateway.step import Next
from hanbok.policy.gate import Gate
from hanbok.policy.key import ModelNotAllowed


@dataclass(frozen=True, slots=True)
class Admit:
    catalogue: Catalogue
    gate: Gate

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        key = call.key
        if key is None:
            raise RuntimeError("the authenticate step must stand before the admit step")
        if key.models and call.model not in key.models:
            raise ModelNotAllowed(model=call.model)
        call.offer = self.catalogue.offer(call.model)
        call.reserved = call.offer.most([self._worst(call, target) for target in call.offer.every])
        hold = await self.gate.enter(call.id, key, call.model, call.reserved)
        call.at_end(lambda: hold.leave(call.ending.cost))
        return await call_next(call)

    def _worst(self, call: Call, target: Target) -> MicroWon:
        return call.choices * estimate(call.weighs, call.max_output, target.facts)
