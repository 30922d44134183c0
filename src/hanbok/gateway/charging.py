"""What a call is charged: the usage that the provider told, or a guess that is rather high than low."""

from typing import Final

from hanbok.core.values import Usage
from hanbok.evidence.entry import Outcome
from hanbok.gateway.call import Call, Ending, Planned
from hanbok.gateway.price import cost

BYTES_PER_TOKEN: Final = 3
"""Of a Korean prompt in UTF-8, rounded so that the guess is rather high than low (o200k: 1.5 characters a token)."""


def charge(ending: Ending, planned: Planned, usage: Usage) -> None:
    """Add what this use costs."""
    count(ending, usage)
    price = planned.target.facts.price
    if price is not None:
        ending.cost += cost(usage, price)


def count(ending: Ending, usage: Usage) -> None:
    """Note what was used."""
    ending.usage = usage
    ending.tokens += tokens_of(usage)


def tokens_of(usage: Usage | Outcome) -> int:
    """Return how many tokens a use counts against limits: all, cached ones too. Counts that make no sense are none."""
    return max(usage.input, 0) + max(usage.output, 0)


def guess(call: Call, chunks: int) -> Usage:
    """Stand in for usage that the provider never told: an answer cut or left early is not free."""
    call.ending.steps["usage"] = "estimated"
    return Usage(input=tokens_in(call.weighs), output=chunks)


def tokens_in(size: int) -> int:
    """Return how many tokens a text of so many bytes may be."""
    return -(-size // BYTES_PER_TOKEN)
