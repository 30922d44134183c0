"""`server`: the listening side."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from hanbok.settings.section import Section


class TlsSettings(Section, frozen=True, kw_only=True):
    certificate: Annotated[Path, Meta(description="PEM file with the certificate chain.")]
    key: Annotated[Path, Meta(description="PEM file with the private key.")]


class Proxies(Section, frozen=True, kw_only=True):
    trusted: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks of the proxies in front, such as `10.0.0.0/24`; nobody else's."
        ),
    ] = ()
    header: Annotated[
        Literal["x-forwarded-for", "forwarded"],
        Meta(
            description="Header in which they tell the client's address; they must write it anew or add to it."
        ),
    ] = "x-forwarded-for"

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for what is no network."""
        _ = self.networks

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The trusted ones, read."""
        return tuple(ip_network(one) for one in self.trusted)


class ServerSettings(Section, frozen=True, kw_only=True):
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")] = (
        8700
    )
    body_limit_mib: Annotated[float, Meta(gt=0, le=1024, description="Largest request body, MiB.")] = 10
    read_timeout: Annotated[
        float, Meta(gt=0, description="Seconds within which a request must have arrived.")
    ] = 30
    drain_timeout: Annotated[
        float, Meta(ge=0, description="Seconds that running calls get when the server stops.")
    ] = 30
    heartbeat: Annotated[
        float,
        Meta(
            ge=0,
            description="Silent seconds after which a stream sends a comment, before its first token too, so that "
            "proxies keep it; 0: never.",
        ),
    ] = 0
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=256,
            description="Processes that take requests; from 2 on, one more keeps the log for them.",
        ),
    ] = 1
    proxies: Annotated[
        Proxies,
        Meta(description="Proxies whose word on the client's address is taken; none: who connects is it."),
    ] = Proxies()
    tls: Annotated[
        TlsSettings | None, Meta(description="Serve HTTPS with this certificate; none: plain HTTP.")
    ] = None
