"""Rate, tokens and concurrency of keys, in the memory of one process."""

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from hanbok.policy.errors import ConcurrencyExceeded, RateLimited, TokenRateLimited
from hanbok.policy.key import Key
from hanbok.policy.token_window import Second, TokenWindow

WINDOW: Final = 60.0
"""Seconds over which requests are counted."""

_SWEEP_EVERY: Final = 16
_SWEPT: Final = 2 * _SWEEP_EVERY
"""Keys looked at every so many requests to forget idle ones: more, so that the table shrinks faster than it grows."""


@dataclass(slots=True)
class _Record:
    active: int = 0
    times: deque[float] = field(default_factory=lambda: deque[float](maxlen=0))
    """When the latest requests were let in, as many as the limit allows; the oldest falls out on its own."""
    tokens: TokenWindow | None = None

    def idle(self, now: float) -> bool:
        rested = not self.times or now - self.times[-1] >= WINDOW
        return not self.active and rested and (self.tokens is None or self.tokens.idle(now))


class Limiter:
    """Lets in at most the limit in *any* 60 seconds, not on average: the time of the n-th latest request decides.

    A call costs the same however many keys and requests there are. What is kept is bounded by the requests that
    one process lets in within a minute. Not shared between processes, and to be used from one thread.
    """

    def __init__(self) -> None:
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._let_in = 0

    def enter(self, key: Key, now: float, tokens: int = 0) -> Second | None:
        """Count one call in, or raise RateLimited, TokenRateLimited or ConcurrencyExceeded and count nothing. `now` is
        in seconds on a clock that never goes back. Each call that was let in must `leave` once; of a key with a limit
        on tokens, it is to `settle` what this returns. One without
        tokens comes in whatever was used.
        """
        limits = key.limits
        record = self._records.get(key.id) or _Record()
        if limits.concurrency is not None and record.active >= limits.concurrency:
            raise ConcurrencyExceeded(limit=limits.concurrency)
        most = limits.tokens_per_minute
        if most is not None and tokens:
            record.tokens = record.tokens or TokenWindow()
            if wait := record.tokens.wait(tokens, most, now):
                raise TokenRateLimited(limit=most, tokens=tokens, retry_after=wait)
        rate = limits.requests_per_minute
        if record.times.maxlen != (rate or 0):
            record.times = deque(record.times, maxlen=rate or 0)
        if rate is not None:
            _admit(record.times, rate, now)
        record.active += 1
        self._records[key.id] = record
        self._records.move_to_end(key.id)
        self._let_in += 1
        if self._let_in % _SWEEP_EVERY == 0:
            self._sweep(now)
        return None if most is None or record.tokens is None or not tokens else record.tokens.add(tokens, now)

    def settle(self, key: Key, where: Second | None, held: int, used: int, now: float) -> None:
        """Put the tokens that a call used in the place of those held for it: where `enter` said, or nowhere. To be told
        before it leaves.
        """
        record = self._records.get(key.id)
        if record is not None:
            record.tokens = record.tokens or TokenWindow()
            record.tokens.settle(where, held, used, now)

    def resume(self, key: Key) -> None:
        """Count a call in that was let in before this process began."""
        self._records.setdefault(key.id, _Record()).active += 1

    def leave(self, key: Key) -> None:
        """Count one call out. Raises ValueError when none is under way."""
        record = self._records.get(key.id)
        if record is None or not record.active:
            raise ValueError(f"no call of the key {key.id!r} is under way")
        record.active -= 1

    def __len__(self) -> int:
        """Keys remembered."""
        return len(self._records)

    def _sweep(self, now: float) -> None:
        for _ in range(min(_SWEPT, len(self._records))):
            name, record = next(iter(self._records.items()))
            if record.idle(now):
                del self._records[name]
            else:
                self._records.move_to_end(name)


def _admit(times: deque[float], rate: int, now: float) -> None:
    if len(times) >= rate:
        wait = WINDOW - (now - times[0]) if times else WINDOW
        if wait > 0:
            raise RateLimited(limit=rate, retry_after=max(1, math.ceil(wait)))
    times.append(now)
