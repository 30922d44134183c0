"""Calls that a crash cut off: each is closed in the log, at the price that had been held for it.

The rule. An intent is durable before a call leaves, an outcome follows its end; a process that dies in between leaves
an intent alone. What the provider charged is then not known, so the next start writes the missing outcome with status
`crashed` and the whole reservation as its cost: a budget may be charged too much, by a sum that the log shows, and
never too little. Because the outcome is an entry like any other, every sum over the log stays the sum of its outcomes.
A start that dies on the way leaves the rest to the next one; none is written twice.
"""

import asyncio
from collections.abc import Container

from hanbok.core.clock import stamp
from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.log import Log


async def settle_crashed(log: Log, start: int = 0, claimed: Container[str] = ()) -> list[Intent]:
    """Close every call that has no outcome and that nobody claims; return the claimed ones, which stay open. To be
    called before the first call of a run.

    `start`: no intent before this index is open (0 is always right, and reads the whole log).
    """
    left = await asyncio.to_thread(_unsettled, log, start)
    outcomes = [crashed(intent) for intent in left if intent.call not in claimed]
    for outcome in outcomes[:-1]:
        log.post(outcome)
    for outcome in outcomes[-1:]:
        await log.append(outcome)
    return [intent for intent in left if intent.call in claimed]


def crashed(intent: Intent) -> Outcome:
    """Return the outcome of a call whose process has died."""
    return Outcome(
        at=stamp(),
        call=intent.call,
        status="crashed",
        organisation=intent.organisation,
        key=intent.key,
        cost=intent.reserved,
    )


def _unsettled(log: Log, start: int) -> list[Intent]:
    left: dict[str, Intent] = {}
    for record in log.read(start):
        if isinstance(record.entry, Intent):
            left[record.entry.call] = record.entry
        elif isinstance(record.entry, Outcome):
            left.pop(record.entry.call, None)
    return list(left.values())
