"""The contract of a reader: rows of one published file format become items."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from hanbok.studio.evaluate.item import Item


class Format(Protocol):
    """Reads one row. Raises KeyError, ValueError, TypeError or IndexError where the row is not of its format."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """`options` of the task, such as the language to take."""
        ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        """Return the items in a row. `place` names the row where it has no id of its own."""
        ...
