"""Tokens that this machine's calls used within the last minute: Redis is told of them when it has lost them."""

from collections import deque
from time import monotonic
from typing import Final, NamedTuple

from hanbok.policy.token_window import SPAN

_MICRO: Final = 1_000_000


class _Used(NamedTuple):
    told: float
    """When it became known."""
    whose: str
    at: float
    """When it counts as used."""
    tokens: int


class Metered:
    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        """When calls under way came in."""
        self._used: deque[_Used] = deque()

    def begin(self, call: str) -> None:
        self._begun.setdefault(call, monotonic())

    def end(self, call: str, whose: str, held: int, used: int | None) -> None:
        """Note what a call used, None: what it held. What goes beyond that counts from now."""
        now, used = monotonic(), held if used is None else used
        self._used.append(_Used(now, whose, self._begun.pop(call, now), min(held, used)))
        if used > held:
            self._used.append(_Used(now, whose, now, used - held))
        while now - self._used[0].told > SPAN:
            self._used.popleft()

    def age(self, call: str) -> int:
        """Return how many microseconds ago a call came in."""
        now = monotonic()
        return round((now - self._begun.get(call, now)) * _MICRO)

    def used(self) -> list[tuple[str, int, int]]:
        """Return whose, how many microseconds ago, and how many, of calls that have ended."""
        now = monotonic()
        return [(one.whose, round((now - one.at) * _MICRO), one.tokens) for one in self._used]
