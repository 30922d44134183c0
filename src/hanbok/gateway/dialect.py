"""The contract of a dialect: how a wire format spells a request and its answer.

OpenAI's shapes are the common tongue: a dialect turns them into its own and back. It does no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hanbok.core.values import Usage
from hanbok.gateway.call import Operation
from hanbok.gateway.head import Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request as a provider reads it. `path` is appended to the endpoint's base address."""

    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """A whole answer in OpenAI's shape."""

    body: bytes
    usage: Usage | None


class StreamReader(Protocol):
    """Reads one stream. A new one for each."""

    usage: Usage | None
    """As far as known."""
    done: bool
    """True once the provider said that the answer is whole."""

    def feed(self, event: str, data: bytes) -> list[bytes]:
        """Turn one server-sent event into chunks of OpenAI's shape (JSON texts). Raises UpstreamFailed for an
        error event, UpstreamGarbled for what the format does not allow.
        """
        ...


class Framing(Protocol):
    """Cuts the bytes of one stream into events. A new one for each."""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Return name and data of the events that these bytes complete. Raises UpstreamGarbled."""
        ...


@runtime_checkable
class Framed(Protocol):
    """A dialect whose streams are no server-sent events."""

    def framing(self) -> Framing:
        """Return what cuts one stream into events."""
        ...


@runtime_checkable
class Native(Protocol):
    """A dialect in which some clients speak too: their requests are passed on as the bytes that they are."""

    front: str
    """Name of those clients' front."""

    def forward(self, body: bytes, *, model: str, stream: bool, headers: Mapping[str, str]) -> WireRequest:
        """Set what depends on the endpoint (the model), and keep every other byte. `headers` are the client's."""
        ...


class Dialect(Protocol):
    """Spells one wire format."""

    def request(
        self, operation: Operation, body: bytes, *, model: str, stream: bool, where: Spans | None = None
    ) -> WireRequest:
        """Spell a request body of OpenAI's shape. `model` is the provider's name of it. A stream always asks for
        its usage. `where` are the spans of the body's members, if they are known. Raises UnsupportedRequest when
        the format cannot say it.
        """
        ...

    def answer(self, operation: Operation, body: bytes) -> WireAnswer:
        """Read a whole answer. Raises UpstreamGarbled."""
        ...

    def failure(self, body: bytes) -> str:
        """Return the provider's own short error code or type in an error body; never its message."""
        ...

    def reader(self) -> StreamReader:
        """Return the reader of one stream."""
        ...
