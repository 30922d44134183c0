"""One process with the adapters that it was started with, and how many calls are under way in it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hanbok.gateway.llama.dress import Dress
from hanbok.gateway.llama.supervisor import Supervisor


@dataclass(slots=True, kw_only=True)
class Crew:
    supervisor: Supervisor
    dresses: Mapping[str, Dress]
    """By release; the empty name: a request that asks for none."""
    _calls: int = 0
    _retired: bool = False
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin idle."""
        self._idle.set()

    @property
    def busy(self) -> bool:
        return self._calls > 0

    def take(self) -> Callable[[], None]:
        """Count a call; the caller calls what it gets when the call is over."""
        self._calls += 1
        self._idle.clear()
        return self._leave

    def _leave(self) -> None:
        self._calls -= 1
        if not self._calls:
            self._idle.set()

    async def retire(self, patience: float) -> None:
        """End the process once its calls are over, or after `patience` seconds."""
        try:
            await asyncio.wait_for(self._idle.wait(), patience)
        except TimeoutError:
            pass
        finally:
            await self.supervisor.close()
