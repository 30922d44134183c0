"""The gate that a call passes before it starts, and what it holds until it has ended: a slot, and money."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Protocol

from hanbok.core.values import MicroWon
from hanbok.policy.key import Key
from hanbok.policy.ledger import Ledger, Reservation
from hanbok.policy.limits import Limiter
from hanbok.policy.token_window import Second


class Hold(Protocol):
    """What one call holds."""

    def leave(self, cost: MicroWon, tokens: int | None = None) -> None:
        """Free the slot and put what the call cost, and the tokens that it used, in the place of what was held. To be
        called once, on any end. None: what it used is not known, and counts as it was held.
        """
        ...


class Gate(Protocol):
    async def enter(self, call: str, key: Key, model: str, worst: MicroWon, tokens: int = 0) -> Hold:
        """Count a call in and hold `worst` and `tokens` for it. Raises RateLimited, TokenRateLimited,
        ConcurrencyExceeded or BudgetExceeded, and then nothing is held.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    key: Key
    reservation: Reservation
    limiter: Limiter
    ledger: Ledger

    def leave(self, cost: MicroWon, tokens: int | None = None) -> None:  # noqa: ARG002 - as `Hold` has it
        self.ledger.settle(self.reservation, cost)
        self.limiter.leave(self.key)


@dataclass(frozen=True, slots=True)
class _Metered:
    """Of a key with a limit on tokens."""

    held: _Held
    where: Second | None
    tokens: int

    def leave(self, cost: MicroWon, tokens: int | None = None) -> None:
        if tokens is not None:
            self.held.limiter.settle(self.held.key, self.where, self.tokens, tokens, monotonic())
        self.held.leave(cost)


@dataclass(frozen=True, slots=True)
class Here:
    """The gate of one process, in its memory: it never really waits."""

    limiter: Limiter
    ledger: Ledger
    now: Callable[[], datetime]

    async def enter(self, call: str, key: Key, model: str, worst: MicroWon, tokens: int = 0) -> Hold:  # noqa: ARG002 - for other gates
        """Count the call in; nothing happens between the checks and the holding."""
        return self.admit(key, model, worst, tokens)

    def admit(self, key: Key, model: str, worst: MicroWon, tokens: int = 0) -> Hold:
        """Do as `enter`, at once."""
        where = self.limiter.enter(key, monotonic(), tokens)
        try:
            reservation = self.ledger.reserve(key, worst, self.now(), model)
        except BaseException:
            if where is not None:
                self.limiter.settle(key, where, tokens, 0, monotonic())
            self.limiter.leave(key)
            raise
        held = _Held(key, reservation, self.limiter, self.ledger)
        return held if key.limits.tokens_per_minute is None else _Metered(held, where, tokens)

    def resume(self, call: str, key: Key, model: str, held: MicroWon, day: str) -> Hold:  # noqa: ARG002 - as `enter`
        """Hold for a call that came in before this process began, whatever the limits say now."""
        self.limiter.resume(key)
        resumed = _Held(key, self.ledger.hold(key, held, day, model), self.limiter, self.ledger)
        return resumed if key.limits.tokens_per_minute is None else _Metered(resumed, None, 0)
