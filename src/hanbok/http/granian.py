"""Serving with Granian: Rust HTTP and TLS in front, this process's event loop behind."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.rsgi import ProtocolClosed, Scope  # type: ignore[attr-defined]  # pyright: ignore[reportPrivateImportUsage]
from granian.server.embed import Server

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.http.inbound import BodyTooLarge, BodyTooSlow, Headers, Outlet
from hanbok.settings.server import ServerSettings

Handler: TypeAlias = Callable[["GranianInbound"], Awaitable[None]]
_MIB = 1024 * 1024
_PATIENCE = 0.01


class AddressTaken(HanbokError):
    code = "address_taken"
    message = Text(ko="{host}:{port}에서 들을 수 없습니다: {why}", en="cannot listen on {host}:{port}: {why}")
    hint = Text(
        ko="이미 도는 서버를 멈추거나 hanbok.yaml의 server.port를 바꾸십시오.",
        en="Stop the server that runs there, or change server.port in hanbok.yaml.",
    )


class GranianInbound:
    """One request under RSGI."""

    def __init__(self, scope: Scope, protocol: Any) -> None:  # noqa: ANN401 - Granian types it loosely
        self._protocol = protocol
        self.method = scope.method
        self.path = scope.path
        self.query = scope.query_string
        self.headers: Mapping[str, str] = dict(scope.headers.items())
        self.peer = scope.client.rpartition(":")[0]

    async def read(self, limit: int, seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                if int(self.headers.get("content-length", limit + 1)) <= limit:
                    return bytes(await self._protocol())
                return await self._read_up_to(limit)
        except TimeoutError:
            raise BodyTooSlow(seconds=seconds) from None
        except ProtocolClosed as error:
            raise ConnectionError("the client left") from error

    async def _read_up_to(self, limit: int) -> bytes:
        """Read a body of unknown or too great a length, and stop at the limit."""
        body = bytearray()
        async for piece in self._protocol:
            body += piece
            if len(body) > limit:
                raise BodyTooLarge(limit_mib=limit / _MIB)
        return bytes(body)

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        self._protocol.response_bytes(status, headers, body)

    async def stream(self, status: int, headers: Headers) -> Outlet:
        return _GranianOutlet(self._protocol.response_stream(status, headers))

    async def gone(self) -> None:
        await self._protocol.client_disconnect()


class _GranianOutlet:
    def __init__(self, transport: Any) -> None:  # noqa: ANN401 - as above
        self._transport = transport

    async def send(self, data: bytes) -> None:
        try:
            await self._transport.send_bytes(data)
        except ProtocolClosed as error:
            raise ConnectionError("the client left") from error


class GranianServer:
    """Listens until `stop`. Raises AddressTaken when it cannot have its address."""

    def __init__(self, handler: Handler, settings: ServerSettings) -> None:
        async def application(scope: Scope, protocol: Any) -> None:  # noqa: ANN401 - as above
            await handler(GranianInbound(scope, protocol))

        tls = settings.tls
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
        self.port = _claim(settings.host, settings.port)
        self._server = Server(
            application,
            address=settings.host,
            port=self.port,
            interface=Interfaces.RSGI,
            websockets=False,
            backlog=1024,
            log_enabled=False,
            # The head of a request must be here in this time too: slow clients are let go by Granian itself.
            http1_settings=HTTP1Settings(header_read_timeout=int(settings.read_timeout * 1000)),
            ssl_cert=tls.certificate if tls else None,
            ssl_key=tls.key if tls else None,
        )

    async def run(self) -> None:
        """Serve until `stop` is called."""
        await self._server.serve()

    async def listening(self) -> None:
        """Return when connections are accepted."""
        while True:
            try:
                _, writer = await asyncio.open_connection(self._host, self.port)
            except OSError:
                await asyncio.sleep(_PATIENCE)
            else:
                writer.close()
                return

    def stop(self) -> None:
        """Close the listening socket and every connection, and let `run` return."""
        self._server.stop()  # type: ignore[no-untyped-call]  # Granian leaves it untyped


def _claim(host: str, port: int) -> int:
    """Return the port to listen on, once it is known to be free.

    Granian shares its port with others of its kind (SO_REUSEPORT): a second server would take half the requests.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressTaken(host=host, port=port, why=error.strerror) from None
        return int(probe.getsockname()[1])
