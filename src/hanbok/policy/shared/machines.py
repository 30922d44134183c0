"""The machines that count together, and the money that one holds which is gone for good."""

from typing import Any, NamedTuple

from hanbok.core.values import MicroWon
from hanbok.policy.errors import LimitsUnavailable, MachineHeard, MachineUnknown
from hanbok.policy.shared.at import At
from hanbok.policy.shared.server import Server


class Machine(NamedTuple):
    name: str
    heard: bool
    """Whether it was heard of within its lease."""
    calls: int
    held: MicroWon
    """What its calls that are under way, or were when it fell silent, hold of all budgets."""


class Released(NamedTuple):
    calls: int
    held: MicroWon


async def machines(at: At) -> list[Machine]:
    """Return all that Redis knows. Raises LimitsUnavailable and its kin."""
    _, found = await _asked(at, "machines", "")
    return sorted(Machine(name.decode(), bool(heard), calls, int(held)) for name, heard, calls, held in found)


async def release(at: At, name: str) -> Released:
    """Give back what a machine's calls hold. Raises MachineUnknown, MachineHeard, LimitsUnavailable and its kin."""
    state, *found = await _asked(at, "release", name)
    if state == b"unknown":
        raise MachineUnknown(machine=name)
    if state == b"alive":
        raise MachineHeard(machine=name)
    return Released(found[0], int(found[1]))


async def _asked(at: At, verb: str, machine: str) -> list[Any]:
    server = Server(at)
    try:
        await server.meet()
        said = await server.ask(verb, machine=machine)
    finally:
        await server.close()
    if said[0] in {b"moved", b"unseeded"}:  # no machine has counted since Redis began anew
        raise LimitsUnavailable(why=said[0].decode(), retry_after=1)
    return said
