"""Who the client is behind proxies: what those of the settings say of it, and nobody else."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from hanbok.settings.server import Proxies

_FORWARDED: Final = "forwarded"
_LONGEST: Final = 4096
"""Of the header of the standard: anybody may make it long, and it takes time to read. A proxy writes some dozens."""
_QUOTED: Final = r'"(?:[^"\\]|\\.)*+"'
_NAME: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]++"
_VALUE: Final = rf"{_QUOTED}|[^\s\",;]*+"
_PAIR: Final = rf"{_NAME}=(?:{_VALUE})"
_ELEMENT: Final = re.compile(rf"[ \t]*+((?:{_PAIR})?(?:[ \t]*+;[ \t]*+(?:{_PAIR})?)*+)[ \t]*+(?:,|\Z)")
_PAIRS: Final = re.compile(rf"({_NAME})=({_VALUE})")
_NODE: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?|([0-9A-Fa-f:.]+)")


class Forwarding:
    """Finds the client of a request by the header that the proxies write: the nearest address that is none of theirs.
    Whoever connects without being one of them is the client, whatever the header says.
    """

    def __init__(self, proxies: Proxies) -> None:
        self._header: Final = proxies.header
        self._networks: Final = proxies.networks
        self.trusts = lru_cache(maxsize=256)(self._trusts)
        """Whether an address is that of a proxy."""

    def client(self, peer: str, headers: Mapping[str, str]) -> str:
        """Return the client's address. Where a proxy does not tell it, the proxy is what is known of the client."""
        value = headers.get(self._header, "")
        found = peer
        for one in reversed(list(_named(value) if self._header == _FORWARDED else value.split(","))):
            if not self.trusts(found):
                break
            address = _address(one)
            if address is None:
                break
            found = str(address)
        return found

    def _trusts(self, address: str) -> bool:
        there = _address(address)
        return there is not None and any(there in network for network in self._networks)


def _named(value: str) -> Iterator[str]:
    """Yield what each proxy calls the one before it (RFC 7239, 4); nothing of a header that is none or too long."""
    if len(value) > _LONGEST:
        return
    found: list[str] = []
    at = 0
    while at < len(value):
        element = _ELEMENT.match(value, at)
        if element is None or element.end() == at:
            return
        # Pair by pair: what looks like one inside of quotes is a value.
        told = (node for name, node in _PAIRS.findall(element[1]) if name.lower() == "for")
        found.append(re.sub(r"\\(.)", r"\1", next(told, "").strip('"')))
        at = element.end()
    yield from found


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, with or without a port. None for what is none, such as `unknown`."""
    node = _NODE.fullmatch(text.strip())
    if node is None:
        return None
    try:
        address = ip_address(node[1] or node[2] or node[3])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
