"""The gate of a server that is one of several: what it lets in counts for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hanbok.core.values import MicroWon
from hanbok.policy.errors import ConcurrencyExceeded, LimitsUnavailable, RateLimited, TokenRateLimited
from hanbok.policy.gate import Hold
from hanbok.policy.key import Key, Limits
from hanbok.policy.ledger import accounts_of, day_of, used_up
from hanbok.policy.shared.counter import Counter
from hanbok.policy.shared.held import Asked, Held

_MOST_TOKENS: Final = 10**13
"""Redis writes no more than 14 digits, and the next process of this machine could not read what is larger."""


@dataclass(frozen=True, slots=True)
class _Shared:
    counter: Counter
    call: str

    def leave(self, cost: MicroWon, tokens: int | None = None) -> None:
        self.counter.leave(self.call, cost, tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedGate:
    counter: Counter
    limits_of: Callable[[str], Limits]
    """Tells what an account may spend; of keys, they tell it themselves."""
    now: Callable[[], datetime]
    space: str = ""
    """Rates and slots are counted apart in each; money is not."""
    lenient: bool = False
    """Whether calls come in uncounted while Redis is away, and are counted when it is back."""

    async def enter(self, call: str, key: Key, model: str, worst: MicroWon, tokens: int = 0) -> Hold:
        """Count the call in on all machines. Raises LimitsUnavailable too, unless `lenient`."""
        held = self._held(call, key, model, worst, tokens, day_of(self.now()))
        if self.lenient and self.counter.away:
            return self._anyhow(held)
        try:
            said = await self.counter.enter(held, self._asked(key, held.accounts))
        except LimitsUnavailable:
            if self.lenient:
                return self._anyhow(held)
            raise
        if said != "in":
            raise _refusal(said, key, held)
        return _Shared(self.counter, held.call)

    def resume(self, call: str, key: Key, model: str, held: MicroWon, day: str) -> Hold:
        """Hold for a call that came in before this process began, whatever the limits say now."""
        return self._anyhow(self._held(call, key, model, held, 0, day))

    def _anyhow(self, held: Held) -> Hold:
        self.counter.hold(held)
        return _Shared(self.counter, held.call)

    def _held(self, call: str, key: Key, model: str, amount: MicroWon, tokens: int, day: str) -> Held:
        return Held(
            call=self.space + call,
            space=self.space,
            key=key.id,
            day=day,
            amount=str(amount),
            accounts=accounts_of(key, model),
            since=self.counter.log.size,
            tokens=None if key.limits.tokens_per_minute is None else min(tokens, _MOST_TOKENS),
        )

    def _asked(self, key: Key, accounts: tuple[str, ...]) -> Asked:
        limits = [key.limits, *(self.limits_of(account) for account in accounts[1:])]
        own = key.limits
        rate, tokens, slots = own.requests_per_minute, own.tokens_per_minute, own.concurrency
        return Asked(
            rate=-1 if rate is None else rate,
            tokens=-1 if tokens is None else tokens,
            slots=-1 if slots is None else slots,
            budgets=[(_text(one.won_per_day), _text(one.won_per_month)) for one in limits],
        )


def _text(limit: MicroWon | None) -> str:
    return "" if limit is None else str(limit)


def _refusal(said: str, key: Key, held: Held) -> Exception:
    why, *facts = said.split()
    if why == "slots":
        return ConcurrencyExceeded(limit=key.limits.concurrency)
    if why == "rate":
        return RateLimited(limit=key.limits.requests_per_minute, retry_after=int(facts[0]))
    if why == "tokens":
        most = key.limits.tokens_per_minute
        return TokenRateLimited(limit=most, tokens=held.tokens, retry_after=int(facts[0]))
    return used_up(held.accounts[int(facts[0])].partition(":")[0], facts[1], held.day)
