"""Run one recogniser by itself, without the engine that scans for all at once."""

from collections.abc import Iterator

from hanbok.guard.normalise import normalise
from hanbok.guard.recogniser import Finding
from hanbok.guard.regions import regions
from hanbok.guard.settle import settle
from hanbok.guard.shape import Shape


def find_alone(shape: Shape, text: str) -> Iterator[Finding]:
    """Yield what one recogniser finds in `text`, with offsets in `text` as it was written."""
    aligned = normalise(text, raw=shape.raw)
    places = regions(shape, aligned.text)
    found = (finding for start, end in places for finding in shape.verify(aligned.text, start, end))
    yield from settle(map(aligned.restore, found))
