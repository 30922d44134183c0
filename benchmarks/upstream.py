"""What the upstream client costs: CPU time of this process per request and per streamed chunk.

    python benchmarks/upstream.py [SECONDS]

The server is a process of its own that answers with ready bytes, so that only the client is counted. Requests are
1 KB, answers 850 B; a stream is 100 chunks, which arrive in a few reads. The floor is a bare asyncio protocol that
writes the same bytes and counts what comes back without understanding it.
"""

import asyncio
import multiprocessing
import multiprocessing.connection
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias, cast

import uvloop

from hanbok.gateway.dialects.openai import Openai
from hanbok.gateway.sse import SseReader
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1

Ask: TypeAlias = Callable[[], Awaitable[None]]

BODY = b'{"model":"m","messages":[{"role":"user","content":"' + b"x" * 960 + b'"}]}'
HEADERS = (("content-type", "application/json"), ("authorization", "Bearer hb-bench"))
CHUNK = b'{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"tok"}}]}'
CHUNKS = 100
ANSWER = b'{"choices":[{"message":{"content":"' + b"y" * 800 + b'"}}]}'
PLAIN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)
EVENT = b"data: %s\n\n" % CHUNK
LAST = b"data: [DONE]\n\n"
STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    + (b"%x\r\n%s\r\n" % (len(EVENT), EVENT)) * CHUNKS
    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(LAST), LAST)
)


class Server(asyncio.Protocol):
    """Answers each read of a request's last bytes: the client sends a request in one write."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"}"):
            self.transport.write(STREAM if data.startswith(b"POST /stream") else PLAIN)


def serve(pipe: multiprocessing.connection.Connection) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


class Floor(asyncio.Protocol):
    def __init__(self, size: int) -> None:
        self.size = size

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.left -= len(data)
        if not self.left:
            self.done.set_result(None)

    async def ask(self, request: bytes) -> None:
        self.left = self.size
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self.done


async def floor(port: int, path: str, size: int) -> Ask:
    _, line = await asyncio.get_running_loop().create_connection(lambda: Floor(size), "127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n\r\n".encode()

    async def ask() -> None:
        await line.ask(head + BODY)

    return ask


def client(upstream: Http1, port: int, path: str, *, understand: bool) -> Ask:
    url, timeouts = f"http://127.0.0.1:{port}{path}", Timeouts()

    async def whole() -> None:
        exchange = await upstream.post(url, HEADERS, BODY, timeouts)
        assert len(await exchange.whole(1 << 20)) == len(ANSWER)
        await exchange.close()

    async def stream() -> None:
        exchange = await upstream.post(url, HEADERS, BODY, timeouts)
        events, reader = SseReader(), Openai().reader()
        async for data in exchange.read():
            if understand:
                for event, one in events.feed(data):
                    reader.feed(event, one)
        assert reader.done or not understand

    return stream if path == "/stream" else whole


async def measure(ask: Ask, workers: int, seconds: float) -> tuple[int, float]:
    """Return requests done and the CPU time of this process that each took, in microseconds."""
    count = 0
    end = time.perf_counter() + seconds

    async def worker() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await ask()
            count += 1

    await ask()
    began = time.process_time()
    await asyncio.gather(*(worker() for _ in range(workers)))
    return count, (time.process_time() - began) / count * 1e6


async def main(port: int, seconds: float) -> None:
    upstream = Http1()
    rows = [
        ("floor, plain", await floor(port, "/plain", len(PLAIN)), 1, 1),
        ("client, plain", client(upstream, port, "/plain", understand=False), 1, 1),
        ("client, plain, 16 at once", client(upstream, port, "/plain", understand=False), 16, 1),
        ("floor, stream", await floor(port, "/stream", len(STREAM)), 1, CHUNKS),
        ("client, stream", client(upstream, port, "/stream", understand=False), 1, CHUNKS),
        ("client, events and reader", client(upstream, port, "/stream", understand=True), 1, CHUNKS),
    ]
    print(f"{'':28} {'requests':>9} {'us/request':>11} {'us/chunk':>9}")
    for name, ask, workers, parts in rows:
        best = min([await measure(ask, workers, seconds) for _ in range(3)], key=lambda found: found[1])
        chunk = f"{best[1] / parts:9.2f}" if parts > 1 else ""
        print(f"{name:28} {best[0]:9} {best[1]:11.1f} {chunk}")
    await upstream.close()


if __name__ == "__main__":
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    child.start()
    try:
        uvloop.run(main(ours.recv(), float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
    finally:
        child.terminate()
        child.join()
