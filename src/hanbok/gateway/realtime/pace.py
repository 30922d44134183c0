"""How fast a client may say what is no call of its own, and so has no limit of its key."""

import asyncio


class Pace:
    """So many at once, and then so many a second: who is faster waits."""

    def __init__(self, *, at_once: int, per_second: float) -> None:
        self._every = 1 / per_second
        self._ahead = at_once * self._every
        self._next = 0.0

    async def wait(self) -> None:
        """Return when one more may be said."""
        at = asyncio.get_running_loop().time()
        self._next = max(self._next, at - self._ahead) + self._every
        if self._next > at:
            await asyncio.sleep(self._next - at)
