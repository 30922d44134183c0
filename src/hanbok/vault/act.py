"""What the vault tells of its acts. Whoever puts the parts together takes them to the evidence log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAct:
    """One act: who did what to which key or record. Facts hold no key, no content and no personal data."""

    actor: str
    verb: str
    object: str
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


Tell: TypeAlias = Callable[[Connection, VaultAct], None]
"""Puts an act on its way in the transaction of the change that it tells of."""
