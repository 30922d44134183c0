"""Many clients at once, in one event loop: enough to press on a server, little enough for two cores."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from itertools import count

HELLO = [{"role": "user", "content": "안녕하세요"}]


def body(model: str, *, stream: bool = False, **more: object) -> bytes:
    return json.dumps({"model": model, "messages": HELLO, "stream": stream, **more}).encode()


def request(secret: str, data: bytes, path: str = "/v1/chat/completions") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    ).encode() + data


async def press(
    url: str,
    secret: str,
    data: bytes,
    *,
    clients: int,
    requests: int,
    until: Callable[[], bool] = lambda: False,
    known: bool = True,
    path: str = "/v1/chat/completions",
) -> Counter[str]:
    """Send so many requests over so many connections; count the answers: `200`, or a code of an error.

    `known`: begin on each connection when the worker behind it knows the key.
    """
    host, _, port = url.removeprefix("http://").partition(":")
    numbers, seen, whole = count(), Counter[str](), request(secret, data, path)
    asking = f"GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\n\r\n".encode()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while known and "error" in await _answer(reader, writer, asking):  # noqa: ASYNC110 - no event crosses to here
            await asyncio.sleep(0.05)
        while next(numbers) < requests and not until():
            answer = await _answer(reader, writer, whole)
            seen[answer["error"]["code"] if "error" in answer else "200"] += 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(clients)))
    return seen


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, whole: bytes) -> dict:
    writer.write(whole)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return json.loads(await reader.readexactly(length))
