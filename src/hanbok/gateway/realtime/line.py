"""A session at its provider, as the steps and the session itself see it."""

from dataclasses import dataclass, field
from typing import Final

from hanbok.core.values import Usage
from hanbok.gateway.catalogue import Target
from hanbok.gateway.errors import UpstreamCut
from hanbok.gateway.realtime.peer import Peer, PeerGone
from hanbok.guard.pseudonym import Hider

_SOUND_PER_TOKEN: Final = 64
"""Bytes of sound, rather few: ten tokens stand for a second."""


@dataclass(slots=True, kw_only=True)
class Line:
    target: Target
    """Where it was opened."""
    peer: Peer
    """The provider."""
    hider: Hider
    """What was hidden in all of it."""
    writes: bool = False
    """Whether it only writes down what it hears: a session of transcription, without responses."""
    values: set[str] = field(default_factory=set[str])
    """What was found in what its client said, and what stands for it."""
    words: int = 0
    """Bytes of what was said in text, and tokens of what was answered."""
    sound: int = 0
    """Bytes of base64 of the sound that was said; where it only writes, of what was not taken for a turn yet."""
    spoken: int = 0
    """Tokens of sound that was answered: each response hears them again."""
    last: Usage | None = None
    """What the response before used."""
    owed: list[Usage] = field(default_factory=list[Usage])
    """What is yet to be charged with the next response."""
    narrow: bool = False
    """Whether sound may be of a telephone."""
    speaks: bool = True
    """Whether responses are of sound, as far as the provider told."""
    most: int | None = None
    """Tokens of a response at most; None: not told."""
    found: dict[str, int] = field(default_factory=dict[str, int])
    """What was masked in events that belong to no response, and is yet to be written down."""

    @property
    def bound(self) -> int:
        """How many tokens a response to all of it can count at most."""
        return self.words + self.sound // _SOUND_PER_TOKEN

    async def say(self, event: bytes) -> None:
        """Send an event to the provider. Raises UpstreamCut."""
        try:
            await self.peer.send(event)
        except PeerGone:
            raise UpstreamCut(origin=self.target.endpoint) from None
