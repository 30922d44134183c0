"""The listening side against clients of every kind, over real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from hanbok.http.inbound import BodyTooLarge, Inbound
from hanbok.http.server import AddressTaken, CertificateUnusable, Server
from hanbok.settings.server import ServerSettings, TlsSettings

Handler = Callable[[Inbound], Awaitable[None]]
MIB = 1 << 20


async def echo(inbound: Inbound) -> None:
    """Tell what came."""
    try:
        body = await inbound.read(MIB, 5)
    except BodyTooLarge:
        await inbound.reply(413, [], b"large")
        return
    await inbound.reply(200, [("x-path", inbound.path)], inbound.method.encode() + b":" + body)


async def stream(inbound: Inbound) -> None:
    await inbound.read(MIB, 5)
    outlet = await inbound.stream(200, [])
    for piece in (b"one", b"", b"two"):
        await outlet.send(piece)


@asynccontextmanager
async def serving(handler: Handler, **settings: object) -> AsyncIterator[Server]:
    server = Server(handler, ServerSettings(port=0, **settings))
    await server.listen()
    try:
        yield server
    finally:
        await server.close()


async def talk(server: Server, *pieces: bytes, pause: float = 0.0, end: bool = False) -> bytes:
    """Send the pieces, and return all that comes until the server closes or is silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(pause)
    if end:
        writer.write_eof()
    got = b""
    try:
        while piece := await asyncio.wait_for(reader.read(1 << 16), 1.0):
            got += piece
    except (TimeoutError, ConnectionError):
        pass
    writer.close()
    return got


def post(body: bytes, *extra: str, path: str = "/a", version: str = "1.1") -> bytes:
    lines = [f"POST {path} HTTP/{version}", "host: h", f"content-length: {len(body)}", *extra]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_requests_of_one_connection_are_answered_in_their_order() -> None:
    async with serving(echo) as server:
        got = await talk(server, post(b"1") + post(b"2") + post(b"3", "connection: close"))
    assert [part.partition(b"\r\n\r\n")[2] for part in got.split(b"HTTP/1.1 200 OK\r\n")[1:]] == [
        b"POST:1",
        b"POST:2",
        b"POST:3",
    ]
    assert got.count(b"connection: close") == 1


async def test_a_request_may_arrive_byte_by_byte() -> None:
    whole = post("한국어".encode(), "connection: close")
    async with serving(echo) as server:
        got = await talk(server, *(whole[at : at + 1] for at in range(len(whole))), pause=0.0005)
    assert got.endswith("POST:한국어".encode())


async def test_a_body_may_come_in_chunks() -> None:
    head = b"POST /a HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    async with serving(echo) as server:
        got = await talk(
            server, head, b"3\r\nabc\r\n", b"2;x=y\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n", pause=0.02
        )
    assert got.endswith(b"POST:abcde")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\xff nonsense\r\n\r\n",
        b"GET /a HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: h\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"POST /a HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: h\r\ncontent-length: -1\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: h\r\ncontent-length : 1\r\n\r\na",
        b"GET /%ff HTTP/1.1\r\nhost: h\r\n\r\n",
    ],
    ids=[
        "garbage",
        "no host",
        "version",
        "two lengths",
        "length and chunks",
        "negative",
        "space",
        "not UTF-8",
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(request_: bytes) -> None:
    seen: list[str] = []

    async def note(inbound: Inbound) -> None:
        seen.append(inbound.path)
        await inbound.reply(200, [], b"")

    async with serving(note) as server:
        got = await talk(server, request_)
    assert got.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"application/problem+json" in got
    assert seen == []


async def test_a_head_has_a_limit() -> None:
    async with serving(echo) as server:
        got = await talk(server, b"GET /a HTTP/1.1\r\nhost: h\r\n", b"x: " + b"a" * 70_000 + b"\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 431 ")


async def test_a_body_that_is_too_large_is_told_so_and_read_no_further() -> None:
    async with serving(echo) as server:
        told = await talk(server, post(b"a" * (2 * MIB)))
        chunk = b"%x\r\n%b\r\n" % (MIB, b"a" * MIB)
        head = b"POST /a HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        untold = await talk(server, head, chunk, chunk, chunk)
    for got in (told, untold):
        assert got.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in got
        assert got.endswith(b"large")


async def test_a_client_that_asks_first_is_told_to_go_ahead() -> None:
    async with serving(echo) as server:
        head, body = post(b"abc", "expect: 100-continue", "connection: close").split(b"\r\n\r\n")
        got = await talk(server, head + b"\r\n\r\n", body, pause=0.05)
    assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert got.endswith(b"POST:abc")


async def test_an_offer_to_upgrade_is_left_aside() -> None:
    upgrade = (
        "connection: upgrade, http2-settings",
        "upgrade: h2c",
        "http2-settings: AAMAAABkAARAAAAAAAIAAAAA",
    )
    async with serving(echo) as server:
        got = await talk(server, post(b"abc", *upgrade))
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.endswith(b"POST:abc")


async def test_a_head_request_gets_no_body_and_its_length() -> None:
    async with serving(echo) as server:
        got = await talk(server, b"HEAD /a HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
    assert b"content-length: 5\r\n" in got
    assert got.endswith(b"\r\n\r\n")


async def test_a_path_is_decoded_and_may_be_absolute() -> None:
    async with serving(echo) as server:
        plain = await talk(server, post(b"", "connection: close", path="/a%20b?c=%20"))
        absolute = await talk(server, post(b"", "connection: close", path="http://h/a/b"))
    assert b"x-path: /a b\r\n" in plain
    assert b"x-path: /a/b\r\n" in absolute


async def test_a_stream_is_chunked_and_the_connection_goes_on() -> None:
    async with serving(stream) as server:
        got = await talk(server, post(b"") + post(b"", "connection: close"))
    assert got.count(b"transfer-encoding: chunked") == 2
    assert got.count(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n") == 2


async def test_clients_of_http_1_0_get_a_stream_that_ends_with_the_connection() -> None:
    async with serving(stream) as server:
        got = await talk(server, post(b"", version="1.0"))
    assert b"transfer-encoding" not in got
    assert got.endswith(b"\r\n\r\nonetwo")


async def test_a_stream_that_breaks_off_has_no_end() -> None:
    async def breaks(inbound: Inbound) -> None:
        outlet = await inbound.stream(200, [])
        await outlet.send(b"one")
        raise ConnectionError

    async with serving(breaks) as server:
        got = await talk(server, b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
    assert got.endswith(b"3\r\none\r\n")


async def test_an_answer_is_begun_once() -> None:
    async def twice(inbound: Inbound) -> None:
        outlet = await inbound.stream(200, [])
        await outlet.send(b"one")
        await inbound.reply(500, [], b"two")

    async with serving(twice) as server:
        got = await talk(server, b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
    assert got.count(b"HTTP/1.1") == 1
    assert b"two" not in got


async def test_a_header_with_a_line_break_is_never_written() -> None:
    async def splits(inbound: Inbound) -> None:
        with pytest.raises(ValueError, match="line break"):
            await inbound.reply(200, [("x", "a\r\nset-cookie: b")], b"")

    async with serving(splits) as server:
        assert await talk(server, b"GET / HTTP/1.1\r\nhost: h\r\n\r\n") == b""


@pytest.mark.parametrize("reset", [False, True])
async def test_the_handler_is_told_when_its_client_leaves(reset: bool) -> None:
    left = asyncio.Event()

    async def waits(inbound: Inbound) -> None:
        await inbound.read(MIB, 5)
        inbound.when_gone(left.set)
        await left.wait()

    async with serving(waits) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(post(b"abc"))
        await asyncio.sleep(0.05)
        assert not left.is_set()
        if reset:
            writer.transport.abort()
        else:
            writer.close()
        await asyncio.wait_for(left.wait(), 1)


async def test_a_slow_reader_holds_its_own_stream_back() -> None:
    sent = 0

    async def much(inbound: Inbound) -> None:
        nonlocal sent
        outlet = await inbound.stream(200, [])
        for _ in range(1000):
            await outlet.send(b"x" * 65536)
            sent += 65536

    async with serving(much) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        await asyncio.sleep(0.3)
        held = sent
        await asyncio.sleep(0.2)
        assert held == sent < 32 * MIB
        while await reader.read(1 << 20):
            if sent == 1000 * 65536:
                break
        writer.close()
    assert sent == 1000 * 65536


async def test_heads_that_never_end_and_idle_connections_are_let_go() -> None:
    async with serving(echo, read_timeout=1) as server:
        begun, silent = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", server.port) for _ in range(2))
        )
        begun[1].write(b"GET / HT")
        assert (await asyncio.wait_for(begun[0].read(), 8)).startswith(b"HTTP/1.1 408 ")
        assert await asyncio.wait_for(silent[0].read(), 8) == b""
        for _, writer in (begun, silent):
            writer.close()


async def test_a_server_that_retires_ends_what_is_idle_and_finishes_what_is_not() -> None:
    go = asyncio.Event()

    async def waits(inbound: Inbound) -> None:
        await go.wait()
        await inbound.reply(200, [], b"done")

    async with serving(waits) as server:
        idle, idle_writer = await asyncio.open_connection("127.0.0.1", server.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        await asyncio.sleep(0.05)
        server.retire()
        assert await asyncio.wait_for(idle.read(), 1) == b""
        go.set()
        got = await asyncio.wait_for(reader.read(), 1)
        assert b"connection: close" in got
        assert got.endswith(b"done")
        with pytest.raises(OSError, match="Connect"):
            await asyncio.open_connection("127.0.0.1", server.port)
        writer.close()
        idle_writer.close()


async def test_an_address_is_taken_once() -> None:
    async with serving(echo) as server:
        with pytest.raises(AddressTaken):
            await Server(echo, ServerSettings(port=server.port)).listen()


async def test_it_speaks_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serving(echo, tls=TlsSettings(certificate=chain, key=key)) as server:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=trusting, server_hostname="localhost"
        )
        writer.write(post(b"abc", "connection: close"))
        assert (await asyncio.wait_for(reader.read(), 2)).endswith(b"POST:abc")
        writer.close()
    with pytest.raises(CertificateUnusable):
        await Server(echo, ServerSettings(port=0, tls=TlsSettings(certificate=key, key=chain))).listen()
