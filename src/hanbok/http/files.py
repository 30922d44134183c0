"""`/v1/files`: data to tune with, and the results of jobs, in OpenAI's shape."""

import asyncio
from typing import Final

import msgspec

from hanbok.app import App
from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act
from hanbok.http.admin.desk import enter
from hanbok.http.inbound import Headers, Inbound
from hanbok.http.multipart import Part, parts_of
from hanbok.http.statuses import MethodNotAllowed
from hanbok.policy.identity import Identified
from hanbok.policy.roles import require
from hanbok.studio.jobs.shapes import Deleted, FileShown, Listed

_MIB: Final = 1024 * 1024
_PREFIX: Final = "/v1/files/"
_JSON: Final[Headers] = [("content-type", "application/json"), ("cache-control", "no-store")]
_BYTES: Final[Headers] = [("content-type", "application/octet-stream"), ("cache-control", "no-store")]


async def files(app: App, inbound: Inbound) -> None:
    """List files, or keep a new one."""
    who = await allowed(app, inbound, "tuning.read" if inbound.method in ("GET", "HEAD") else "tuning.change")
    shelf, organisation = app.tuning.shelf, who.principal.organisation
    if inbound.method != "POST":
        kept = await asyncio.to_thread(shelf.all, organisation)
        await inbound.reply(200, _JSON, msgspec.json.encode(Listed[FileShown](data=kept)))
        return
    server = app.runtime.settings.server
    body = await inbound.read(int(server.body_limit_mib * _MIB), server.read_timeout)
    parts = parts_of(inbound.headers.get("content-type", ""), body)
    sent = parts.get("file", Part("", b""))
    purpose = parts.get("purpose", Part("", b"")).content.decode("utf-8", "replace")
    shown = await asyncio.to_thread(shelf.put, organisation, sent.filename, purpose, sent.content)
    await note(app, who, "tuning.file", shown.id, {"bytes": str(shown.bytes)})
    await inbound.reply(200, _JSON, msgspec.json.encode(shown))


async def file(app: App, inbound: Inbound) -> None:
    """Show a file, its content, or remove it."""
    removing = inbound.method == "DELETE"
    who = await allowed(app, inbound, "tuning.change" if removing else "tuning.read")
    name, _, rest = inbound.path.removeprefix(_PREFIX).partition("/")
    shelf, organisation = app.tuning.shelf, who.principal.organisation
    if removing and not rest:
        await asyncio.to_thread(shelf.remove, organisation, name)
        await note(app, who, "tuning.file_removed", name, {})
        await inbound.reply(200, _JSON, msgspec.json.encode(Deleted(id=name)))
    elif rest == "content" and not removing:
        path = await asyncio.to_thread(shelf.content, organisation, name)
        await inbound.reply(200, _BYTES, await asyncio.to_thread(path.read_bytes))
    elif rest:
        raise MethodNotAllowed(method=inbound.method, path=inbound.path[:200], allowed="GET")
    else:
        shown = await asyncio.to_thread(shelf.get, organisation, name)
        await inbound.reply(200, _JSON, msgspec.json.encode(shown))


async def allowed(app: App, inbound: Inbound, permission: str) -> Identified:
    """Return the person who asks. Raises KeyMissing, KeyUnknown, NotAPerson, PermissionMissing and their like."""
    who = await asyncio.to_thread(enter, app, inbound, app.runtime.settings.roles)
    require(who.principal, permission, who.principal.organisation)
    return who


async def note(app: App, who: Identified, verb: str, name: str, facts: dict[str, str]) -> None:
    """Make an act durable in the evidence log."""
    await app.log.append(
        Act(
            at=stamp(),
            actor=str(who.actor),
            origin=who.origin,
            organisation=who.principal.organisation,
            verb=verb,
            object=name,
            facts=facts,
        )
    )
