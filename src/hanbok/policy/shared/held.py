"""What Redis is told of a call."""

from typing import Final

import msgspec


class Held(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one call holds, as Redis keeps it."""

    call: str
    space: str
    key: str
    day: str
    amount: str
    accounts: tuple[str, ...]
    since: int
    """How many entries the log had: those of this call come later."""
    tokens: int | None = None
    """None: tokens of its key are not counted."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a call's way. -1 and an empty text: nothing."""

    rate: int
    tokens: int
    slots: int
    budgets: list[tuple[str, str]]
    """Of a day and a month, for each account."""


decode_held: Final = msgspec.json.Decoder(Held).decode
