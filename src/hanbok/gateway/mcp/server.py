"""An MCP server behind hanbok, as the settings tell it, and who may use what of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import quote, unquote

from hanbok.core.values import Destination, MicroWon, Principal
from hanbok.gateway.mcp.errors import ResourceNotAllowed
from hanbok.gateway.upstream import Timeouts

_ODD: Final = re.compile("[\x00-\x1f\x7f\\\\\ufffd]|(?:^|[/:])\\.\\.?(?:[/?#;]|$)")
"""What a server may read as another address than the pattern did: steps up, controls, backslashes, what is no UTF-8."""
_UNQUOTED: Final = 3
"""How often an address may have been percent-encoded over."""
_SEPARATORS: Final = "/?#&=+;"
_SAFE: Final = f"{_SEPARATORS}!$'()*,:@"


class Kind(StrEnum):
    """What a server offers."""

    TOOL = "tools"
    PROMPT = "prompts"
    RESOURCE = "resources"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowRule:
    """Tools and prompts by pattern (`find_*`), resources by pattern of their addresses (`file:///open/*`), and who may
    use them. An empty set of names stands for everybody.
    """

    tools: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    organisations: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    def patterns(self, kind: Kind) -> tuple[str, ...]:
        """Return what is allowed of a kind."""
        match kind:
            case Kind.TOOL:
                return self.tools
            case Kind.PROMPT:
                return self.prompts
            case Kind.RESOURCE:
                return self.resources

    def means(self, who: Principal) -> bool:
        """Whether the caller is meant."""
        return (
            (not self.organisations or who.organisation in self.organisations)
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
    """Patterns of names and addresses that another person allows each time."""
    refuse: frozenset[str] = frozenset()
    """Kinds of findings that a result must not hold."""
    price: MicroWon = 0
    """Of one call."""
    timeouts: Timeouts = field(default_factory=Timeouts)

    def offers(self, kind: Kind) -> bool:
        """Whether anybody may use anything of a kind."""
        return any(rule.patterns(kind) for rule in self.allow)

    def admits(self, kind: Kind, name: str, who: Principal) -> bool:
        """Whether the caller may use the thing of this name."""
        if kind is Kind.RESOURCE and is_odd(name):
            return False
        return any(matches(rule.patterns(kind), name) and rule.means(who) for rule in self.allow)

    def asks_leave(self, name: str) -> bool:
        """Whether each use of the thing needs another person, however its address is spelled."""
        return matches(self.approve, name) or matches(self.approve, unquoted(name))


def is_odd(uri: str) -> bool:
    """Whether an address may be read as another one than it seems to be."""
    for _ in range(_UNQUOTED):
        if _ODD.search(uri):
            return True
        uri, before = unquote(uri), uri
        if uri == before:
            return False
    return True


def unquoted(uri: str) -> str:
    """Return an address that is not odd as it reads: RFC 6570 has templates encode whatever is no ASCII."""
    for _ in range(_UNQUOTED):
        uri = unquote(uri)
    return uri


def leaving(uri: str, read: str) -> str:
    """Return the address that leaves. `uri` as it was spelled and `read` as it reads were altered each by itself; what
    was found only in the latter is gone from this. Raises ResourceNotAllowed for one whose parts are not told apart.
    """
    if unquoted(uri) == read:
        return uri
    if any(uri.count(sign) != read.count(sign) for sign in _SEPARATORS):
        raise ResourceNotAllowed
    return quote(read, safe=_SAFE)


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether one of the patterns fits; `*` stands for any run of letters."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
