"""What a server does again and again, for as long as it runs."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple


class Duty(NamedTuple):
    every: float
    """Seconds between one time and the next."""
    do: Callable[[], Awaitable[object]]
    """It may raise HanbokError, and is done again all the same."""
    on_change: bool = False
    """There is nothing to do unless the database has changed. It is done now and then even so."""
