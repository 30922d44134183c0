"""In which order the places of a plan are tried. Policy said before which there are; health says which are fit."""

import hashlib
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hanbok.core.clock import now
from hanbok.core.values import Text
from hanbok.gateway.call import Call, Planned
from hanbok.gateway.catalogue import By, Routing, Target
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.health import Health
from hanbok.gateway.maintenance import Window
from hanbok.gateway.order import Order
from hanbok.gateway.rules import choose

_LEFT_OUT: Final = Text(ko="라우터가 모두 뺐습니다", en="the router left every place out")
_MAINTENANCE: Final = Text(ko="점검 시간입니다", en="it is being maintained")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
SESSION: Final = "x-hanbok-session"
"""Header that names a conversation, for sessions that stay with one place."""


@dataclass(frozen=True, slots=True)
class Router:
    health: Health
    draw: Callable[[], float] = field(default=random.random)
    windows: Mapping[str, Sequence[Window]] = field(default_factory=dict[str, Sequence[Window]])
    """Maintenance of endpoints."""
    at: Callable[[], datetime] = now
    order: Order | None = None
    """Of another package; None: each offer says how its places are ordered."""

    def ranked(self, call: Call) -> Sequence[Planned]:
        """Return the plan in the order in which it is tried: fit places first, the others as a last resort; those
        that a rule chooses before others. Raises EndpointUnavailable where all are in maintenance.
        """
        plan = self._open(call.plan) if self.windows else call.plan
        if call.offer is None or len(plan) == 1:
            return plan
        if self.order is None:
            ordered = self._ordered(call, plan, call.offer.routing)
        else:
            ordered = [one for one in self.order.ordered(call, plan) if one in plan]
            if not ordered:
                raise EndpointUnavailable(endpoint=plan[0].target.endpoint, why=_LEFT_OUT)
        rule = choose(call.offer.rules, call) if call.offer.rules else None
        if rule is not None:
            call.ending.steps["rule"] = rule.name
            ordered = sorted(ordered, key=lambda one: not rule.suits(one.target))
        return sorted(ordered, key=lambda one: not self.health.ready(one.target))

    def _open(self, plan: Sequence[Planned]) -> Sequence[Planned]:
        at = self.at()
        closed = {name for name, windows in self.windows.items() if any(one.holds(at) for one in windows)}
        left = [one for one in plan if one.target.endpoint not in closed]
        if not left:
            raise EndpointUnavailable(endpoint=plan[0].target.endpoint, why=_MAINTENANCE)
        return left

    def _ordered(self, call: Call, plan: Sequence[Planned], routing: Routing) -> Sequence[Planned]:
        match routing.by:
            case By.ORDER:
                return plan
            case By.WEIGHT:
                session = _session(call) if routing.sticky else ""
                return sorted(plan, key=lambda one: self._lot(session, one.target), reverse=True)
            case By.COST:
                return sorted(plan, key=lambda one: _price(one.target))
            case By.LATENCY:
                return sorted(plan, key=lambda one: self.health.of(one.target).seconds)
            case By.BUSY:
                return sorted(plan, key=lambda one: self.health.of(one.target).under_way)

    def _lot(self, session: str, target: Target) -> float:
        """Draw a lot, or find that of a session. The greatest u^(1/w) first is a draw by weight without putting back
        (Efraimidis and Spirakis, 2006); its logarithm orders alike.
        """
        if session:
            digest = hashlib.sha256(f"{session}\n{target.endpoint}\n{target.model}".encode()).digest()
            share = (int.from_bytes(digest[:8]) + 1) / 2**64
        else:
            share = 1.0 - self.draw()
        return math.log(share) / target.weight


def pause(round_: int) -> float:
    """Return the seconds before a round: twice as long each time, and never the same for all who wait."""
    longest: float = min(_FIRST_PAUSE * 2 ** (round_ - 1), _LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)


def _session(call: Call) -> str:
    return call.headers.get(SESSION) or call.principal.key


def _price(target: Target) -> float:
    price = target.facts.price
    if price is None:
        return math.inf
    of_input, of_output, _ = price.whole
    return (of_input + of_output) / price.scale
