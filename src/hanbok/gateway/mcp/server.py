"""An MCP server behind hanbok, as the settings tell it, and who may use which of its tools."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from hanbok.core.values import Destination, MicroWon, Principal
from hanbok.gateway.upstream import Timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowRule:
    """Tools by pattern (`find_*`), and who may use them. An empty set of names stands for everybody."""

    tools: tuple[str, ...]
    organisations: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    def admits(self, tool: str, who: Principal) -> bool:
        """Whether the tool and the caller are both meant."""
        return (
            matches(self.tools, tool)
            and (not self.organisations or who.organisation in self.organisations)
            and (not self.teams or who.team in self.teams)
            and (not self.applications or who.application in self.applications)
            and (not self.keys or who.key in self.keys)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolServer:
    """Reached by `url`, or started as a child by `command`."""

    name: str
    destination: Destination
    allow: tuple[AllowRule, ...]
    url: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    private: bool = False
    """Whether its name may lead to an address inside one's own network."""
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    approve: tuple[str, ...] = ()
    """Patterns of tools that another person allows each time."""
    refuse: frozenset[str] = frozenset()
    """Kinds of findings that a result must not hold."""
    price: MicroWon = 0
    """Of one call."""
    timeouts: Timeouts = field(default_factory=Timeouts)

    def admits(self, tool: str, who: Principal) -> bool:
        """Whether the caller may use the tool."""
        return any(rule.admits(tool, who) for rule in self.allow)

    def asks_leave(self, tool: str) -> bool:
        """Whether each call of the tool needs another person."""
        return matches(self.approve, tool)


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether one of the patterns fits; `*` stands for any run of letters."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
