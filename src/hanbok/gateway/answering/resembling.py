"""Answers that are found again by what was asked, in other words: bounded, in the memory of one process."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic
from typing import Final

from hanbok.gateway.answering.embedder import Vector, cosine
from hanbok.gateway.cache import Answer, Cache

_IN_A_ROOM: Final = 64
"""Answers among which one is looked for: comparing them all takes a few milliseconds at most."""


@dataclass(frozen=True, slots=True)
class Found:
    answer: Answer
    call: str
    """Id of the call that got it from a model."""
    likeness: float


@dataclass(frozen=True, slots=True)
class _Asked:
    key: bytes
    call: str
    vector: Vector


class Resembling:
    """Answers in rooms: one is never looked for in another room than the one it was kept in."""

    def __init__(self, limit: int, clock: Callable[[], float] = monotonic) -> None:
        """`limit` is in bytes, of answers and of what they are found by."""
        self._answers = Cache(limit, clock, self._forget)
        self._rooms: dict[bytes, list[_Asked]] = {}
        self._room_of: dict[bytes, bytes] = {}
        self.largest = self._answers.largest

    def find(self, room: bytes, vector: Vector, threshold: float) -> Found | None:
        """Return the answer to what was most alike, if it was at least this much."""
        ranked = sorted(
            ((cosine(vector, one.vector), one) for one in self._rooms.get(room, ())),
            key=lambda pair: pair[0],
            reverse=True,
        )
        for likeness, one in ranked:
            if likeness < threshold:
                break
            if answer := self._answers.find(one.key):
                return Found(answer, one.call, likeness)
        return None

    def keep(self, room: bytes, vector: Vector, call: str, answer: Answer, seconds: float) -> None:
        """Keep an answer for so long."""
        key = sha256(room + call.encode()).digest()
        there = self._rooms.setdefault(room, [])
        if len(there) >= _IN_A_ROOM:
            self._answers.drop(there[0].key)
        there.append(_Asked(key, call, vector))
        self._room_of[key] = room
        self._answers.keep(key, answer, seconds)
        if self._answers.find(key) is None:
            self._forget(key)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._answers.size

    def _forget(self, key: bytes) -> None:
        room = self._room_of.pop(key, None)
        if room is None:
            return
        left = self._rooms[room]
        left[:] = [one for one in left if one.key != key]
        if not left:
            del self._rooms[room]
