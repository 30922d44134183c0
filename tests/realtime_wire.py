"""A side of a session without a socket."""

from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.uri import parse_uri

from hanbok.gateway.realtime.gate import Handshake
from hanbok.gateway.realtime.peer import Peer

LIMIT = 1 << 21


class Wire:
    """A line that keeps what is written to it."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.held = False

    def write(self, *pieces: bytes) -> None:
        self.written += b"".join(pieces)

    async def drain(self) -> None:
        """It takes all."""

    def hold(self) -> None:
        self.held = True

    def go_on(self) -> None:
        self.held = False


def opened() -> tuple[Peer, Wire, ClientProtocol]:
    """Return a client's peer, its line, and the client."""
    client = ClientProtocol(parse_uri("ws://x/v1/realtime"))
    asked = client.connect()
    wire = Wire()
    peer = Handshake(asked.path, {k.lower(): v for k, v in asked.headers.items()}, LIMIT).accept(
        lambda _: wire, {}
    )
    client.send_request(asked)
    client.receive_data(bytes(wire.written))
    assert client.handshake_exc is None
    client.data_to_send()
    return peer, wire, client


def sent(client: ClientProtocol, *frames: Frame) -> bytes:
    return b"".join(frame.serialize(mask=True) for frame in frames)
