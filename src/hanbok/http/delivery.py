"""A call down the path, and its reply to the client: whole, streamed, or broken off honestly."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Final, TypeAlias

from hanbok.app import App, Runtime
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.calling import call_of
from hanbok.gateway.front import Failure, Front, Teller
from hanbok.gateway.head import Head, Spans, read_head
from hanbok.gateway.refusal import read_refusal
from hanbok.http.attendance import Attended
from hanbok.http.failure import failure_of, language_of, openai_error, tell
from hanbok.http.fronts import front_of
from hanbok.http.heartbeat import Beating
from hanbok.http.inbound import Headers, Inbound
from hanbok.http.statuses import type_of

_MIB = 1024 * 1024
Keep: TypeAlias = Callable[[bytes], Awaitable[None]]
_DONE = b"data: [DONE]\n\n"
STREAM: Final[Headers] = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
]


async def deliver_in(app: App, inbound: Inbound, front: Front) -> None:
    """Do as `deliver` for a chat of another package's front."""
    runtime = app.runtime
    try:
        body = await read_body(runtime, inbound)
        call = call_of(
            Operation.CHAT,
            body,
            path=inbound.path,
            headers=inbound.headers,
            origin=inbound.peer,
            front=front,
        )
        await carry(runtime, inbound, call)
    except HanbokError as error:
        await tell(inbound, error, runtime.settings.language, [], front)


async def deliver(app: App, inbound: Inbound, operation: Operation) -> None:
    """Read the request, send it down the path, deliver what comes back. Raises HanbokError before an answer began."""
    runtime = app.runtime
    await carry(runtime, inbound, await read_call(runtime, inbound, operation))


async def carry(runtime: Runtime, inbound: Inbound, call: Call, keep: Keep | None = None) -> None:
    """Send a call down the path and deliver what comes back. `keep` is handed what a front's client will have got,
    whole or as the last event, before it has it all: an answer that could not be kept must not look whole.
    """
    with Attended(inbound):
        seconds = runtime.settings.server.heartbeat
        if seconds and call.stream and (call.front is None or call.front.comments):
            beating = Beating(inbound, seconds, [*marks_of(call), *STREAM])
            try:
                await _carry(runtime, beating, call, keep)
            finally:
                await beating.stop()
        else:
            await _carry(runtime, inbound, call, keep)


async def read_body(runtime: Runtime, inbound: Inbound) -> bytes:
    """Return the whole body. Raises BodyTooLarge, BodyTooSlow."""
    server = runtime.settings.server
    return await inbound.read(int(server.body_limit_mib * _MIB), server.read_timeout)


def head_of(inbound: Inbound, body: bytes) -> tuple[Head, Spans | None]:
    """Return the head of a request, and where its members stand where that is known. Raises what reading it does."""
    front = front_of(inbound)
    return read_head(body) if front is None else (front.head(body, inbound.path), None)


async def read_call(runtime: Runtime, inbound: Inbound, operation: Operation) -> Call:
    """Return the call that a request asks for. Raises BodyTooLarge, BodyTooSlow and what `head_of` raises."""
    return call_of(
        operation,
        await read_body(runtime, inbound),
        path=inbound.path,
        headers=inbound.headers,
        origin=inbound.peer,
        front=front_of(inbound),
    )


async def _carry(runtime: Runtime, inbound: Inbound, call: Call, keep: Keep | None) -> None:
    default = runtime.settings.language
    try:
        reply = await runtime.path.run(call)
        if reply.chunks is None:
            headers = [*marks_of(call), *reply.headers, ("content-type", reply.media)]
            body = reply.body if call.front is None else fronted(call.front, reply, call.body)
            if keep is not None and reply.status == HTTPStatus.OK:
                await keep(body)
            await inbound.reply(reply.status, headers, body)
        elif call.front is None:
            await _stream(inbound, call, reply.chunks, language_of(inbound.headers, default))
        else:
            teller, language = call.front.teller(call.body), language_of(inbound.headers, default)
            await _tell_stream(inbound, call, reply.chunks, teller, language, keep)
    except HanbokError as error:
        await tell(inbound, error, default, marks_of(call), call.front)
    finally:
        call.finish()


def fronted(front: Front, reply: Reply, asked: bytes) -> bytes:
    """Return an answer, or a provider's refusal of a wrong request, in the front's words."""
    if reply.status == HTTPStatus.OK:
        return front.answer(reply.body, asked)
    refused = read_refusal(reply.body)
    return front.failure(
        Failure(
            status=reply.status,
            kind=refused.type or type_of(HTTPStatus(reply.status)),
            code=str(refused.code or "provider_refused"),
            message=refused.message,
            hint="",
            field=refused.param,
        )
    )


async def _tell_stream(
    inbound: Inbound,
    call: Call,
    batches: AsyncGenerator[list[bytes], None],
    teller: Teller,
    language: Language,
    keep: Keep | None,
) -> None:
    outlet = await inbound.stream(HTTPStatus.OK, [*marks_of(call), *STREAM])
    async with aclosing(batches) as chunks:
        try:
            async for batch in chunks:
                if events := [one for chunk in batch for one in teller.feed(chunk)]:
                    await outlet.send(b"".join(events))
            last = teller.close()
            if keep is not None:
                await keep(last[-1])
        except HanbokError as error:
            await outlet.send(teller.broken(failure_of(error, language)))
            return
    await outlet.send(b"".join(last))


async def _stream(
    inbound: Inbound, call: Call, batches: AsyncGenerator[list[bytes], None], language: Language
) -> None:
    outlet = await inbound.stream(HTTPStatus.OK, [*marks_of(call), *STREAM])
    async with aclosing(batches) as chunks:
        try:
            async for batch in chunks:
                await outlet.send(b"".join([b"data: %b\n\n" % chunk for chunk in batch]))
        except HanbokError as error:
            # Never a clean end: no [DONE] follows, and clients of OpenAI's shape raise on this event.
            await outlet.send(b"event: error\ndata: %b\n\n" % openai_error(error, language))
            return
    await outlet.send(_DONE)


def marks_of(call: Call) -> Headers:
    """Tell what was done, and that a machine made the answer (AI Basic Act art. 31, its decree art. 23)."""
    used = call.ending.used
    marks: Headers = [
        ("x-hanbok-call", call.id),
        ("x-hanbok-grade", call.grade),
        ("x-hanbok-ai-generated", "true"),
    ]
    if used is not None:
        marks += [
            ("x-hanbok-endpoint", used.target.endpoint),
            ("x-hanbok-form", used.form),
            *call.ending.told,
        ]
    return marks
