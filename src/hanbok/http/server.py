"""The listening side: HTTP/1.1 on the process's own event loop, with TLS if it is set."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.http.connection import Connection, Handler
from hanbok.settings.server import ServerSettings

if TYPE_CHECKING:
    from hanbok.http.forwarded import Forwarding

_BACKLOG: Final = 1024
_TICK: Final = 0.5


class AddressTaken(HanbokError):
    code = "address_taken"
    message = Text(ko="{host}:{port}에서 들을 수 없습니다: {why}", en="cannot listen on {host}:{port}: {why}")
    hint = Text(
        ko="이미 도는 서버를 멈추거나 hanbok.yaml의 server.port를 바꾸십시오.",
        en="Stop the server that runs there, or change server.port in hanbok.yaml.",
    )


class CertificateUnusable(HanbokError):
    code = "certificate_unusable"
    message = Text(
        ko="server.tls의 인증서나 개인 키를 쓸 수 없습니다: {why}",
        en="the certificate or private key of server.tls cannot be used: {why}",
    )
    hint = Text(
        ko="PEM 파일의 경로와 읽기 권한, 인증서와 키가 짝인지 확인하십시오.",
        en="Check the paths of the PEM files, the right to read them, and that key and certificate belong together.",
    )


class Server:
    """Takes connections until it is closed."""

    def __init__(self, handler: Handler, settings: ServerSettings) -> None:
        self.handler = handler
        self.head_timeout = settings.read_timeout
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.closing = False
        self.forwarding = _forwarding(settings)
        self.date = formatdate(usegmt=True)
        self.port = settings.port
        self._settings = settings
        self._listening: list[asyncio.Server] = []
        self._ticking: asyncio.TimerHandle

    async def listen(self, inherited: Sequence[socket.socket] = ()) -> None:
        """Begin, on sockets that listen already if some are given. Raises AddressTaken, CertificateUnusable."""
        loop, settings = asyncio.get_running_loop(), self._settings
        context = _context(settings)
        for one in inherited or listening(settings):
            self._listening.append(
                await loop.create_server(
                    lambda: Connection(self, loop),
                    sock=one,
                    backlog=_BACKLOG,
                    ssl=context,
                    ssl_handshake_timeout=settings.read_timeout if context else None,
                )
            )
        self.port = int(self._listening[0].sockets[0].getsockname()[1])
        self._ticking = loop.call_later(_TICK, self._tick)

    async def close(self) -> None:
        """Break off what is still under way, and return when it has ended."""
        self.closing = True
        self._ticking.cancel()
        for one in self._listening:
            one.close()
        for connection in list(self.connections):
            connection.abort()
        await asyncio.sleep(0)  # the connections tell their requests that the client is gone
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def retire(self) -> None:
        """Take no more connections; those that are there end with what is under way on them."""
        self.closing = True
        for one in self._listening:
            one.close()
        for connection in list(self.connections):
            connection.retire()

    def _tick(self) -> None:
        """One timer for all connections."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self.date = formatdate(usegmt=True)
        for connection in [one for one in self.connections if one.deadline < now]:
            connection.expire()
        self._ticking = loop.call_later(_TICK, self._tick)


def listening(settings: ServerSettings) -> list[socket.socket]:
    """Return sockets that listen at the address of the settings, one for each that its name stands for. Raises
    AddressTaken.
    """
    found: list[socket.socket] = []
    port = settings.port
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            settings.host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            one = socket.socket(family, kind, protocol)
            found.append(one)
            one.setblocking(False)  # noqa: FBT003 - as the library has it
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((address[0], port, *address[2:]))
            one.listen(_BACKLOG)
            port = port or one.getsockname()[1]
    except OSError as error:
        for one in found:
            one.close()
        raise AddressTaken(host=settings.host, port=settings.port, why=error.strerror or str(error)) from None
    return found


def _forwarding(settings: ServerSettings) -> "Forwarding | None":
    if not settings.proxies.trusted:
        return None
    from hanbok.http.forwarded import Forwarding  # noqa: PLC0415 - only who stands behind a proxy needs it

    return Forwarding(settings.proxies)


def _context(settings: ServerSettings) -> ssl.SSLContext | None:
    if settings.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(settings.tls.certificate, settings.tls.key)
    except (OSError, ssl.SSLError) as error:
        raise CertificateUnusable(why=str(error)) from None
    return context
