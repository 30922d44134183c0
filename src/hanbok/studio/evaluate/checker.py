"""The contract of a checker: how right a text is, by a rule."""

from collections.abc import Mapping
from typing import Any, Protocol

from hanbok.studio.evaluate.item import Item


class Checker(Protocol):
    """Deterministic: the same text always gets the same mark."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Raise ValueError, naming the option, for one that cannot be meant."""
        ...

    def check(self, text: str, item: Item) -> float:
        """Return a mark from 0 to 1."""
        ...
