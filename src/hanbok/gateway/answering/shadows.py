"""Calls that are copied to another model when their client has its answer: nobody gets the second answer, the log tells
how it compares.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.gateway.answering.heard import Heard, heard
from hanbok.gateway.answering.tallies import SHADOWS, Tallies
from hanbok.gateway.call import Call
from hanbok.gateway.path import Path

SUFFIX: Final = "-shadow"
"""What a copy's id has behind that of its call."""
_OK: Final = 200
_HELD: Final = 1 << 20
"""Bytes of an answer that are kept to compare it: a longer one is not compared."""
_COMPARED: Final = 20_000
"""Characters."""
SIMILAR: Final = 0.6
"""Likeness from which two answers are called similar."""


@dataclass(slots=True)
class Noted:
    """An answer, heard beside its way to the client."""

    begun: float = field(default_factory=monotonic)
    seconds: float = 0.0
    parts: list[bytes] = field(default_factory=list[bytes])
    size: int = 0

    def add(self, parts: Sequence[bytes]) -> None:
        self.size += sum(map(len, parts))
        if self.size <= _HELD:
            self.parts += parts

    def end(self) -> None:
        """Note that it is whole."""
        self.seconds = monotonic() - self.begun

    def first(self) -> Heard:
        """Return what its first choice says; nothing of one that is too long."""
        if self.size > _HELD:
            return Heard()
        return next(iter(heard(self.parts)), Heard())


class Shadows:
    """What is asked for nobody, in one process. It outlives the settings."""

    def __init__(self, tallies: Tallies) -> None:
        self._tallies = tallies
        self._under_way: Counter[str] = Counter()
        self._tasks: dict[asyncio.Task[None], Path] = {}
        self._in_force: Path | None = None

    def dropped(self, model: str, why: str) -> None:
        """Count a copy that was not made."""
        self._tallies.add(SHADOWS, model, why)

    def begin(self, path: Path, copy: Call, client: Noted, model: str, at_once: int) -> None:
        """Ask, unless so many are under way already. `model` is the one that the client asked."""
        if path is not self._in_force:
            # Its call began under other settings, whose places and policy are gone or going.
            self.dropped(model, "settings_changed")
            return
        if self._under_way[model] >= at_once:
            self.dropped(model, "dropped")
            return
        self._under_way[model] += 1
        task = asyncio.create_task(self._ask(path, copy, client, model))
        self._tasks[task] = path

        def ended(done: asyncio.Task[None]) -> None:
            self._under_way[model] -= 1
            del self._tasks[done]

        task.add_done_callback(ended)

    async def leave(self, path: Path | None) -> None:
        """Break off what is under way on other paths than this one, and begin nothing more on them."""
        self._in_force = path
        old = [task for task, its in self._tasks.items() if its is not path]
        for task in old:
            task.cancel()
        await asyncio.gather(*old, return_exceptions=True)

    async def close(self) -> None:
        """Break off all, and begin nothing more."""
        await self.leave(None)

    async def _ask(self, path: Path, copy: Call, client: Noted, model: str) -> None:
        noted, how = Noted(), "cancelled"
        try:
            reply = await path.run(copy)
            if reply.chunks is None:
                noted.add([reply.body])
            else:
                async with aclosing(reply.chunks) as chunks:
                    async for batch in chunks:
                        noted.add(batch)
            noted.end()
            how = f"status_{reply.status}"
            if reply.status == _OK:
                how = compare(client, noted, copy.ending.steps)
        except HanbokError as error:
            how = error.code
        finally:
            self._tallies.add(SHADOWS, model, how)
            copy.finish()


def compare(client: Noted, shadow: Noted, steps: dict[str, str]) -> str:
    """Write down how the second answer compares with the first, and return that as a word."""
    one, other = client.first(), shadow.first()
    steps["shadow_ms"] = f"{client.seconds * 1000:.0f}/{shadow.seconds * 1000:.0f}"
    steps["shadow_finish"] = f"{one.finish}/{other.finish}"
    steps["shadow_length"] = f"{len(one.text)}/{len(other.text)}"
    if max(client.size, shadow.size) > _HELD:
        return "too_long"
    likeness = alike(one, other)
    steps["shadow_likeness"] = f"{likeness:.3f}"
    how = "similar" if likeness >= SIMILAR else "different"
    if one.text == other.text and one.tools == other.tools:
        how = "exact"
    steps["shadow"] = how
    return how


def alike(one: Heard, other: Heard) -> float:
    """Return how many of the letters' pairs two answers share (Dice's coefficient), 0 to 1."""
    first, second = _pairs(one), _pairs(other)
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 1.0


def _pairs(one: Heard) -> Counter[str]:
    text = " ".join((one.text, *one.tools.values()))[:_COMPARED]
    words = f" {' '.join(text.split())} "
    return Counter(words[at : at + 2] for at in range(len(words) - 1) if words.strip())
