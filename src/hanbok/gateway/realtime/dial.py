"""Open a session at a provider."""

import asyncio
from typing import cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response
from websockets.uri import parse_uri

from hanbok.gateway.errors import UpstreamCut, UpstreamFailed, UpstreamGarbled, UpstreamTimeout
from hanbok.gateway.realtime.peer import LOG, Peer
from hanbok.gateway.transport.connection import keep_alive
from hanbok.gateway.upstream import Dialler, Timeouts


class Dialled(asyncio.Protocol):
    """A connection to a provider that becomes a session. Implements Line."""

    def __init__(self, websocket: ClientProtocol) -> None:
        """Wait for bytes. `opened` becomes the provider's answer to the handshake, or None when there is none."""
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[Response | None] = loop.create_future()
        self.peer = Peer(websocket)
        self.peer.line = self
        self._websocket = websocket
        self._drained: asyncio.Future[None] | None = None
        self._held = False
        self._lost = False
        self._loop = loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        keep_alive(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        if self.opened.done():
            self.peer.feed(data)
            return
        self._websocket.receive_data(data)
        events = self._websocket.events_received()
        answer = next((one for one in events if isinstance(one, Response)), None)
        if answer is not None or self._websocket.handshake_exc is not None:
            self.opened.set_result(answer)
        self.peer.take(events)  # the first event may come in the same piece

    def eof_received(self) -> None:
        """Let the transport close."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it went
        self._lost = True
        if not self.opened.done():
            self.opened.set_result(None)
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self.peer.lost()

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = self._loop.create_future()
            self.peer.block()

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)
        self.peer.unblock()

    def write(self, *pieces: bytes) -> None:
        if not self._lost and pieces:
            self._transport.writelines(pieces)

    async def drain(self) -> None:
        if self._drained is not None:
            await asyncio.shield(self._drained)  # others wait for it too
        if self._lost:
            raise ConnectionError("the provider left")

    def hold(self) -> None:
        if not self._held and not self._lost:
            self._held = True
            self._transport.pause_reading()

    def go_on(self) -> None:
        if self._held and not self._lost:
            self._held = False
            self._transport.resume_reading()

    def abort(self) -> None:
        self._transport.abort()


async def dial(
    dialler: Dialler, url: str, headers: tuple[tuple[str, str], ...], timeouts: Timeouts, limit: int
) -> Dialled:
    """Return an open session. Raises UpstreamUnreachable, UpstreamTimeout, UpstreamCut, UpstreamFailed,
    UpstreamGarbled. `url` is one of HTTP; `limit` bounds a message that comes, in bytes.
    """
    websocket = ClientProtocol(
        parse_uri("ws" + url.removeprefix("http")), max_size=(limit, limit), logger=LOG
    )
    line = await dialler.dial(url, lambda: Dialled(websocket), timeouts.connect)
    try:
        request = websocket.connect()
        for name, value in headers:
            request.headers[name] = value
        websocket.send_request(request)
        line.peer.flush()
        async with asyncio.timeout(timeouts.first):
            answer = await line.opened
        _check(websocket, answer)
    except TimeoutError:
        line.abort()
        raise UpstreamTimeout(origin=websocket.uri.host, seconds=timeouts.first, phase="handshake") from None
    except BaseException:
        line.abort()
        raise
    return line


def _check(websocket: ClientProtocol, answer: Response | None) -> None:
    """Raise what kept a session from opening."""
    origin, failure = websocket.uri.host, websocket.handshake_exc
    if answer is not None and isinstance(failure, InvalidStatus):
        raise UpstreamFailed(
            origin=origin,
            status=answer.status_code,
            reason="no session",
            retry_after=answer.headers.get("retry-after", ""),
        )
    if failure is not None:
        raise UpstreamGarbled(origin=origin, why=type(failure).__name__)
    if answer is None:
        raise UpstreamCut(origin=origin)
