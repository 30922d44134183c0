"""May this be used now: the allow-list, rate, concurrency and money. What is held is given back on any end."""

from dataclasses import dataclass

from hanbok.gateway.call import Call, Reply
from hanbok.gateway.mcp.toolbox import Toolbox
from hanbok.gateway.step import Next
from hanbok.gateway.steps.admit import enter, key_of
from hanbok.policy.gate import Gate


@dataclass(frozen=True, slots=True)
class AdmitTool:
    """Stands where the admit step does for models. A key's list of models says nothing of tools."""

    toolbox: Toolbox
    gate: Gate

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        key = key_of(call)
        call.offer = self.toolbox.offer(call.model)
        call.reserved = self.toolbox.split(call.model)[0].price
        # First, so that no invented name gets an account.
        await self.toolbox.admit(call.operation, call.model, call.body, call.principal)
        await enter(self.gate, call, key)
        return await call_next(call)
