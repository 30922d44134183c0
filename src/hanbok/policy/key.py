"""Virtual keys: what hanbok's callers hold instead of a provider's key."""

from dataclasses import dataclass
from datetime import datetime

from hanbok.core.values import MicroWon, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a key may use. None: no limit."""

    requests_per_minute: int | None = None
    concurrency: int | None = None
    """Calls under way at once."""
    won_per_day: MicroWon | None = None
    won_per_month: MicroWon | None = None
    """Days and months are Korean ones (UTC+9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One virtual key. The secret itself is shown once and kept nowhere; `digest` is its SHA-256 in hex."""

    id: str
    digest: str
    principal: Principal
    models: frozenset[str] = frozenset()
    """Names it may ask; empty: all."""
    limits: Limits = Limits()
    expires: datetime | None = None
    revoked: datetime | None = None
