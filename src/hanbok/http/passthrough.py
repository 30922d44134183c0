"""`/passthrough/ENDPOINT/...`: paths of providers that settings allow one by one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.gateway.call import Call, Reply
from hanbok.http.attendance import Attended
from hanbok.http.delivery import STREAM, marks_of, read_body
from hanbok.http.failure import language_of, openai_error, tell
from hanbok.http.inbound import Inbound
from hanbok.http.statuses import RouteUnknown


async def passthrough(app: App, inbound: Inbound) -> None:
    """Pass a request on as policy allows, and deliver what comes back."""
    gate = app.runtime.passages
    # An escape could be read as a slash here and as data there, or the other way round.
    if gate is None or inbound.escaped:
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    body = await read_body(app.runtime, inbound)
    call = gate.call(inbound.method, inbound.path, inbound.query, inbound.headers, body, inbound.peer)
    with Attended(inbound):
        try:
            await _deliver(inbound, call, await gate.path.run(call), app)
        except HanbokError as error:
            await tell(inbound, error, app.runtime.settings.language, marks_of(call))
        finally:
            call.finish()


async def _deliver(inbound: Inbound, call: Call, reply: Reply, app: App) -> None:
    if reply.chunks is None:
        headers = [*marks_of(call), ("content-type", reply.media)]
        await inbound.reply(reply.status, headers, reply.body)
        return
    outlet = await inbound.stream(reply.status, [*marks_of(call), *STREAM])
    chunks: AsyncGenerator[list[bytes], None] = reply.chunks
    async with aclosing(chunks):
        try:
            async for batch in chunks:
                if batch:
                    await outlet.send(b"".join(batch))
        except HanbokError as error:
            language = language_of(inbound.headers, app.runtime.settings.language)
            await outlet.send(b"event: error\ndata: %b\n\n" % openai_error(error, language))
