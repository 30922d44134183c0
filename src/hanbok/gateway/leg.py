"""Part of a call that is worked on apart, so that what it learns can be told apart: one of two that race, or of two
that answer one after the other.
"""

from dataclasses import fields, replace

from hanbok.gateway.call import Call, Ending, Planned


def leg_of(call: Call, plan: tuple[Planned, ...] | None = None) -> Call:
    """Return a leg of the call, for all of its plan or for these places."""
    ending = Ending(steps=dict(call.ending.steps))
    return replace(call, ending=ending, hooks=[], plan=call.plan if plan is None else plan)


def take_over(call: Call, leg: Call) -> None:
    """From here on the leg and the call itself end together."""
    ending, its = call.ending, leg.ending
    its.cost += ending.cost
    its.tokens += ending.tokens
    its.attempts = ending.attempts + its.attempts
    for one in fields(Ending):
        setattr(ending, one.name, getattr(its, one.name))
    leg.ending = ending
    call.hooks += leg.hooks


def let_go(call: Call, leg: Call) -> None:
    """End a leg; what it cost is the call's."""
    try:
        leg.finish()
    finally:
        call.ending.cost += leg.ending.cost
        call.ending.tokens += leg.ending.tokens
        call.ending.attempts += leg.ending.attempts


def tell(call: Call, leg: Call) -> None:
    """Where no place has answered, the call's ending names the last one that was told something."""
    ending, its = call.ending, leg.ending
    if its.used is not None:
        ending.used, ending.usage, ending.sent = its.used, its.usage, its.sent
