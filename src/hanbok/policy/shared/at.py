"""Where limits that machines share are counted, as the settings say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Where it is, and how long things may take (seconds)."""

    url: str
    """`redis://`, `rediss://` or `unix://`, with the password."""
    authorities: str = ""
    """PEM file of who may have signed the server's certificate; empty: whom the system trusts."""
    prefix: str = "hanbok"
    patience: float = 2.0
    """An answer that takes longer is none."""
    lease: float = 10.0
    """A machine that was not heard of for so long holds no slots."""
