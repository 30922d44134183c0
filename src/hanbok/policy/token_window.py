"""Tokens that count against a limit now."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

SPAN: Final = 61
"""Seconds after which a second is forgotten: all of it is then older than a minute."""


@dataclass(slots=True)
class Second:
    """What was counted in one second."""

    at: int
    tokens: int = 0


class TokenWindow:
    """Counts by the second, so it costs the same however many calls there are, and a limit holds in any 60 seconds.

    `now` is always in seconds on a clock that never goes back.
    """

    __slots__ = ("_seconds", "_total")

    def __init__(self) -> None:
        self._seconds: deque[Second] = deque()
        self._total = 0

    def wait(self, tokens: int, most: int, now: float) -> int:
        """Return in how many whole seconds so many tokens fit under the limit; 0: they do now."""
        self._forget(now)
        over = self._total + tokens - most
        if over <= 0:
            return 0
        last = math.floor(now)
        for second in self._seconds:
            over -= second.tokens
            last = second.at
            if over <= 0:
                break
        return max(1, math.ceil(last + SPAN - now))

    def add(self, tokens: int, now: float) -> Second:
        """Count tokens, and return where."""
        self._forget(now)
        this = math.floor(now)
        if not self._seconds or self._seconds[-1].at != this:
            self._seconds.append(Second(this))
        self._total += tokens
        self._seconds[-1].tokens += tokens
        return self._seconds[-1]

    def settle(self, where: Second | None, held: int, used: int, now: float) -> None:
        """Put what was used in the place of what was held: the rest is given back, what goes beyond counts from now."""
        self._forget(now)
        if used > held:
            self.add(used - held, now)
        elif where is not None and where.at + SPAN > math.floor(now):
            where.tokens -= held - used
            self._total -= held - used

    def idle(self, now: float) -> bool:
        """Tell whether nothing counts any more."""
        self._forget(now)
        return not self._seconds

    def _forget(self, now: float) -> None:
        this = math.floor(now)
        while self._seconds and self._seconds[0].at + SPAN <= this:
            self._total -= self._seconds.popleft().tokens
