"""What a call is charged: the usage that the provider told, or a guess that is rather high than low."""

from hanbok.core.values import Usage
from hanbok.gateway.call import Call, Ending, Planned
from hanbok.gateway.price import cost

_BYTES_PER_TOKEN = 3
"""Of a Korean prompt in UTF-8, rounded so that the guess is rather high than low (o200k: 1.5 characters a token)."""


def charge(ending: Ending, planned: Planned, usage: Usage) -> None:
    """Add what this use costs."""
    ending.usage = usage
    price = planned.target.facts.price
    if price is not None:
        ending.cost += cost(usage, price)


def guess(call: Call, chunks: int) -> Usage:
    """Stand in for usage that the provider never told: an answer cut or left early is not free."""
    call.ending.steps["usage"] = "estimated"
    return Usage(input=-(-call.weighs // _BYTES_PER_TOKEN), output=chunks)
