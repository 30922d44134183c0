"""What one version of the settings says of tools, as values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hanbok.gateway.mcp.server import ToolServer
from hanbok.gateway.step import Step
from hanbok.guard.guard import Guard
from hanbok.guard.pseudonym import Hider
from hanbok.policy.cedar import CedarJudge
from hanbok.policy.token_rules import TokenRules

if TYPE_CHECKING:
    from hanbok.vault.service import VaultService


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRules:
    """With what models share: guard, policy and vault."""

    servers: Mapping[str, ToolServer]
    tokens: TokenRules | None
    masked: frozenset[str]
    """Kinds that no result may show."""
    guard: Guard
    judge: CedarJudge
    hider_of: Callable[[str], Hider] | None
    vault: "VaultService | None"
    brought: Sequence[Step] = ()
    """Steps of other packages that stand in the way of tools too."""
