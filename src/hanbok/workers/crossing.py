"""Errors on their way from the keeper to a worker: the same class there, with the same facts."""

from collections.abc import Iterator

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.workers.frames import Fact, Failed


def told(number: int, error: HanbokError) -> Failed:
    """Return the frame that tells of an error."""
    return Failed(number, error.code, {name: _plain(fact) for name, fact in error.facts.items()})


def again(failed: Failed) -> HanbokError:
    """Return the error of which a frame tells: both processes have loaded the same classes."""
    kind = next((one for one in _below(HanbokError) if one.code == failed.code), HanbokError)
    return kind(**failed.facts)


def _below(kind: type[HanbokError]) -> Iterator[type[HanbokError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _plain(fact: object) -> Fact:
    return fact if isinstance(fact, str | int | float | Text | None) else str(fact)
