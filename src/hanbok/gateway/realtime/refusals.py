"""Responses that a provider began though nobody asked, and that were not let in: what they use is owed."""

import asyncio
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Usage
from hanbok.gateway.realtime import events
from hanbok.gateway.realtime.call import Turn
from hanbok.gateway.realtime.guessing import estimated
from hanbok.gateway.realtime.line import Line

_LAST: Final = 2.0
"""Seconds that such a response has to tell what it used; then the session ends."""


class Refusals:
    """Of one session, which the first of them ends."""

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}
        self._why: HanbokError | None = None
        self._until = 0.0

    def __contains__(self, response: str) -> bool:
        return response in self._turns

    def add(self, response: str, turn: Turn, why: HanbokError) -> None:
        """Note one, which is cancelled."""
        self._turns[response] = turn
        if self._why is None:
            self._why, self._until = why, asyncio.get_running_loop().time() + _LAST

    def take(self, event: bytes, told: events.Told, owed: list[Usage]) -> None:
        """Take an event of one. Raises what refused the first when there is nothing more to learn."""
        if told.type != "response.done":
            self._turns[told.of].note(event, sound=events.is_sound(event))
            return
        if (used := told.charged) is not None:
            owed.append(used)
            del self._turns[told.of]
        if self._why is not None:
            raise self._why

    def check(self, at: float) -> None:
        """Raise what refused the first when its time is over."""
        if self._why is not None and at > self._until:
            raise self._why

    def left(self, line: Line) -> list[Usage]:
        """Return, once, what those may have used that never told."""
        turns, self._turns = self._turns, {}
        return [estimated(turn, line) for turn in turns.values()]
