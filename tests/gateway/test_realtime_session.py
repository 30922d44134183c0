"""Both sides of a session without sockets: what a peer takes, and what ends a session."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal
from hanbok.gateway.realtime import session as module
from hanbok.gateway.realtime.call import Opened, Rules
from hanbok.gateway.realtime.errors import NotWebSocket
from hanbok.gateway.realtime.gate import Handshake
from hanbok.gateway.realtime.pace import Pace
from hanbok.gateway.realtime.peer import Peer, PeerGone
from hanbok.gateway.realtime.session import Session
from hanbok.guard.pseudonym import Pseudonyms
from hanbok.policy.key import Key, KeyRevoked

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


async def test_messages_come_whole_however_they_are_cut() -> None:
    peer, _, client = opened()
    data = sent(
        client,
        Frame(Opcode.TEXT, "안녕".encode()[:4], fin=False),
        Frame(Opcode.CONT, "안녕".encode()[4:]),
        Frame(Opcode.TEXT, b"two"),
    )
    for one in data:
        peer.feed(bytes([one]))
    assert [await peer.receive(), await peer.receive()] == ["안녕", "two"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Frame(Opcode.BINARY, b"x"), 1003),
        (Frame(Opcode.TEXT, b"\xff"), 1007),
        (Frame(Opcode.CONT, b"x"), 1002),
        (Frame(Opcode.TEXT, b"x" * (LIMIT + 1)), 1009),
    ],
)
async def test_what_breaks_the_protocol_ends_a_peer(frame: Frame, code: int) -> None:
    peer, wire, client = opened()
    already = len(wire.written)
    peer.feed(sent(client, frame))
    with pytest.raises(PeerGone):
        await peer.receive()
    with pytest.raises(PeerGone):
        await peer.send(b"{}")
    client.receive_data(bytes(wire.written[already:]))
    assert client.close_rcvd is not None
    assert client.close_rcvd.code == code


async def test_a_line_is_held_while_nobody_takes_its_messages() -> None:
    peer, wire, client = opened()
    for _ in range(3):
        peer.feed(sent(client, Frame(Opcode.TEXT, b"x" * (1 << 19))))
    assert wire.held
    await peer.receive()
    assert not wire.held


async def test_a_peer_without_a_sign_of_life_is_seen() -> None:
    peer, wire, client = opened()
    already = len(wire.written)
    assert peer.ping()
    assert not peer.ping()
    client.receive_data(bytes(wire.written[already:]))
    peer.feed(b"".join(client.data_to_send()))
    assert peer.ping()


@pytest.mark.parametrize("left_out", ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version"])
async def test_a_handshake_that_is_none_is_refused(left_out: str) -> None:
    asked = ClientProtocol(parse_uri("ws://x/")).connect()
    headers = {k.lower(): v for k, v in asked.headers.items() if k.lower() != left_out}
    with pytest.raises(NotWebSocket):
        Handshake("/v1/realtime", headers, LIMIT)


async def test_who_says_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace = Pace(at_once=3, per_second=10)
    for _ in range(5):
        await pace.wait()
    assert len(waited) == 2
    assert 0.15 < waited[-1] <= 0.2


class Standing:
    """Rules in force, of which a test changes one."""

    path = cast("Any", None)
    idle = longest = 60.0

    def __init__(self) -> None:
        self.check: Callable[[Key], None] = lambda _: None
        self.serves: Callable[[Opened], bool] = lambda _: True

    def showing(self, _: Any) -> Any:
        raise AssertionError("nothing is shown")


def revoked(_: Key) -> None:
    raise KeyRevoked(key="k")


@pytest.mark.parametrize(
    ("change", "told", "code"),
    [
        ({"idle": 0.0}, "session_over", 1001),
        ({"longest": 0.0}, "session_over", 1001),
        ({"serves": lambda _: False}, "session_over", 1001),
        ({"check": revoked}, "key_revoked", 1008),
        ({}, "", 1001),
    ],
    ids=["idle", "longest", "settings", "revoked", "stop"],
)
async def test_what_ends_a_session_is_told_and_lets_go_of_both_sides(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], told: str, code: int
) -> None:
    monkeypatch.setattr(module, "_TICK", 0.001)
    (client, wire, browser), (provider, _, _) = opened(), opened()
    already = len(wire.written)
    aborted: list[bool] = []
    line: Any = type("Line", (), {"peer": provider, "abort": lambda _: aborted.append(True)})()
    rules = Standing()
    for name, value in change.items():
        setattr(rules, name, value)
    who = Key(id="k", digest="", principal=Principal(organisation="o", key="k"))

    def shape(error: HanbokError) -> dict[str, Any]:
        return {"message": error.code}

    one = Session(
        who,
        "talk",
        Opened(cast("Any", type("Target", (), {"endpoint": "e"})()), cast("Any", None), line),
        client,
        origin="",
        hider=Pseudonyms({}),
        rules=lambda: cast("Rules", rules),
        shape=shape,
    )
    if not change:
        client.retire()
    await asyncio.wait_for(one.run(), 10)
    assert aborted
    with pytest.raises(PeerGone):
        await provider.receive()
    browser.receive_data(bytes(wire.written[already:]))
    shown = [
        json.loads(bytes(one.data))
        for one in browser.events_received()
        if getattr(one, "opcode", 0) == Opcode.TEXT
    ]
    assert [one["error"]["code"] for one in shown] == ([told] if told else [])
    assert browser.close_rcvd is not None
    assert browser.close_rcvd.code == code
