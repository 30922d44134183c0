"""The contract of the client that carries bytes to an endpoint."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

_P = TypeVar("_P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. `first` runs from the last byte sent to the answer's head, `idle` between two reads of its body."""

    connect: float = 5.0
    first: float = 120.0
    idle: float = 60.0
    total: float = 600.0


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Gate:
    """A host and port that an endpoint may be reached at."""

    host: str
    port: int
    endpoint: str
    private: bool
    """Whether its name may lead to an address inside one's own network."""


class Exchange(Protocol):
    """One answer under way. Closing it early aborts the connection, so that the provider stops working."""

    status: int
    headers: dict[str, str]
    """Lower-case names; the last of repeated ones."""

    def read(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives. Raises UpstreamCut when it breaks off, UpstreamTimeout."""
        ...

    async def whole(self, limit: int) -> bytes:
        """Return the whole body. Raises UpstreamGarbled over `limit` bytes, else as `read`."""
        ...

    def close(self) -> None:
        """Give the connection back if the body was read to its end, abort it otherwise. May be called twice."""
        ...


class Upstream(Protocol):
    """A pooled HTTP/1.1 client; one TLS context per origin for life."""

    async def post(
        self, url: str, headers: tuple[tuple[str, str], ...], body: bytes, timeouts: Timeouts
    ) -> Exchange:
        """Send, and return when the answer's head has arrived. Raises UpstreamUnreachable (nothing was sent),
        UpstreamTimeout, UpstreamCut.
        """
        ...

    def trust(self, url: str, authorities: Path) -> None:
        """Trust for this URL's origin the CA certificates in this file, instead of the system's."""
        ...

    def permit(self, gate: Gate) -> None:
        """Let connections go there: an endpoint says so of each place that it needs when it is built."""
        ...

    async def close(self) -> None: ...


class Sender(Protocol):
    """The same client, for requests of other methods."""

    async def send(
        self, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes, timeouts: Timeouts
    ) -> Exchange:
        """As `Upstream.post`."""
        ...


class Dialler(Protocol):
    """The same client, for connections that stay."""

    async def dial(self, url: str, make: Callable[[], _P], seconds: float) -> _P:
        """Connect to the origin of a URL and return the protocol that `make` made. Raises UpstreamUnreachable."""
        ...
