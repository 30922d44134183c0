"""The lean client against a real server that behaves, misbehaves and vanishes."""

import asyncio
import socket
import time
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.gateway.errors import UpstreamCut, UpstreamGarbled, UpstreamTimeout, UpstreamUnreachable
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.testing.scripted import Script, ScriptedModel

BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
JSON = (("content-type", "application/json"),)
QUICK = Timeouts(connect=2, first=5, idle=5, total=10)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-one: 1\r\n\r\n"
    b"5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nx-trailer: t\r\n\r\n"
)
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    """Run a coroutine on each of the event loops that hanbok supports."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def runner(main):
        with asyncio.Runner(loop_factory=factory) as loop:
            return loop.run(main())

    return runner


@asynccontextmanager
async def client(**options):
    upstream = Http1(**options)
    try:
        yield upstream
    finally:
        await upstream.close()


@asynccontextmanager
async def both(script=None, **options):
    async with ScriptedModel(script) as model, client(**options) as upstream:
        yield model, upstream


async def ask(upstream, model, timeouts=QUICK, body=BODY):
    exchange = await upstream.post(f"{model.url}/chat/completions", JSON, body, timeouts)
    return exchange, await exchange.whole(1 << 20)


def test_a_request_arrives_as_it_was_given(run):
    async def main():
        async with both(Script(raw=SIZED)) as (model, upstream):
            headers = (*JSON, ("authorization", "Bearer k"))
            exchange = await upstream.post(f"{model.url}/x?a=1", headers, BODY, QUICK)
            assert (exchange.status, exchange.headers["content-length"]) == (200, "11")
            assert await exchange.whole(100) == b"hello world"
            assert (
                model.captured[0].raw
                == (
                    f"POST /v1/x?a=1 HTTP/1.1\r\nhost: {model.origin[7:]}\r\naccept-encoding: identity\r\n"
                    f"content-type: application/json\r\nauthorization: Bearer k\r\ncontent-length: {len(BODY)}\r\n\r\n"
                ).encode()
                + BODY
            )

    run(main)


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_a_connection_serves_many_requests_unless_its_close_ends_the_body(run, framing):
    async def main():
        async with both(Script(say="한복", framing=framing)) as (model, upstream):
            for _ in range(5):
                streamed = BODY.replace(b"{", b'{"stream":true,', 1)
                exchange, body = await ask(upstream, model, body=streamed)
                assert body.endswith(b"data: [DONE]\n\n")
                exchange.close()
            assert model.connections == (1 if framing == "chunked" else 5)

    run(main)


def test_a_connection_sends_small_writes_at_once_and_probes_a_silent_server(run):
    async def main():
        async with both(Script(say="x")) as (model, upstream):
            await ask(upstream, model)
            (connection,) = upstream._open
            line = connection._transport.get_extra_info("socket")
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30

    run(main)


def test_a_large_request_and_a_large_answer_pass_whole(run):
    async def main():
        text = "가나다" * 700_000
        async with both(Script(say=text)) as (model, upstream):
            body = b'{"model":"m","x":"' + b"y" * 3_000_000 + b'"}'
            exchange = await upstream.post(f"{model.url}/chat/completions", JSON, body, QUICK)
            assert text.encode() in await exchange.whole(1 << 24)
            assert model.captured[0].body == body

    run(main)


@pytest.mark.parametrize("answer", [CHUNKED, SIZED], ids=["chunked", "sized"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_an_answer_in_small_pieces_is_read_whole(run, answer, size):
    async def main():
        async with both(Script(raw=answer, write_size=size)) as (model, upstream):
            exchange, body = await ask(upstream, model)
            assert body == b"hello world"
            assert "x-trailer" not in exchange.headers

    run(main)


@pytest.mark.parametrize(
    "interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"]
)
def test_interim_answers_are_skipped(run, interim):
    async def main():
        async with both(Script(raw=interim * 2 + SIZED)) as (model, upstream):
            exchange, body = await ask(upstream, model)
            assert (exchange.status, body) == (200, b"hello world")
            assert "link" not in exchange.headers

    run(main)


@pytest.mark.parametrize("answer", [CHUNKED, SIZED], ids=["chunked", "sized"])
@pytest.mark.parametrize("reset", [False, True])
def test_an_answer_cut_at_any_byte_is_never_taken_for_whole(run, answer, reset):
    async def main():
        async with ScriptedModel() as model, client() as upstream:
            for at in range(len(answer)):
                model.then(Script(raw=answer, cut_at=at, reset=reset))
                with pytest.raises(UpstreamCut):
                    await ask(upstream, model)
            assert model.connections == len(model.captured) == len(answer)

    run(main)


def test_what_came_before_a_cut_can_be_read(run):
    async def main():
        async with both(Script(raw=CHUNKED, cut_at=CHUNKED.index(b"6;"))) as (model, upstream):
            exchange = await upstream.post(f"{model.url}/x", JSON, BODY, QUICK)
            pieces = exchange.read()
            got = await anext(pieces)
            with pytest.raises(UpstreamCut):
                await anext(pieces)
            assert got == b"hello"

    run(main)


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x00\x00",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: 1\n\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"a" * 300_000,
    ],
    ids=lambda answer: str(answer[:60]),
)
def test_what_is_not_plain_http_is_refused(run, answer):
    async def main():
        async with both(Script(raw=answer)) as (model, upstream):
            with pytest.raises(UpstreamGarbled):
                await ask(upstream, model)

    run(main)


@pytest.mark.parametrize(
    "extra", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"HTTP/1.1 200"]
)
def test_bytes_after_an_answer_never_reach_the_next_one(run, extra):
    async def main():
        async with ScriptedModel(Script(say="next")) as model, client() as upstream:
            model.then(Script(raw=SIZED + extra, hang_at=len(SIZED + extra)))
            assert (await ask(upstream, model))[1] == b"hello world"
            await asyncio.sleep(0.05)
            assert b'"next"' in (await ask(upstream, model))[1]
            assert model.connections == 2

    run(main)


def test_bytes_that_come_while_a_connection_is_idle_close_it(run):
    async def main():
        async with ScriptedModel(Script(say="next")) as model, client() as upstream:
            assert (await ask(upstream, model))[0].status == 200
            for line in model._lines:
                line._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            await asyncio.sleep(0.05)
            assert b'"next"' in (await ask(upstream, model))[1]
            assert model.connections == 2

    run(main)


def test_a_kept_connection_that_the_server_closed_is_replaced(run):
    async def main():
        async with both(Script(say="한복")) as (model, upstream):
            for restart in (False, True, True):
                if restart:
                    model.drop()
                    time.sleep(0.02)  # noqa: ASYNC251 - the client must not see the close before it asks
                exchange, _ = await ask(upstream, model)
                assert exchange.status == 200
            assert len(model.captured) == 3

    run(main)


@pytest.mark.parametrize("reset", [False, True])
def test_a_kept_connection_closed_at_the_moment_of_asking_is_replaced_once(run, reset):
    async def main():
        async with both(Script(say="한복")) as (model, upstream):
            await ask(upstream, model)
            model.then(Script(raw=SIZED, cut_at=0, reset=reset))
            assert (await ask(upstream, model))[0].status == 200
            assert len(model.captured) == 3
            model.then(Script(raw=SIZED, cut_at=0), Script(raw=SIZED, cut_at=0))
            with pytest.raises(UpstreamCut):
                await ask(upstream, model)
            assert len(model.captured) == 5

    run(main)


@pytest.mark.parametrize(
    "script",
    [
        Script(raw=SIZED, cut_at=1),
        Script(raw=SIZED, cut_at=0, delay=1.2),
    ],
    ids=["after one byte", "after a second"],
)
def test_a_request_that_may_have_been_worked_on_is_not_sent_again(run, script):
    async def main():
        async with both(Script(say="한복")) as (model, upstream):
            await ask(upstream, model)
            model.then(script)
            with pytest.raises(UpstreamCut):
                await ask(upstream, model)
            assert len(model.captured) == 2

    run(main)


@pytest.mark.parametrize(
    ("script", "timeouts", "phase"),
    [
        (Script(delay=3), Timeouts(first=0.1), "first"),
        (Script(hang_at=40), Timeouts(first=0.1), "first"),
        (Script(raw=SIZED, hang_at=len(SIZED) - 1), Timeouts(idle=0.1), "idle"),
        (Script(say="x" * 400, pace=0.02), Timeouts(idle=1, total=0.3), "total"),
    ],
)
def test_each_clock_runs_out_by_itself_and_lets_the_provider_stop(run, script, timeouts, phase):
    async def main():
        async with both(script) as (model, upstream):
            began = time.monotonic()
            with pytest.raises(UpstreamTimeout) as caught:
                await ask(upstream, model, timeouts, BODY.replace(b"{", b'{"stream":true,', 1))
            assert caught.value.facts["phase"] == phase
            assert time.monotonic() - began < 2
            await asyncio.sleep(0.05)
            assert len(model.cancelled) == 1

    run(main)


def test_a_server_that_does_not_read_the_request_runs_out_of_time(run):
    async def main():
        held, over = asyncio.Event(), asyncio.Event()

        async def deaf(reader, writer):
            reader._transport.pause_reading()
            await held.wait()
            writer.transport.abort()
            over.set()

        async with await asyncio.start_server(deaf, "127.0.0.1", 0) as server, client() as upstream:
            port = server.sockets[0].getsockname()[1]
            timeouts = Timeouts(idle=0.2, first=0.2)
            with pytest.raises(UpstreamTimeout) as caught:
                await upstream.post(f"http://127.0.0.1:{port}/", JSON, b"x" * 30_000_000, timeouts)
            assert caught.value.facts["phase"] == "send"
            held.set()
            await over.wait()

    run(main)


def test_a_slow_stream_that_keeps_moving_is_not_cut(run):
    async def main():
        async with both(Script(say="가" * 40, chunk=1, pace=0.02)) as (model, upstream):
            _, body = await ask(
                upstream, model, Timeouts(first=0.2, idle=0.2), BODY.replace(b"{", b'{"stream":true,', 1)
            )
            assert body.endswith(b"[DONE]\n\n")

    run(main)


def test_a_reader_that_lags_holds_the_provider_back_and_is_not_blamed_on_it(run):
    async def main():
        size = 20_000_000
        raw = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
        async with both(Script(raw=raw)) as (model, upstream):
            exchange = await upstream.post(f"{model.url}/x", JSON, BODY, Timeouts(idle=0.5))
            await asyncio.sleep(1)
            assert exchange._held < 1_000_000
            got = 0
            async for piece in exchange.read():
                got += len(piece)
            assert got == size

    run(main)


@pytest.mark.parametrize("when", ["head", "body"])
def test_a_caller_that_gives_up_stops_the_provider_within_a_second(run, when):
    async def main():
        script = Script(delay=30) if when == "head" else Script(say="x" * 1000, pace=0.5)
        async with both(script) as (model, upstream):
            task = asyncio.create_task(ask(upstream, model, body=BODY.replace(b"{", b'{"stream":true,', 1)))
            await asyncio.sleep(0.2)
            left = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            if when == "body":
                assert model.cancelled == []  # whoever holds the exchange closes it
                await upstream.close()
            await asyncio.sleep(0.1)
            assert len(model.cancelled) == 1
            assert model.cancelled[0].at - left < 1

    run(main)


def test_closing_an_answer_early_stops_the_provider_and_may_be_repeated(run):
    async def main():
        async with both(Script(say="x" * 1000, pace=0.5)) as (model, upstream):
            body = BODY.replace(b"{", b'{"stream":true,', 1)
            exchange = await upstream.post(f"{model.url}/chat/completions", JSON, body, QUICK)
            await anext(exchange.read())
            exchange.close()
            exchange.close()
            await asyncio.sleep(0.1)
            assert len(model.cancelled) == 1
            assert (await ask(upstream, model))[0].status == 200

    run(main)


def test_a_body_over_the_readers_limit_is_refused(run):
    async def main():
        async with both(Script(say="x" * 5000)) as (model, upstream):
            exchange = await upstream.post(f"{model.url}/chat/completions", JSON, BODY, QUICK)
            with pytest.raises(UpstreamGarbled, match="more than 1000 bytes"):
                await exchange.whole(1000)

    run(main)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://127.0.0.1:1/a\r\nx: y", ()),
        ("http://127.0.0.1:1/a b", ()),
        ("http://127.0.0.1:1/한글", ()),
        ("ftp://127.0.0.1/", ()),
        ("http:///x", ()),
        ("http://user:secret@127.0.0.1:1/", ()),
        ("http://127.0.0.1:port/", ()),
        ("http://127.0.0.1:1/", (("x", "a\r\nb: c"),)),
        ("http://127.0.0.1:1/", (("x\r\ny", "a"),)),
        ("http://127.0.0.1:1/", (("x", "a\x00"),)),
        ("http://127.0.0.1:1/", (("Content-Length", "5"),)),
        ("http://127.0.0.1:1/", (("transfer-encoding", "chunked"),)),
        ("http://127.0.0.1:1/", (("x", "한글"),)),
    ],
)
async def test_what_could_smuggle_a_second_request_is_never_sent(url, headers):
    async with client() as upstream:
        with pytest.raises(UpstreamUnreachable) as caught:
            await upstream.post(url, headers, BODY, QUICK)
        assert "secret" not in str(caught.value)
        assert "refused" not in str(caught.value)


async def test_a_closed_port_is_unreachable():
    async with ScriptedModel() as model:
        url = model.url
    async with client() as upstream:
        with pytest.raises(UpstreamUnreachable, match=r"refused|Connect call failed"):
            await upstream.post(url, JSON, BODY, QUICK)


async def test_idle_connections_are_closed_in_time():
    async with both(Script(say="x"), idle_seconds=0.2) as (model, upstream):
        await asyncio.gather(*(ask(upstream, model) for _ in range(4)))
        assert len(upstream._open) == 4
        await asyncio.sleep(0.5)
        assert not upstream._open
        assert upstream._sweeper is None


async def test_no_more_connections_are_kept_than_asked():
    async with both(Script(say="x"), idle_per_origin=2) as (model, upstream):
        await asyncio.gather(*(ask(upstream, model) for _ in range(6)))
        await asyncio.sleep(0.05)
        assert len(upstream._open) == 2


async def test_a_closed_client_sends_nothing_more():
    async with ScriptedModel() as model:
        upstream = Http1()
        await upstream.close()
        with pytest.raises(UpstreamUnreachable):
            await upstream.post(model.url, JSON, BODY, QUICK)


@given(cuts=st.lists(st.integers(1, len(CHUNKED) - 1), max_size=20))
@settings(max_examples=40, deadline=None)
def test_any_split_of_the_bytes_gives_the_same_body(cuts):
    async def main():
        edges = [0, *sorted(set(cuts)), len(CHUNKED)]
        over = asyncio.Event()
        pieces = [CHUNKED[start:end] for start, end in pairwise(edges)]

        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            writer.close()
            await writer.wait_closed()
            over.set()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server, client() as upstream:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            exchange = await upstream.post(url, (), b"", QUICK)
            assert await exchange.whole(100) == b"hello world"
            await over.wait()

    asyncio.run(main())
