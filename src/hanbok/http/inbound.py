"""The contract between hanbok and an HTTP server: one request, answered whole or as a stream."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias, runtime_checkable

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text

Headers: TypeAlias = list[tuple[str, str]]
JSON: Final[Headers] = [("content-type", "application/json"), ("cache-control", "no-store")]


class BodyTooLarge(HanbokError):
    code = "body_too_large"
    message = Text(
        ko="요청 본문은 {limit_mib:g} MiB까지 받습니다",
        en="a request body may have at most {limit_mib:g} MiB",
    )
    hint = Text(
        ko="요청을 나누거나 hanbok.yaml의 server.body_limit_mib를 늘리십시오.",
        en="Split the request, or raise server.body_limit_mib in hanbok.yaml.",
    )


class BodyTooSlow(HanbokError):
    code = "body_too_slow"
    message = Text(
        ko="요청 본문이 {seconds:g}초 안에 다 오지 않았습니다",
        en="the request body did not arrive within {seconds:g} s",
    )
    hint = Text(
        ko="연결 상태를 확인하고 다시 보내십시오.", en="Check the connection and send the request again."
    )


class Outlet(Protocol):
    """An answer being streamed."""

    async def send(self, data: bytes) -> None:
        """Send now. Raises ConnectionError when the client has left."""
        ...


class Taker(Protocol):
    """Takes the bytes of a connection that left HTTP."""

    def feed(self, data: bytes) -> None: ...

    def block(self) -> None:
        """Note that what is written to the connection is not taken."""
        ...

    def unblock(self) -> None:
        """Note that it is taken again."""
        ...

    def retire(self) -> None:
        """Come to an end soon: the server is stopping."""
        ...


class Raw(Protocol):
    """A connection that left HTTP, to write to."""

    def write(self, *pieces: bytes) -> None: ...

    async def drain(self) -> None:
        """Return when the client has taken enough of what was written. Raises ConnectionError when it left."""
        ...

    def hold(self) -> None:
        """Read no more for now."""
        ...

    def go_on(self) -> None: ...


@runtime_checkable
class Switching(Protocol):
    """A request whose connection can leave HTTP for another protocol."""

    def switch(self, taker: Taker) -> Raw:
        """Give the connection over (RFC 9110, 7.8). Whoever does answers on it, and it closes after the request."""
        ...


class Inbound(Protocol):
    """One request from a client."""

    method: str
    path: str
    escaped: bool
    """Whether the path came with percent-escapes, which are read in `path`."""
    query: str
    headers: Mapping[str, str]
    """Lower-case names."""
    peer: str
    """The client's address, without port."""

    async def read(self, limit: int, seconds: float) -> bytes:
        """Return the whole body. Raises BodyTooLarge, BodyTooSlow, ConnectionError."""
        ...

    async def reply(self, status: int, headers: Headers, body: bytes) -> None: ...

    async def stream(self, status: int, headers: Headers) -> Outlet: ...

    def when_gone(self, call: Callable[[], object] | None) -> None:
        """Call this once the client has left, in place of what was to be called before; None: nothing."""
        ...
