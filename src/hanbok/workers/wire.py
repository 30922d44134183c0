"""One connection between a worker and its keeper, both ends alike."""

import asyncio
from collections.abc import Callable
from socket import socket
from typing import Final, Generic, TypeVar, cast

import msgspec

_LENGTH: Final = 4
_encode: Final = msgspec.msgpack.Encoder().encode

In = TypeVar("In")


class Wire(asyncio.Protocol, Generic[In]):
    """Frames that are sent within one turn of the event loop go out together."""

    def __init__(self, kind: object, take: Callable[[In], object], lost: Callable[[], object]) -> None:
        """`kind` is the type of the frames that come in; `take` gets each, in their order."""
        decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type] # a type as a value
        self._decode = cast("Callable[[memoryview], list[In]]", decoder.decode)
        self._take = take
        self._lost = lost
        self.loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._out: list[msgspec.Struct] = []

    async def open(self, end: socket) -> None:
        """Speak over this end. Frames may be taken, and answers sent, before this returns."""
        await self.loop.create_unix_connection(lambda: self, sock=end)

    def send(self, frame: msgspec.Struct) -> None:
        """Send soon, or once there is a connection."""
        if not self._out and self._transport is not None:
            self.loop.call_soon(self.flush)
        self._out.append(frame)

    def flush(self) -> None:
        """Send what waits now."""
        if self._transport is None:
            return
        frames, self._out = self._out, []
        if frames and not self._transport.is_closing():
            data = _encode(frames)
            self._transport.write(len(data).to_bytes(_LENGTH, "big") + data)

    def close(self) -> None:
        """Send what waits, and end the connection."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it went
        self._lost()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        at, end = 0, len(buffer)
        while end - at >= _LENGTH:
            until = at + _LENGTH + int.from_bytes(buffer[at : at + _LENGTH], "big")
            if until > end:
                break
            frames = self._decode(memoryview(buffer)[at + _LENGTH : until])
            at = until
            for frame in frames:
                self._take(frame)
        del buffer[:at]
