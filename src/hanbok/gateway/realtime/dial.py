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
from hanbok.gateway.transport.flow import Flow
from hanbok.gateway.upstream import Dialler, Timeouts


class Dialled(Flow):
    """A connection to a provider that becomes a session. Implements Line."""

    def __init__(self, websocket: ClientProtocol) -> None:
        """Wait for bytes. `opened` becomes the provider's answer to the handshake, or None when there is none."""
        loop = asyncio.get_running_loop()
        super().__init__(loop)
        self.opened: asyncio.Future[Response | None] = loop.create_future()
        self.peer = Peer(websocket)
        self.peer.line = self
        self._websocket = websocket

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
        self._let_go()
        if not self.opened.done():
            self.opened.set_result(None)
        self.peer.lost()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.peer.block()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.peer.unblock()

    def write(self, *pieces: bytes) -> None:
        if not self._lost and pieces:
            self._transport.writelines(pieces)


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
