"""Where limits that machines share are counted, as the settings say."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Where it is, and how long things may take (seconds)."""

    url: str = field(repr=False)
    """As `address.parse` reads it."""
    username: str = ""
    """Of Redis, unless the address has it; empty: the default user."""
    password: str = field(default="", repr=False)
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)
    authorities: str = ""
    """PEM file of who may have signed the servers' certificates; empty: whom the system trusts."""
    certificate: str = ""
    """PEM files that we show them; empty: none."""
    key: str = ""
    prefix: str = "hanbok"
    patience: float = 2.0
    """An answer that takes longer is none."""
    lease: float = 10.0
    """A machine that was not heard of for so long holds no slots."""
