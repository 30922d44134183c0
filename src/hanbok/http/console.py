"""What the pages ask of the server: `POST /console/preview` and `GET /console/calls/{id}`."""

import asyncio
from typing import Final

import msgspec

from hanbok.app import App
from hanbok.console.proof import prove
from hanbok.core.errors import HanbokError
from hanbok.gateway.call import Operation
from hanbok.http.delivery import read_call
from hanbok.http.failure import tell
from hanbok.http.inbound import Headers, Inbound

_CALLS: Final = "/console/calls/"
_PRIVATE: Final[Headers] = [("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
_JSON: Final[Headers] = [*_PRIVATE, ("content-type", "application/json")]


async def preview(app: App, inbound: Inbound) -> None:
    """Answer a chat request with what would be done with it. Nothing leaves, is written down or charged."""
    runtime = app.runtime
    try:
        call = await read_call(runtime, inbound, Operation.CHAT)
        try:
            reply = await runtime.preview.run(call)
            await inbound.reply(reply.status, _JSON, reply.body)
        finally:
            call.finish()
    except HanbokError as error:
        await tell(inbound, error, runtime.settings.language, _PRIVATE)


async def calls(app: App, inbound: Inbound) -> None:
    """Answer with the log's lines of one call of the caller's organisation, and their proof."""
    try:
        key = app.authenticate(inbound.headers)
        name = inbound.path.removeprefix(_CALLS)
        proof = await asyncio.to_thread(prove, app.log, name, key.principal.organisation)
        await inbound.reply(200, _JSON, msgspec.json.encode(proof))
    except HanbokError as error:
        await tell(inbound, error, app.runtime.settings.language, _PRIVATE)
