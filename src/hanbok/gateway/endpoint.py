"""The contract of an endpoint: where a model is reached, and with whose key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from hanbok.core.values import Destination
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    """What `hanbok.yaml` says of one endpoint; its kind's class is built from it alone."""

    destination: Destination
    url: str = ""
    """Base URL; empty: the kind's own."""
    secret: str = field(default="", repr=False)
    """The provider's key."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Several keys, in place of the one; a kind is built once for each of them and never sees them."""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """What only this kind knows, such as `api_version`. An unknown name is refused by the kind."""
    private: bool = False
    """Whether its name may lead to an address inside one's own network."""
    state: Path = Path("var")
    """Folder for files that the endpoint makes, such as assembled weights."""
    releases: Path | None = None
    """Folder of the registry of released models; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where one request goes: a base URL, to which the dialect's path is appended, and who asks."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""
    """Appended to the path, without `?`."""
    adapt: Callable[[bytes], bytes] | None = None
    """Last change of the body, which fits this address alone."""
    sign: Callable[[str, bytes], tuple[tuple[str, str], ...]] | None = None
    """Returns the headers that prove who asks, for the whole URL and the body as they leave."""
    left: Callable[[], object] | None = None
    """Called when the call that uses it is over."""
    release: str = ""
    """Which release of a model answers there, for the log."""
    key: str = ""
    """Which of several keys asks, for the log."""
    keys: int = 1
    """How many keys there are to ask with."""
    refused: Callable[[int, str], bool] | None = None
    """Told of a status other than success and its `Retry-After`; returns whether another key should ask instead."""


class Endpoint(Protocol):
    """One configured place. Built by `hanbok.app` from its settings; started and closed with the server."""

    destination: Destination
    dialect: Dialect

    async def address(self, operation: Operation, model: str) -> Address:
        """Return where to send, with fresh credentials. Raises EndpointUnavailable."""
        ...

    async def start(self) -> None:
        """Begin what must run beside it (a child process); return without waiting for it to be ready."""
        ...

    async def close(self) -> None:
        """Stop what `start` began."""
        ...


READY: Final = "ready"


@runtime_checkable
class Staged(Protocol):
    """An endpoint that takes a while to be ready."""

    @property
    def stage(self) -> str:
        """How far it is, for people; `READY` when calls are taken."""
        ...


@runtime_checkable
class Licensed(Protocol):
    """An endpoint whose model comes with hanbok."""

    def notice(self) -> str:
        """Return what its licence wants told; empty when there is nothing to tell."""
        ...
