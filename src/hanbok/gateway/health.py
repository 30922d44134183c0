"""What real traffic tells of the places where models answer: a place that fails again and again is left alone a while.

A circuit breaker for each place: closed while it answers; open after several failures in a row, or for as long as the
place itself asked (Retry-After, RFC 9110, 10.2.3); then half open, when one call probes it and the others wait.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Protocol

from hanbok.core.errors import HanbokError
from hanbok.gateway.errors import UnsupportedRequest, UpstreamFailed

_SERVER_FAULT, _TOO_MANY = 500, 429
_SMOOTHING: Final = 0.2
"""Weight of the newest time in the moving average."""
LONGEST_ASKED: Final = 300.0
"""Seconds: a place that asks for longer is tried all the same."""


class Spot(Protocol):
    """Where a model answers."""

    @property
    def endpoint(self) -> str: ...

    @property
    def model(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When a place is left alone: after `failures` in a row, for `seconds`, twice as long each time up to `longest`."""

    failures: int = 5
    seconds: float = 5.0
    longest: float = 60.0


@dataclass(slots=True)
class State:
    """What is known of one place."""

    failures: int = 0
    pause: float = 0.0
    """Seconds for which it was last left alone."""
    until: float = 0.0
    """When it may be tried again, on the monotonic clock; 0: it is not left alone."""
    probed: bool = False
    under_way: int = 0
    seconds: float = 0.0
    """Moving average of the time to the first token; 0: not known."""


@dataclass(slots=True)
class Health:
    """The state of all places. Used from one event loop; lives as long as the server, over reloads."""

    breaker: Breaker = field(default_factory=Breaker)
    clock: Callable[[], float] = monotonic
    _states: dict[tuple[str, str], State] = field(default_factory=dict[tuple[str, str], State])

    def of(self, target: Spot) -> State:
        """Return the state of a place."""
        return self._states.setdefault((target.endpoint, target.model), State())

    def ready(self, target: Spot) -> bool:
        """Whether a call should go there before those that fail."""
        state = self.of(target)
        return not state.until or (state.until <= self.clock() and not state.probed)

    def enter(self, target: Spot) -> "Visit":
        """Begin a call to a place; the visit must end."""
        state = self.of(target)
        state.under_way += 1
        probes = bool(state.until) and not state.probed
        state.probed = state.probed or probes
        return Visit(self, state, self.clock(), probes)


class Visit:
    """One call to one place."""

    __slots__ = ("_began", "_health", "_over", "_probes", "_state")

    def __init__(self, health: Health, state: State, began: float, probes: bool) -> None:  # noqa: FBT001 - made by Health alone
        self._health = health
        self._state = state
        self._began = began
        self._probes = probes
        self._over = False

    def answered(self) -> None:
        """Note that the first token is here: the place works."""
        state, seconds = self._state, self._health.clock() - self._began
        state.seconds += (seconds - state.seconds) * (_SMOOTHING if state.seconds else 1.0)
        state.failures, state.pause, state.until = 0, 0.0, 0.0
        self._unprobe()

    def failed(self, error: HanbokError) -> None:
        """Note why there is no answer. What is the request's own fault says nothing of the place."""
        self._unprobe()
        if isinstance(error, UnsupportedRequest):
            return
        asked = 0.0
        if isinstance(error, UpstreamFailed):
            status = error.facts.get("status")
            if isinstance(status, int) and _TOO_MANY != status < _SERVER_FAULT and status >= 300:  # noqa: PLR2004 - 3xx and 4xx
                return
            asked = seconds_asked(str(error.facts.get("retry_after") or ""))
        state, breaker = self._state, self._health.breaker
        state.failures += 1
        if asked:
            state.until = self._health.clock() + min(asked, LONGEST_ASKED)
        elif state.failures >= breaker.failures:
            state.pause = min(state.pause * 2 or breaker.seconds, breaker.longest)
            state.until = self._health.clock() + state.pause

    def left(self) -> None:
        """End the visit. May be called twice."""
        if not self._over:
            self._over = True
            self._state.under_way -= 1
            self._unprobe()

    def _unprobe(self) -> None:
        if self._probes:
            self._probes = self._state.probed = False


def seconds_asked(text: str) -> float:
    """Return how long a `Retry-After` asks to wait. A date is not read: the breaker's own pause serves then."""
    return float(text) if text.isascii() and text.isdigit() else 0.0
