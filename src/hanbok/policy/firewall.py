"""The places that hanbok may connect to, written as rules for what stands around it.

The rules are as narrow as each tool allows: nftables and Kubernetes know addresses only, so names are looked up when
the rules are written, and written again when addresses change; Squid and Cilium follow names themselves.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

_LABEL: Final = "app.kubernetes.io/name"


class Style(StrEnum):
    """What the rules are written for."""

    NFTABLES = "nftables"
    SQUID = "squid"
    KUBERNETES = "kubernetes"
    CILIUM = "cilium"


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """One place that a registered endpoint is reached at."""

    host: str
    port: int
    endpoint: str


Lookup = Callable[[str], Sequence[str]]
"""Returns the addresses of a name; none when it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    text: str
    unresolved: tuple[str, ...] = ()
    """Names without an address: nothing was written for them."""


def rules(style: Style, ways: Iterable[Way], lookup: Lookup) -> Rules:
    """Write the rules. Only nftables and Kubernetes ask for addresses of names."""
    known = sorted(set(ways))
    if style is Style.SQUID:
        return Rules(text=_squid(known))
    if style is Style.CILIUM:
        return Rules(text=_cilium(known))
    found = {way.host: _addresses(way.host, lookup) for way in known}
    write = _nftables if style is Style.NFTABLES else _kubernetes
    unresolved = tuple(sorted(host for host, addresses in found.items() if not addresses))
    return Rules(text=write(known, found), unresolved=unresolved)


def is_address(host: str) -> bool:
    """Whether a host is an address and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _addresses(host: str, lookup: Lookup) -> list[str]:
    found = [host] if is_address(host) else lookup(host)
    return sorted({str(ipaddress.ip_address(one)) for one in found}, key=lambda one: (":" in one, one))


def _nftables(ways: Sequence[Way], found: Mapping[str, Sequence[str]]) -> str:
    """Everything that the user `hanbok` opens is dropped but for these, name service and its own loopback."""
    lines = ["table inet hanbok", "delete table inet hanbok", "table inet hanbok {"]
    for name, kind, version in (("places4", "ipv4_addr", 4), ("places6", "ipv6_addr", 6)):
        elements = [
            (f"{one} . {way.port}", f"{way.endpoint}: {way.host}")
            for way in ways
            for one in found[way.host]
            if ipaddress.ip_address(one).version == version
        ]
        lines += [f"  set {name} {{", f"    type {kind} . inet_service"]
        if elements:
            unique = dict(reversed(elements))
            lines += [
                "    elements = {",
                *(f"      {element}, # {said}" for element, said in sorted(unique.items())),
                "    }",
            ]
        lines.append("  }")
    lines += [
        "  chain out {",
        "    type filter hook output priority filter; policy accept;",
        '    meta skuid != "hanbok" accept',
        '    oifname "lo" accept',
        "    ct state established,related accept",
        "    meta l4proto { tcp, udp } th dport 53 accept",
        "    ip daddr . tcp dport @places4 accept",
        "    ip6 daddr . tcp dport @places6 accept",
        "    counter reject with icmpx admin-prohibited",
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _squid(ways: Sequence[Way]) -> str:
    """One list of hosts for each port, so that no host is reachable on another's port."""
    by_port: dict[int, set[str]] = {}
    for way in ways:
        by_port.setdefault(way.port, set()).add(way.host)
    lines: list[str] = []
    for port, hosts in sorted(by_port.items()):
        lines.append(f"acl hanbok_port_{port} port {port}")
        names = sorted(host for host in hosts if not is_address(host))
        numbers = sorted(host for host in hosts if is_address(host))
        if names:
            lines.append(f"acl hanbok_names_{port} dstdomain -n {' '.join(names)}")
        if numbers:
            lines.append(f"acl hanbok_addresses_{port} dst {' '.join(numbers)}")
        kinds = [kind for kind, hosts_of in (("names", names), ("addresses", numbers)) if hosts_of]
        lines += [f"http_access allow hanbok_port_{port} hanbok_{kind}_{port}" for kind in kinds]
    return "\n".join([*lines, "http_access deny all", ""])


def _kubernetes(ways: Sequence[Way], found: Mapping[str, Sequence[str]]) -> str:
    egress: list[Mapping[str, object]] = [_name_service()]
    for port, blocks in _by_port(ways, found).items():
        egress.append(
            {
                "to": [{"ipBlock": {"cidr": one}} for one in blocks],
                "ports": [{"protocol": "TCP", "port": port}],
            }
        )
    spec = {"podSelector": {"matchLabels": {_LABEL: "hanbok"}}, "policyTypes": ["Egress"], "egress": egress}
    return _manifest("networking.k8s.io/v1", "NetworkPolicy", spec)


def _name_service() -> dict[str, object]:
    return {"ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]}


def _by_port(ways: Sequence[Way], found: Mapping[str, Sequence[str]]) -> dict[int, list[str]]:
    ports: dict[int, set[str]] = {}
    for way in ways:
        for one in found[way.host]:
            ports.setdefault(way.port, set()).add(f"{one}/{32 if ':' not in one else 128}")
    return {port: sorted(blocks) for port, blocks in sorted(ports.items())}


def _cilium(ways: Sequence[Way]) -> str:
    name_service: Mapping[str, object] = {
        "toEndpoints": [
            {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}}
        ],
        "toPorts": [
            {
                "ports": [{"port": "53", "protocol": "ANY"}],
                "rules": {"dns": [{"matchName": way} for way in _names(ways)]},
            }
        ],
    }
    egress: list[Mapping[str, object]] = [name_service] if any(True for _ in _names(ways)) else []
    for port in sorted({way.port for way in ways}):
        hosts = sorted({way.host for way in ways if way.port == port})
        ports = [{"ports": [{"port": str(port), "protocol": "TCP"}]}]
        names = [{"matchName": host} for host in hosts if not is_address(host)]
        blocks = [f"{host}/{128 if ':' in host else 32}" for host in hosts if is_address(host)]
        if names:
            egress.append({"toFQDNs": names, "toPorts": ports})
        if blocks:
            egress.append({"toCIDR": blocks, "toPorts": ports})
    spec = {"endpointSelector": {"matchLabels": {_LABEL: "hanbok"}}, "egress": egress}
    return _manifest("cilium.io/v2", "CiliumNetworkPolicy", spec)


def _names(ways: Sequence[Way]) -> Iterator[str]:
    yield from sorted({way.host for way in ways if not is_address(way.host)})


def _manifest(version: str, kind: str, spec: Mapping[str, object]) -> str:
    """JSON is YAML: `kubectl apply -f` takes it."""
    whole = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "hanbok-egress", "labels": {_LABEL: "hanbok"}},
        "spec": spec,
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"
