"""The contract of what changes a text on its way back."""

from typing import Protocol


class Transformer(Protocol):
    """Changes one text that arrives in pieces. It may hold back an end until it knows how that goes on."""

    def feed(self, delta: str) -> str:
        """Take the next piece, and return what is ready."""
        ...

    def close(self) -> str:
        """Return what was held back. Called once, last."""
        ...
