"""A call down the path, and its reply to the client: whole, streamed, or broken off honestly."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from itertools import count
from typing import Final

from hanbok.app import App, Runtime
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.gateway.call import Call, Operation
from hanbok.gateway.head import read_head
from hanbok.http.failure import language_of, openai_error, tell
from hanbok.http.inbound import Headers, Inbound

_MIB = 1024 * 1024
_PROCESS: Final = secrets.token_hex(8)
_COUNT: Final = count()
"""Ids are unique over processes and starts, at no cost in randomness a call."""
_DONE = b"data: [DONE]\n\n"


async def deliver(app: App, inbound: Inbound, operation: Operation) -> None:
    """Read the request, send it down the path, deliver what comes back. Raises HanbokError before an answer began."""
    runtime = app.runtime
    call = await read_call(runtime, inbound, operation)
    task, left = asyncio.current_task(), False

    def leave() -> None:
        """Cancel this task: that unwinds the steps down to the connection upstream."""
        nonlocal left
        left = True
        if task is not None:
            task.cancel()

    inbound.when_gone(leave)
    try:
        await _carry(runtime, inbound, call)
    except (asyncio.CancelledError, ConnectionError):
        if not left:
            raise
    finally:
        inbound.when_gone(None)


async def read_call(runtime: Runtime, inbound: Inbound, operation: Operation) -> Call:
    """Return the call that a request asks for. Raises BodyTooLarge, BodyTooSlow and what `read_head` raises."""
    server = runtime.settings.server
    body = await inbound.read(int(server.body_limit_mib * _MIB), server.read_timeout)
    head, members = read_head(body)
    stream = operation is Operation.CHAT and bool(head.stream)
    return Call(
        id=f"call-{_PROCESS}{next(_COUNT):08x}",
        route=inbound.path,
        operation=operation,
        body=body,
        headers=inbound.headers,
        origin=inbound.peer,
        digest=hashlib.sha256(body).hexdigest(),
        members=members,
        model=head.model,
        stream=stream,
        wants_usage=not stream or bool(head.stream_options and head.stream_options.include_usage),
        choices=max(1, head.n or 1),
        max_output=head.max_completion_tokens or head.max_tokens,
    )


async def _carry(runtime: Runtime, inbound: Inbound, call: Call) -> None:
    default = runtime.settings.language
    try:
        reply = await runtime.path.run(call)
        if reply.chunks is None:
            headers = [*_marks(call), *reply.headers, ("content-type", "application/json")]
            await inbound.reply(reply.status, headers, reply.body)
        else:
            await _stream(inbound, call, reply.chunks, language_of(inbound.headers, default))
    except HanbokError as error:
        await tell(inbound, error, default, _marks(call))
    finally:
        call.finish()


async def _stream(
    inbound: Inbound, call: Call, batches: AsyncGenerator[list[bytes], None], language: Language
) -> None:
    headers: Headers = [
        *_marks(call),
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
    ]
    outlet = await inbound.stream(HTTPStatus.OK, headers)
    async with aclosing(batches) as chunks:
        try:
            async for batch in chunks:
                await outlet.send(b"".join([b"data: %b\n\n" % chunk for chunk in batch]))
        except HanbokError as error:
            # Never a clean end: no [DONE] follows, and clients of OpenAI's shape raise on this event.
            await outlet.send(b"event: error\ndata: %b\n\n" % openai_error(error, language))
            return
    await outlet.send(_DONE)


def _marks(call: Call) -> Headers:
    """Tell what was done, and that a machine made the answer (AI Basic Act art. 31, its decree art. 23)."""
    used = call.ending.used
    marks: Headers = [
        ("x-hanbok-call", call.id),
        ("x-hanbok-grade", call.grade),
        ("x-hanbok-ai-generated", "true"),
    ]
    if used is not None:
        marks += [("x-hanbok-endpoint", used.target.endpoint), ("x-hanbok-form", used.form)]
    return marks
