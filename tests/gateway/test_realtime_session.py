"""Both sides of a session without sockets: what a peer takes, and what ends a session."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal
from hanbok.gateway.realtime import session as module
from hanbok.gateway.realtime.call import Opened, Rules
from hanbok.gateway.realtime.dial import Dialled
from hanbok.gateway.realtime.errors import NotWebSocket, TooManySessions
from hanbok.gateway.realtime.gate import Handshake, RealtimeGate
from hanbok.gateway.realtime.pace import Pace
from hanbok.gateway.realtime.peer import PeerGone
from hanbok.gateway.realtime.session import Session
from hanbok.gateway.realtime.speaker import Speaker
from hanbok.guard.pseudonym import Pseudonyms
from hanbok.http.connection import Connection
from hanbok.policy.key import Key, KeyRevoked
from realtime_wire import LIMIT, opened, sent


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
        peer.feed(sent(client, Frame(Opcode.TEXT, b"x" * ((1 << 19) - 64))))
    assert wire.held
    await peer.receive()
    assert not wire.held


async def test_messages_and_pieces_that_hold_nothing_are_not_free() -> None:
    peer, wire, client = opened()
    peer.feed(sent(client, *[Frame(Opcode.TEXT, b"")] * (1 << 14)))
    assert not wire.held
    peer.feed(sent(client, Frame(Opcode.TEXT, b"")))
    assert wire.held
    peer, wire, client = opened()
    already = len(wire.written)
    pieces = [Frame(Opcode.CONT, b"", fin=False)] * 4096
    peer.feed(sent(client, Frame(Opcode.TEXT, b"", fin=False), *pieces))
    client.receive_data(bytes(wire.written[already:]))
    assert client.close_rcvd is not None
    assert client.close_rcvd.code == 1009


async def test_who_takes_no_pongs_is_read_no_further() -> None:
    peer, wire, client = opened()
    peer.block()
    assert wire.held
    peer.feed(sent(client, Frame(Opcode.TEXT, b"x")))
    await peer.receive()
    assert wire.held
    peer.unblock()
    assert not wire.held


@pytest.mark.parametrize("kind", [Dialled, Connection])
async def test_who_waits_no_more_for_a_line_leaves_the_others_waiting(kind: type) -> None:
    home: Any = SimpleNamespace(head_timeout=1.0, connections=set(), tasks=set(), forwarding=None)
    loop = asyncio.get_running_loop()
    line: Any = (
        Connection(home, loop) if kind is Connection else Dialled(ClientProtocol(parse_uri("ws://x/")))
    )
    transport: Any = SimpleNamespace(pause_reading=lambda: None, resume_reading=lambda: None)
    known = {"socket": SimpleNamespace(setsockopt=lambda *_: None)}
    transport.get_extra_info = known.get
    line.connection_made(transport)
    line.pause_writing()
    first, second = asyncio.ensure_future(line.drain()), asyncio.ensure_future(line.drain())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    line.resume_writing()
    await asyncio.wait_for(second, 5)
    assert first.cancelled()


async def test_a_session_that_is_being_opened_has_its_place_already() -> None:
    gate: Any = object.__new__(RealtimeGate)
    gate._rules, gate._open_now = SimpleNamespace(sessions=1), set()
    going, aborted = asyncio.Event(), list[bool]()

    class Slow:
        async def run(self, call: Any) -> None:
            line: Any = SimpleNamespace(abort=lambda: aborted.append(True))
            call.opened = Opened(cast("Any", None), cast("Any", None), line)
            await going.wait()
            raise KeyRevoked(key="k")

    gate._opening = Slow()

    async def opening() -> None:
        async with gate.open("talk", {}, ""):
            raise AssertionError("it opens")

    first = asyncio.ensure_future(opening())
    await asyncio.sleep(0)
    with pytest.raises(TooManySessions):
        await opening()
    assert not aborted
    going.set()
    with pytest.raises(KeyRevoked):
        await first
    assert aborted  # what was open when the way back failed
    assert not gate._open_now


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
        Speaker(who, "talk", ""),
        Opened(cast("Any", type("Target", (), {"endpoint": "e"})()), cast("Any", None), line),
        client,
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
