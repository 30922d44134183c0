"""`hanbok ask`: one question to a running server."""

import asyncio
import sys
from typing import Annotated

import msgspec
from cyclopts import Parameter

from hanbok.cli.output import print_json
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.sse import SseReader
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.settings.environment import client
from hanbok.settings.reading import load

_LIMIT = 64 * 1024 * 1024


class ServerSaid(HanbokError):
    code = "server_said"
    message = Text(ko="서버가 {status}(으)로 답했습니다: {said}", en="the server answered {status}: {said}")
    hint = Text(ko="{hint}", en="{hint}")


class NoKey(HanbokError):
    code = "no_key"
    message = Text(ko="HANBOK_KEY가 비어 있습니다", en="HANBOK_KEY is empty")
    hint = Text(
        ko="서버를 처음 시작할 때 나온 키나 `hanbok key create`의 키를 넣으십시오.",
        en="Set it to the key of the first start, or one from `hanbok key create`.",
    )


class _Failure(msgspec.Struct):
    message: str = ""
    hint: str = ""


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    error: _Failure | None = None


def ask(
    question: str,
    *,
    model: Annotated[
        str,
        Parameter(help=say("모델 이름. 없으면 설정의 첫 모델.", "Model; none: the first of the settings.")),
    ] = "",
    json: Annotated[bool, Parameter(help=say("답 전체를 JSON으로.", "The whole answer as JSON."))] = False,
) -> None:
    """Ask, and print the answer as it comes. Reads HANBOK_URL and HANBOK_KEY."""
    base, key = door()
    settings = load().settings
    body = {
        "model": model or next(iter(settings.models)),
        "messages": [{"role": "user", "content": question}],
        "stream": not json,
    }
    asyncio.run(_ask(f"{base}/v1/chat/completions", key, msgspec.json.encode(body), whole=json))


def door() -> tuple[str, str]:
    """Return where the running server is asked, and by which key. Raises NoKey."""
    url, key = client()
    if not key:
        raise NoKey
    server = load().settings.server
    return (url or f"http://{server.host}:{server.port}").rstrip("/"), key


async def _ask(url: str, key: str, body: bytes, *, whole: bool) -> None:
    upstream = Http1()
    headers = (
        ("authorization", f"Bearer {key}"),
        ("content-type", "application/json"),
        ("accept-language", LANGUAGE),
    )
    try:
        exchange = await upstream.post(url, headers, body, Timeouts())
        if whole or exchange.status != 200:  # noqa: PLR2004
            answer = await exchange.whole(_LIMIT)
            if exchange.status != 200:  # noqa: PLR2004
                raise _said(exchange.status, msgspec.json.decode(answer, type=_Chunk).error)
            print_json(msgspec.Raw(answer))
            return
        events = SseReader()
        async for data in exchange.read():
            for _, payload in events.feed(data):
                if payload != b"[DONE]":
                    _print(msgspec.json.decode(payload, type=_Chunk))
        print()
    finally:
        await upstream.close()


def _print(chunk: _Chunk) -> None:
    if chunk.error is not None:
        print()
        raise _said(200, chunk.error)
    for choice in chunk.choices:
        sys.stdout.write(choice.delta.content or "")
    sys.stdout.flush()


def _said(status: int, failure: _Failure | None) -> ServerSaid:
    failure = failure or _Failure()
    return ServerSaid(status=status, said=failure.message or "-", hint=failure.hint or "-")
