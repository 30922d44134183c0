"""The lean HTTP/1.1 client: kept connections per origin, one TLS context per origin for life.

It follows no redirect, uses no proxy and speaks to nobody but the origin in the URL. With an `Egress` it speaks only to
origins that registered endpoints named.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamUnreachable
from hanbok.gateway.transport.connection import Connection, StaleConnection
from hanbok.gateway.transport.egress import Egress
from hanbok.gateway.transport.origin import Origin, opening
from hanbok.gateway.transport.reach import Reach
from hanbok.gateway.upstream import Exchange, Gate, Timeouts

_P = TypeVar("_P", bound=asyncio.Protocol)
_CLOSED = Text(ko="hanbok이 종료되고 있습니다", en="hanbok is shutting down")


class Http1:
    """Implements Upstream, for one event loop."""

    def __init__(
        self, *, idle_per_origin: int = 128, idle_seconds: float = 30.0, egress: Egress | None = None
    ) -> None:
        """Keep at most so many idle connections per origin, each for so long. `egress` lists where connections may
        go; None: anywhere, which is for tools and not for the gateway.
        """
        self._egress = egress
        self._reach = Reach(egress)
        self._idle_per_origin = idle_per_origin
        self._idle_seconds = idle_seconds
        self._idle: dict[str, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False
        self._emptied = asyncio.Event()

    async def post(
        self, url: str, headers: tuple[tuple[str, str], ...], body: bytes, timeouts: Timeouts
    ) -> Exchange:
        """Send, and return when the answer's head has arrived."""
        return await self.send("POST", url, headers, body, timeouts)

    async def send(
        self, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes, timeouts: Timeouts
    ) -> Exchange:
        """As `post`, with another method: none whose answer has a length and no body (HEAD)."""
        origin, start = opening(url, headers, method)
        if self._egress is not None:
            self._egress.check(origin)
        head = b"%s%d\r\n\r\n" % (start, len(body))
        kept = self._kept(origin.name)
        if kept is not None:
            try:
                return await kept.ask(head, body, timeouts)
            except StaleConnection:
                pass
        fresh = await self._connect(origin, timeouts.connect)
        return await fresh.ask(head, body, timeouts)

    async def dial(self, url: str, make: Callable[[], _P], seconds: float) -> _P:
        """As `Dialler`."""
        origin, _ = opening(url, ())
        if self._egress is not None:
            self._egress.check(origin)
        return await self._connected(origin, make, seconds)

    def trust(self, url: str, authorities: Path) -> None:
        """Trust for this URL's origin the CA certificates in this file. Raises UpstreamUnreachable for a bad URL."""
        self._reach.trust.set(opening(url, ())[0].name, authorities)

    def permit(self, gate: Gate) -> None:
        """Let connections go there."""
        if self._egress is not None:
            self._egress.permit(gate)

    async def close(self) -> None:
        """Abort every connection, also those with an answer under way."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._open):
            connection.abort()
        if self._open:
            self._emptied.clear()
            await self._emptied.wait()

    def _kept(self, origin: str) -> Connection | None:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.fit:
                return connection
            connection.abort()
        return None

    async def _connect(self, origin: Origin, seconds: float) -> Connection:
        connection = await self._connected(
            origin, lambda: Connection(origin.name, self._release, self._forget), seconds
        )
        self._open.add(connection)
        return connection

    async def _connected(self, origin: Origin, make: Callable[[], _P], seconds: float) -> _P:
        if self._closed:
            raise UpstreamUnreachable(origin=origin.name, why=_CLOSED)
        return await self._reach.connect(origin, make, seconds)

    def _release(self, connection: Connection) -> None:
        idle = self._idle.setdefault(connection.origin, [])
        if len(idle) >= self._idle_per_origin or self._closed:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        idle.append(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(self._idle_seconds / 2, self._sweep)

    def _forget(self, connection: Connection) -> None:
        self._open.discard(connection)
        if not self._open:
            self._emptied.set()
        idle = self._idle.get(connection.origin, [])
        if connection in idle:
            idle.remove(connection)

    def _sweep(self) -> None:
        """Close what nobody asked for in a while; the oldest come first in each list."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._idle_seconds
        for idle in self._idle.values():
            for connection in [one for one in idle if one.idle_since < oldest]:
                idle.remove(connection)
                connection.abort()
        waiting = any(self._idle.values())
        self._sweeper = loop.call_later(self._idle_seconds / 2, self._sweep) if waiting else None
