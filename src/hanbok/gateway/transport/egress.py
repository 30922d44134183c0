"""The outbound allow-list: nothing connects to a host and port that no registered endpoint named.

A name that leads to an address inside one's own network (private, link-local, loopback) is refused, because whoever
answers for that name could make hanbok reach into it. An endpoint at home, or one marked `private`, may lead there;
an address that is itself written in the settings was chosen by the operator.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamUnreachable
from hanbok.gateway.transport.origin import Origin
from hanbok.gateway.upstream import Exchange, Gate, Timeouts, Upstream

_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in IPv6's clothes
_INSIDE = Text(
    ko="이름이 내부망 주소로 이어져 연결하지 않습니다", en="its name leads to an address inside the network"
)


class EgressForbidden(UpstreamUnreachable):
    code = "egress_forbidden"
    message = Text(ko="{origin}으로 나가지 않습니다: {why}", en="nothing goes out to {origin}: {why}")
    hint = Text(
        ko="endpoints에 등록된 곳으로만 연결합니다. 전용선이나 내부 주소면 `private: true`를 적으십시오.",
        en="Only places under `endpoints` are connected to. For a dedicated line or an inside address, set "
        "`private: true` on that endpoint.",
    )


class Egress:
    """The places that registered endpoints named. Endpoints name theirs when they are built."""

    def __init__(self) -> None:
        """Begin with none."""
        self._gates: frozenset[Gate] = frozenset()
        self._private: dict[tuple[str, int], bool] = {}

    @property
    def gates(self) -> list[Gate]:
        """All places, sorted."""
        return sorted(self._gates)

    def permit(self, gate: Gate) -> None:
        """Let connections go there."""
        if gate not in self._gates:
            self.only({*self._gates, gate})

    def only(self, gates: Iterable[Gate]) -> None:
        """Let connections go to these places and to no others."""
        self._gates = frozenset(gates)
        private: dict[tuple[str, int], bool] = {}
        for gate in self._gates:
            place = (gate.host, gate.port)
            private[place] = private.get(place, False) or gate.private
        self._private = private

    def check(self, origin: Origin) -> None:
        """Raise EgressForbidden for an origin that no endpoint named."""
        if (origin.host, origin.port) not in self._private:
            why = Text(ko="등록된 엔드포인트가 아닙니다", en="no registered endpoint is there")
            raise EgressForbidden(origin=origin.name, why=why)

    async def addresses(self, origin: Origin) -> list[str]:
        """Look the name up once, and return the addresses that may be connected to: what was checked is what is used.

        Raises EgressForbidden when there are only others, OSError when there are none.
        """
        self.check(origin)
        if _chosen(origin.host):
            return [origin.host]
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if self._private[origin.host, origin.port]:
            return addresses
        if outside := [one for one in addresses if not inside(one)]:
            return outside
        raise EgressForbidden(origin=origin.name, why=_INSIDE)


def inside(address: str) -> bool:
    """Whether an address is not one of the public internet."""
    one = _unwrapped(ip_address(address.partition("%")[0]))
    return not one.is_global or one.is_multicast or one.is_reserved


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _chosen(host: str) -> bool:
    """Whether a host is itself an address, or the one name that always means this machine (RFC 6761)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Doorway:
    """The client as one endpoint has it: remembers the places that this endpoint named, so that they are forgotten
    with it.
    """

    def __init__(self, upstream: Upstream) -> None:
        """Hand everything on to this client."""
        self._upstream = upstream
        self.gates: set[Gate] = set()

    async def post(
        self, url: str, headers: tuple[tuple[str, str], ...], body: bytes, timeouts: Timeouts
    ) -> Exchange:
        """As `Upstream`."""
        return await self._upstream.post(url, headers, body, timeouts)

    def trust(self, url: str, authorities: Path) -> None:
        """As `Upstream`."""
        self._upstream.trust(url, authorities)

    def permit(self, gate: Gate) -> None:
        """As `Upstream`."""
        self.gates.add(gate)
        self._upstream.permit(gate)

    async def close(self) -> None:
        """Nothing: the client is everybody's."""
