"""What is said in a session, as a call on the path."""

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from hanbok.core.errors import HanbokError
from hanbok.core.values import Usage
from hanbok.gateway.call import Call
from hanbok.gateway.catalogue import Target
from hanbok.gateway.endpoint import Endpoint
from hanbok.gateway.path import Path
from hanbok.gateway.showing import Showing
from hanbok.guard.pseudonym import Hider
from hanbok.policy.key import Key

if TYPE_CHECKING:
    from hanbok.gateway.realtime.dial import Dialled

_WIDE_TOKEN: Final = 3200
_NARROW_TOKEN: Final = 533
"""Bytes of base64 in a token of sound."""


class Turn:
    """One response of the model. The session hands its events in one by one, and takes each off the path again."""

    def __init__(self) -> None:
        self.begun = False
        """Whether the provider works on it."""
        self.usage: Usage | None = None
        self.count = 0
        """Events so far, without those of sound."""
        self.sound = 0
        """Bytes of events of sound so far."""
        self._events: deque[bytes] = deque()
        self._failure: HanbokError | None = None

    def push(self, event: bytes) -> None:
        """Hand an event in."""
        self._events.append(event)
        self.count += 1

    def note(self, event: bytes, *, sound: bool) -> None:
        """Count an event that does not go the path."""
        if sound:
            self.sound += len(event)
        else:
            self.count += 1

    def guessed(self, *, narrow: bool) -> Usage:
        """Stand in for an answer's usage that was never told; rather high: what is around the sound counts too.

        A token of a model's sound lasts 50 ms (OpenAI, "Managing Realtime costs"): 2400 bytes of PCM at 24 kHz and
        16 bits, or 400 of G.711 at 8 kHz; base64 makes four of three.
        """
        heard = -(-self.sound // (_NARROW_TOKEN if narrow else _WIDE_TOKEN))
        return Usage(output=self.count + heard, parts={"audio_output": heard} if heard else {})

    def fail(self, error: HanbokError) -> None:
        """Have the path break off with this error."""
        self._failure = error

    async def batches(self) -> AsyncGenerator[list[bytes], None]:
        """Yield what was handed in; end when there is nothing more, which is asked only at the end."""
        while self._events:
            yield [self._events.popleft()]
        if self._failure is not None:
            raise self._failure


class Line(Protocol):
    """A session, as the steps see it."""

    target: Target
    """Where it was opened."""
    hider: Hider
    """What was hidden in all of it."""
    values: set[str]
    """What was found in what its client said, and what stands for it."""
    bound: int
    """How many tokens a response to all of it can count at most."""
    last: Usage | None
    """What the response before used."""
    owed: list[Usage]
    """What is yet to be charged with the next response."""
    narrow: bool
    """Whether sound may be of a telephone."""
    found: dict[str, int]
    """What was masked in events that belong to no response, and is yet to be written down."""

    async def say(self, event: bytes) -> None:
        """Send an event to the provider. Raises UpstreamCut."""
        ...


@dataclass(slots=True, kw_only=True)
class Said(Call):
    """One event of a client, or a response that nothing of it asked for."""

    line: Line
    turn: Turn | None = None
    """None: no response is asked for by it."""
    raw: bytes | None = None
    """What leaves in place of `body`, where it holds nothing that can be read; empty: nothing leaves."""
    sounds: bool = False
    """Whether it holds sound."""


class Opened(NamedTuple):
    """A session at a provider."""

    target: Target
    endpoint: Endpoint
    line: "Dialled"


@dataclass(slots=True, kw_only=True)
class Opening(Call):
    """A session that is asked for."""

    opened: Opened | None = None


class Rules(Protocol):
    """What holds of sessions by the settings in force."""

    path: Path
    account: Path
    """The way of what is owed, which nothing refuses."""
    idle: float
    longest: float

    def check(self, key: Key) -> None:
        """Raise what ends a session: the key is in force no more, or its organisation's own key does not answer."""
        ...

    def serves(self, opened: Opened) -> bool:
        """Whether the place that a session was opened at is still the one of its name."""
        ...

    def showing(self, session: Line) -> Showing:
        """Return what makes events fit to be shown that belong to no response."""
        ...
