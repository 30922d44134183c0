"""What is said in a session, as a call on the path."""

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from hanbok.core.errors import HanbokError
from hanbok.core.values import Usage
from hanbok.gateway.call import Call
from hanbok.gateway.catalogue import Target
from hanbok.gateway.endpoint import Endpoint
from hanbok.gateway.path import Path
from hanbok.gateway.realtime.line import Line
from hanbok.gateway.showing import Showing
from hanbok.policy.key import Key

if TYPE_CHECKING:
    from hanbok.gateway.realtime.dial import Dialled


class Turn:
    """One response of the model. The session hands its events in one by one, and takes each off the path again."""

    def __init__(self) -> None:
        self.begun = False
        """Whether the provider works on it."""
        self.speaks = False
        """Whether it is to be of sound."""
        self.most: int | None = None
        """Tokens that it may have; None: not told."""
        self.heard = 0
        """Bytes of base64 of the sound that it writes down."""
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

    def fail(self, error: HanbokError) -> None:
        """Have the path break off with this error."""
        self._failure = error

    async def batches(self) -> AsyncGenerator[list[bytes], None]:
        """Yield what was handed in; end when there is nothing more, which is asked only at the end."""
        while self._events:
            yield [self._events.popleft()]
        if self._failure is not None:
            raise self._failure


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
    """A session that is asked for, or a secret to open such sessions with."""

    writes: bool = False
    """Whether it is one of transcription."""
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
