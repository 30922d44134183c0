"""The addresses that a Redis or Valkey has: of one server, of a master that Sentinels know, of a cluster."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote

Kind: TypeAlias = Literal["server", "sentinel", "cluster"]

_KINDS: Final[dict[str, tuple[Kind, bool]]] = {
    "redis": ("server", False),
    "rediss": ("server", True),
    "unix": ("server", False),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_PORTS: Final = {"sentinel": 26379, "cluster": 6379}
_NODE: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    kind: Kind
    tls: bool
    login: bool
    """Whether it holds a name or a password."""
    username: str = ""
    password: str = ""
    nodes: tuple[tuple[str, int], ...] = ()
    """Of one server none: its address is read by the client library."""
    master: str = ""
    database: int = 0


def parse(url: str) -> Address:
    """Read an address. Raises ValueError with nothing of it in the text: a password may be in it."""
    scheme, there, rest = url.partition("://")
    if not there or scheme not in _KINDS:
        raise ValueError(f"the address must begin with one of {', '.join(f'{one}://' for one in _KINDS)}")
    kind, tls = _KINDS[scheme]
    login, at, places = rest.rpartition("@")
    if kind == "server":
        return Address(kind=kind, tls=tls, login=bool(at))
    username, _, password = login.partition(":")
    hosts, _, path = places.partition("/")
    master, database = _master(path) if kind == "sentinel" else ("", 0)
    if kind == "cluster" and path not in {"", "0"}:
        raise ValueError("a cluster has no databases: end the address after its last host")
    return Address(
        kind=kind,
        tls=tls,
        login=bool(at),
        username=unquote(username),
        password=unquote(password),
        nodes=tuple(_node(one, _PORTS[kind]) for one in hosts.split(",")),
        master=master,
        database=database,
    )


def _master(path: str) -> tuple[str, int]:
    master, _, database = path.partition("/")
    if not master or not (database or "0").isdecimal():
        raise ValueError(
            "the address ends with the name that Sentinels know the master by: HOST,HOST,HOST/NAME"
        )
    return unquote(master), int(database or "0")


def _node(text: str, port: int) -> tuple[str, int]:
    found = _NODE.fullmatch(text)
    if found is None or not 0 < int(found[3] or port) < 1 << 16:
        raise ValueError(
            "each host of the address is such as redis-1.internal:6379, with commas between them"
        )
    return found[1] or found[2], int(found[3] or port)
