"""One side of a session: messages in and out over WebSocket (RFC 6455), whoever carries the bytes."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from websockets.exceptions import ProtocolError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import CLOSED, CLOSING, Event
from websockets.protocol import Protocol as WebSocket

LOG: Final = logging.getLogger("hanbok.realtime")
"""What the library has to say, which tells of each connection, is for those who look for it."""
LOG.setLevel(logging.WARNING)
_AHEAD: Final = 1024 * 1024
"""Bytes of messages that may wait before the line is read no further."""
_EACH: Final = 64
"""Bytes that a message holds beside its text, rather few: an empty one is not free."""
_PARTS: Final = 4096
"""Pieces of one message at most."""
_PING_AFTER: Final = 20.0
_REASON: Final = 120
"""A close frame holds at most 123 bytes of a reason."""


class Line(Protocol):
    """What carries the bytes."""

    def write(self, *pieces: bytes) -> None: ...
    async def drain(self) -> None:
        """Raise ConnectionError when the other side left."""
        ...

    def hold(self) -> None: ...
    def go_on(self) -> None: ...


class PeerGone(Exception):
    """The other side closed, broke off or broke the protocol. `code` is that of RFC 6455, 7.4."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Peer:
    """Opened when its handshake is done. `feed` takes what the line brings, `lost` tells that it is gone."""

    def __init__(self, websocket: WebSocket) -> None:
        """Set `line` before anything arrives."""
        self.line: Line
        self.retiring = False
        """Whether the line asks for an end soon."""
        self.heard = asyncio.get_running_loop().time()
        """When it was heard of last."""
        self._websocket = websocket
        self._messages: deque[str] = deque()
        self._held = 0
        self._parts: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._gone: int | None = None
        self._pinged = False
        self._blocked = False

    def feed(self, data: bytes) -> None:
        """Take bytes of the line."""
        self.heard, self._pinged = asyncio.get_running_loop().time(), False
        if self._gone is not None:
            return
        self._websocket.receive_data(data)
        self.flush()
        self.take(self._websocket.events_received())

    def take(self, events: Sequence[Event]) -> None:
        """Take what the bytes meant."""
        for event in events:
            if isinstance(event, Frame):
                self._take(event)
        if self._websocket.state in (CLOSING, CLOSED):
            self._end(
                self._websocket.close_rcvd.code if self._websocket.close_rcvd else CloseCode.PROTOCOL_ERROR
            )
        else:
            self._weigh()

    def lost(self) -> None:
        """Note that the line is gone."""
        self._end(CloseCode.ABNORMAL_CLOSURE)

    def block(self) -> None:
        """Note that the other side takes nothing: it is read no further, as pongs would pile up."""
        self._blocked = True
        self.line.hold()

    def unblock(self) -> None:
        """Note that the other side takes what is written again."""
        self._blocked = False
        self._weigh()

    def retire(self) -> None:
        """Note that the line should come to an end."""
        self.retiring = True

    async def receive(self) -> str:
        """Return the next message. Raises PeerGone when there is none any more."""
        while not self._messages:
            if self._gone is not None:
                raise PeerGone(self._gone)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        message = self._messages.popleft()
        self._held -= len(message) + _EACH
        self._weigh()
        return message

    async def send(self, message: bytes) -> None:
        """Send a text. Raises PeerGone."""
        if self._gone is not None:
            raise PeerGone(self._gone)
        self._websocket.send_text(message)
        self.flush()
        try:
            await self.line.drain()
        except ConnectionError:
            self.lost()
            raise PeerGone(CloseCode.ABNORMAL_CLOSURE) from None

    def ping(self) -> bool:
        """Ask for a sign of life; False: the last one brought none."""
        if self._gone is not None or self._pinged:
            return False
        self._websocket.send_ping(b"")
        self._pinged = True
        self.flush()
        return True

    def alive(self, at: float) -> bool:
        """Return whether there was a sign of life of late; ask for one where that is long ago."""
        return at - self.heard <= _PING_AFTER or self.ping() or at - self.heard <= 2 * _PING_AFTER

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye, unless that was said."""
        if self._gone is None:
            self._websocket.send_close(code, reason.encode()[:_REASON].decode(errors="ignore"))
            self.flush()
            self._end(code)

    def flush(self) -> None:
        """Write what is due. An empty piece marks the end, at which the owner closes the line."""
        if pieces := [one for one in self._websocket.data_to_send() if one]:
            self.line.write(*pieces)

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            self._refuse(CloseCode.UNSUPPORTED_DATA, "text messages only")
        if frame.opcode not in (Opcode.TEXT, Opcode.CONT) or self._gone is not None:
            return
        self._parts.append(bytes(frame.data))
        if len(self._parts) > _PARTS:
            self._refuse(CloseCode.MESSAGE_TOO_BIG, "too many pieces")
            return
        if not frame.fin:
            return
        whole, self._parts = b"".join(self._parts), []
        try:
            self._messages.append(whole.decode())
        except UnicodeDecodeError:
            self._refuse(CloseCode.INVALID_DATA, "not UTF-8")
            return
        self._held += len(self._messages[-1]) + _EACH
        self._wake()

    def _weigh(self) -> None:
        if self._held > _AHEAD or self._blocked:
            self.line.hold()
        else:
            self.line.go_on()

    def _refuse(self, code: CloseCode, reason: str) -> None:
        try:
            self._websocket.fail(code, reason)
        except ProtocolError:  # it has closed meanwhile
            return
        self.flush()
        self._end(code)

    def _end(self, code: int) -> None:
        if self._gone is None:
            self._gone = int(code)
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
