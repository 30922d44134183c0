"""`/v1/batches`: files of requests that are asked one by one, in OpenAI's shape."""

from typing import Final

import msgspec

from hanbok.app import App
from hanbok.gateway.batches.shapes import NewBatch
from hanbok.http.admin.route import RequestUnfit
from hanbok.http.inbound import JSON, Inbound
from hanbok.http.key_acts import note_act
from hanbok.http.listing import field_of, page_of
from hanbok.http.statuses import MethodNotAllowed, RouteUnknown
from hanbok.studio.jobs.errors import FileUnknown

_LIMIT: Final = 64 * 1024
_PREFIX: Final = "/v1/batches/"


async def batches(app: App, inbound: Inbound) -> None:
    """List batches, or begin one."""
    key, desk = app.authenticate(inbound.headers), app.offstage.batches
    organisation = key.principal.organisation
    if inbound.method != "POST":
        everything = await desk.all(organisation, key.id)
        await inbound.reply(200, JSON, msgspec.json.encode(page_of(inbound, everything)))
        return
    body = await inbound.read(_LIMIT, app.runtime.settings.server.read_timeout)
    try:
        wanted = msgspec.json.decode(body, type=NewBatch)
    except msgspec.DecodeError as error:
        raise RequestUnfit(field=field_of(error)) from None
    if await app.offstage.files.get(organisation, key.id, wanted.input_file_id) is None:
        raise FileUnknown(file=wanted.input_file_id[:100])
    made = await desk.create(organisation, key.id, wanted, inbound.peer)
    facts = {"file": made.input_file_id, "endpoint": made.endpoint}
    await note_act(app, inbound, key, "batch.create", made.id, facts)
    await inbound.reply(200, JSON, msgspec.json.encode(made))


async def batch(app: App, inbound: Inbound) -> None:
    """Show a batch, or cancel it."""
    key, desk = app.authenticate(inbound.headers), app.offstage.batches
    name, _, rest = inbound.path.removeprefix(_PREFIX).partition("/")
    organisation = key.principal.organisation
    if rest not in ("", "cancel"):
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    if (inbound.method == "POST") != (rest == "cancel"):
        allowed = "POST" if rest else "GET"
        raise MethodNotAllowed(method=inbound.method, path=inbound.path[:200], allowed=allowed)
    if rest:
        shown = await desk.cancel(organisation, key.id, name)
        await note_act(app, inbound, key, "batch.cancel", name)
    else:
        shown = await desk.get(organisation, key.id, name)
    await inbound.reply(200, JSON, msgspec.json.encode(shown))
