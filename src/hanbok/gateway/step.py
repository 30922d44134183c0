"""The contract of a step: one concern around the rest of the path."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from hanbok.gateway.call import Call, Reply

Next: TypeAlias = Callable[[Call], Awaitable[Reply]]


class Step(Protocol):
    """Does its part, calls the next one, may wrap the reply. The order is set in `hanbok.app`."""

    async def __call__(self, call: Call, call_next: Next) -> Reply: ...
