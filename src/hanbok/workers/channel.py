"""Between the foreman and each process that it forked: few and small messages, and ends of sockets."""

import asyncio
import socket
from collections import deque
from typing import Final, TypeAlias

import msgspec

_LENGTH: Final = 4
_CHUNK: Final = 65_536
_FDS: Final = 16


class Reload(msgspec.Struct, frozen=True, tag="reload"):
    """To all: put these settings in force. The keeper answers with `Reloaded`."""

    loaded: bytes


class Connect(msgspec.Struct, frozen=True, tag="connect"):
    """To all: here is an end of a socket, to a worker or to the keeper. It comes with the message."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """To the foreman: the process has begun its work."""

    first_key: str = ""
    notices: tuple[str, ...] = ()


class Reloaded(msgspec.Struct, frozen=True, tag="reloaded"):
    """To the foreman: whether the keeper put the settings in force."""

    done: bool


Message: TypeAlias = Reload | Connect | Ready | Reloaded
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Message).decode


class Channel:
    """One end. The foreman reads when its selector says so, a child when its event loop does."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._buffer = bytearray()
        self._ends: deque[int] = deque()

    @classmethod
    def pair(cls) -> "tuple[Channel, Channel]":
        """Return both ends of a new channel."""
        one, other = socket.socketpair()
        return cls(one), cls(other)

    def send(self, message: Message, end: socket.socket | None = None) -> None:
        """Send a message; where the other process is gone, nothing happens: its death is told elsewhere."""
        data = _encode(message)
        framed = len(data).to_bytes(_LENGTH, "big") + data
        try:
            sent = socket.send_fds(self.socket, [framed], [end.fileno()] if end is not None else [])
            self.socket.sendall(framed[sent:])
        except (BrokenPipeError, ConnectionResetError):
            return

    def receive(self) -> list[tuple[Message, socket.socket | None]] | None:
        """Return the messages that have come, at least one read long; None: the other process is gone."""
        try:
            data, ends, _, _ = socket.recv_fds(self.socket, _CHUNK, _FDS)
        except ConnectionResetError:
            return None
        if not data:
            return None
        self._ends += ends
        self._buffer += data
        found: list[tuple[Message, socket.socket | None]] = []
        while len(self._buffer) >= _LENGTH:
            until = _LENGTH + int.from_bytes(self._buffer[:_LENGTH], "big")
            if until > len(self._buffer):
                break
            message = _decode(self._buffer[_LENGTH:until])
            del self._buffer[:until]
            end = socket.socket(fileno=self._ends.popleft()) if isinstance(message, Connect) else None
            found.append((message, end))
        return found

    async def next(self) -> list[tuple[Message, socket.socket | None]] | None:
        """Wait for messages, in a child's event loop."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.socket, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self.socket)
        return self.receive()

    def close(self) -> None:
        self.socket.close()
