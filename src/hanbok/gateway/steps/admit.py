"""May it start: rate, concurrency and money. What is held here is given back on any end."""

from dataclasses import dataclass

from hanbok.core.values import MicroWon
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.catalogue import Catalogue, Target
from hanbok.gateway.price import estimate
from hanbok.gateway.step import Next
from hanbok.gateway.token_limits import held_for
from hanbok.policy.gate import Gate
from hanbok.policy.key import Key, ModelNotAllowed


def key_of(call: Call) -> Key:
    """Return the caller's key."""
    if call.key is None:
        raise RuntimeError("the authenticate step must stand before the admit step")
    return call.key


def allowed(call: Call) -> Key:
    """Return the caller's key. Raises ModelNotAllowed when its list does not name the model."""
    key = key_of(call)
    if key.models and call.model not in key.models:
        raise ModelNotAllowed(model=call.model)
    return key


def tokens_of(call: Call, key: Key) -> int:
    """Return the tokens that the call holds of its key's limit; 0: it has none. Raises TokensOverLimit."""
    most = key.limits.tokens_per_minute
    return 0 if most is None else held_for(call, most)


async def enter(gate: Gate, call: Call, key: Key, tokens: int = 0) -> None:
    """Count the call in and hold what it reserves, and its tokens, until it has ended. Raises what the gate does."""
    hold = await gate.enter(call.id, key, call.model, call.reserved, tokens)
    call.at_end(lambda: hold.leave(call.ending.cost, call.ending.tokens))


@dataclass(frozen=True, slots=True)
class Admit:
    catalogue: Catalogue
    gate: Gate

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        key = allowed(call)
        call.offer = self.catalogue.offer(call.model)
        call.reserved = call.offer.most([self._worst(call, target) for target in call.offer.every])
        await enter(self.gate, call, key, tokens_of(call, key))
        return await call_next(call)

    def _worst(self, call: Call, target: Target) -> MicroWon:
        return call.choices * estimate(call.weighs, call.max_output, target.facts)
