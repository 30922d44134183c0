"""Run one recogniser by itself, without the engine that scans for all at once."""

from collections.abc import Iterator

from hanbok.guard.guard import Guard, sought
from hanbok.guard.recogniser import Finding
from hanbok.guard.regions import search
from hanbok.guard.scanner import Place
from hanbok.guard.shape import Shape


class _Alone:
    def __init__(self, shape: Shape) -> None:
        self._sought = sought([shape])

    def scan(self, text: str) -> list[Place]:
        return search(text, self._sought)


def find_alone(shape: Shape, text: str) -> Iterator[Finding]:
    """Yield what one recogniser finds in `text`, with offsets in `text` as it was written."""
    yield from Guard([shape], _Alone(shape)).find(text)
