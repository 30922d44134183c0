"""The contract of a step: one concern around the rest of the path."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar

from hanbok.gateway.call import Call, Reply

Next: TypeAlias = Callable[[Call], Awaitable[Reply]]


class Step(Protocol):
    """Does its part, calls the next one, may wrap the reply. The order is set in `hanbok.app`."""

    async def __call__(self, call: Call, call_next: Next) -> Reply: ...


_Kind = TypeVar("_Kind")


def step_of(steps: Sequence[Step], kind: type[_Kind]) -> _Kind:
    """Return the step of this class, for another path that shares it."""
    return next(step for step in steps if isinstance(step, kind))
