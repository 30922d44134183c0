"""One connection of a server that can misbehave on demand."""

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias, cast

from hanbok.testing.wire.script import Captured, Script

Serve: TypeAlias = Callable[["Line", Captured], Awaitable[None]]


class Left(Exception):
    """The client went away."""


class Cut(Exception):
    """The script ends the connection here."""


class Line(asyncio.Protocol):
    """Reads requests one after another and hands each to `serve`, which writes the answer with `send`."""

    def __init__(self, serve: Serve, lines: set["Line"]) -> None:
        """Stand in `lines` while connected."""
        self._serve = serve
        self._lines = lines
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._gone = asyncio.Event()
        self._script = Script()
        self.sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._lines.add(self)
        self._task = asyncio.ensure_future(self._run())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._gone.set()
        self._arrived.set()

    def close(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    async def over(self) -> None:
        """Return when nothing runs on it any more."""
        await self._task

    async def send(self, data: bytes) -> None:
        """Write, as the script says: in pieces, cut short, or falling silent."""
        script = self._script
        size = script.write_size or len(data) or 1
        for at in range(0, len(data), size):
            await self._send_piece(data[at : at + size], script)
            if script.write_size:
                await asyncio.sleep(0)

    async def _send_piece(self, piece: bytes, script: Script) -> None:
        for limit, cuts in ((script.cut_at, True), (script.hang_at, False)):
            if limit is not None and self.sent + len(piece) >= limit:
                self._write(piece[: limit - self.sent])
                if cuts:
                    raise Cut
                await self.pause(3600)
        self._write(piece)

    async def pause(self, seconds: float) -> None:
        """Wait. Raises Left as soon as the client goes away."""
        if seconds > 0 and not self._gone.is_set():
            try:
                await asyncio.wait_for(self._gone.wait(), seconds)
            except TimeoutError:
                return
        if self._gone.is_set():
            raise Left

    def _write(self, data: bytes) -> None:
        if self._gone.is_set():
            raise Left
        self._transport.write(data)
        self.sent += len(data)

    def begin(self, script: Script) -> None:
        """Follow this script for the answer that begins now."""
        self._script = script
        self.sent = 0

    def end(self, *, reset: bool) -> None:
        """End the connection after an answer."""
        if reset:
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        else:
            self._transport.close()

    async def _run(self) -> None:
        while (captured := await self._request()) is not None:
            await self._serve(self, captured)
        self._transport.close()
        self._lines.discard(self)

    async def _request(self) -> Captured | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not await self._more():
                return None
        first, *lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        whole = end + 4 + int(headers.get("content-length", "0"))
        while len(self._buffer) < whole:
            if not await self._more():
                return None
        raw = bytes(self._buffer[:whole])
        del self._buffer[:whole]
        return Captured(
            method=method, target=target, headers=headers, body=raw[end + 4 :], raw=raw, at=time.monotonic()
        )

    async def _more(self) -> bool:
        self._arrived.clear()
        if self._gone.is_set():
            return False
        await self._arrived.wait()
        return not self._gone.is_set()
