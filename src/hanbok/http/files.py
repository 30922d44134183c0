"""`/v1/files`: requests of batches, data to tune with, and what came of both, in OpenAI's shape."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Final

import msgspec

from hanbok.app import App, Runtime
from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.evidence.entry import Act
from hanbok.gateway.batches.files import PURPOSE, KeptFile
from hanbok.gateway.identifiers import identifiers_in
from hanbok.http.entrance import enter
from hanbok.http.inbound import JSON, Headers, Inbound
from hanbok.http.key_acts import note_act
from hanbok.http.multipart import Part, parts_of
from hanbok.http.statuses import MethodNotAllowed
from hanbok.policy.identity import Identified, NotAPerson
from hanbok.policy.key import Key
from hanbok.policy.roles import PermissionMissing, require
from hanbok.studio.jobs.shapes import Deleted, FileShown, Listed

_MIB: Final = 1024 * 1024
_PREFIX: Final = "/v1/files/"
_BYTES: Final[Headers] = [("content-type", "application/octet-stream"), ("cache-control", "no-store")]


async def files(app: App, inbound: Inbound) -> None:
    """List files, or keep a new one: for a batch with any key, to tune with where a person may."""
    key = await _keyed(app, inbound)
    if inbound.method != "POST":
        await inbound.reply(
            200, JSON, msgspec.json.encode(Listed[FileShown](data=await _all(app, inbound, key)))
        )
        return
    server = app.runtime.settings.server
    body = await inbound.read(int(server.body_limit_mib * _MIB), server.read_timeout)
    parts = parts_of(inbound.headers.get("content-type", ""), body)
    sent = parts.get("file", Part("", b""))
    purpose = parts.get("purpose", Part("", b"")).content.decode("utf-8", "replace")
    organisation = key.principal.organisation
    if purpose == PURPOSE:
        app.offstage.files.require(organisation)
        found = await asyncio.to_thread(_identifiers, app.runtime, sent.content)
        kept = await app.offstage.files.put(organisation, key.id, sent.filename, sent.content, found)
        await note_act(app, inbound, key, "file.put", kept.id, {"bytes": str(kept.bytes)})
        shown = _shown(kept)
    else:
        who = await allowed(app, inbound, "tuning.change")
        shown = await asyncio.to_thread(
            app.tuning.shelf.put, organisation, sent.filename, purpose, sent.content
        )
        await note(app, who, "tuning.file", shown.id, {"bytes": str(shown.bytes)})
    await inbound.reply(200, JSON, msgspec.json.encode(shown))


async def file(app: App, inbound: Inbound) -> None:
    """Show a file, its content, or remove it."""
    key = await _keyed(app, inbound)
    removing = inbound.method == "DELETE"
    name, _, rest = inbound.path.removeprefix(_PREFIX).partition("/")
    if rest not in ("", "content") or (removing and rest):
        raise MethodNotAllowed(method=inbound.method, path=inbound.path[:200], allowed="GET")
    desk, organisation = app.offstage.files, key.principal.organisation
    kept = await desk.get(organisation, key.id, name) if desk.keeps(organisation) else None
    if kept is None:
        await _tuning_file(app, inbound, name, rest)
    elif removing:
        await desk.remove(organisation, kept)
        await note_act(app, inbound, key, "file.delete", name)
        await inbound.reply(200, JSON, msgspec.json.encode(Deleted(id=name)))
    elif rest:
        outlet = await inbound.stream(200, _BYTES)
        async with aclosing(desk.read(organisation, kept)) as pieces:
            async for piece in pieces:
                await outlet.send(piece)
    else:
        await inbound.reply(200, JSON, msgspec.json.encode(_shown(kept)))


async def _tuning_file(app: App, inbound: Inbound, name: str, rest: str) -> None:
    removing = inbound.method == "DELETE"
    who = await allowed(app, inbound, "tuning.change" if removing else "tuning.read")
    shelf, organisation = app.tuning.shelf, who.principal.organisation
    if removing:
        await asyncio.to_thread(shelf.remove, organisation, name)
        await note(app, who, "tuning.file_removed", name, {})
        await inbound.reply(200, JSON, msgspec.json.encode(Deleted(id=name)))
    elif rest:
        path = await asyncio.to_thread(shelf.content, organisation, name)
        await inbound.reply(200, _BYTES, await asyncio.to_thread(path.read_bytes))
    else:
        shown = await asyncio.to_thread(shelf.get, organisation, name)
        await inbound.reply(200, JSON, msgspec.json.encode(shown))


async def _keyed(app: App, inbound: Inbound) -> Key:
    """Return the key that asks; a failed attempt counts at the entrance of the administration too."""
    try:
        return app.authenticate(inbound.headers)
    except HanbokError:
        await allowed(app, inbound, "tuning.read")
        raise


async def _all(app: App, inbound: Inbound, key: Key) -> list[FileShown]:
    desk, organisation = app.offstage.files, key.principal.organisation
    kept = await desk.all(organisation, key.id) if desk.keeps(organisation) else []
    shown = [_shown(one) for one in kept]
    try:
        await allowed(app, inbound, "tuning.read")
    except (NotAPerson, PermissionMissing):
        if not desk.keeps(organisation):
            raise
        return shown
    return [*shown, *await asyncio.to_thread(app.tuning.shelf.all, organisation)]


def _shown(file: KeptFile) -> FileShown:
    return FileShown(
        id=file.id, bytes=file.bytes, created_at=file.created_at, filename=file.filename, purpose=file.purpose
    )


def _identifiers(runtime: Runtime, content: bytes) -> tuple[tuple[str, str], ...]:
    """Return what of people stands in a file in a fixed form; names are found when its lines are asked."""
    text = content.decode("utf-8", "replace")
    return identifiers_in(text, replace(runtime.guard, others=()).find(text), runtime.guard.kinds)


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
