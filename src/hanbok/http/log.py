"""`/log/`: the evidence log as C2SP tlog-tiles serves it.

Checkpoint and hash tiles tell nothing about anybody: they are public, so that anybody can hold the log to its word.
Bundles of entries hold facts about every organisation: they are for the auditors of the platform, and reading them is
an act in the log.
"""

import asyncio
import re
from typing import Final

from hanbok.app import App
from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.evidence.archive import Archive
from hanbok.evidence.entry import Act
from hanbok.evidence.errors import NotInLog
from hanbok.evidence.keychain import KEYS
from hanbok.evidence.tile import WIDTH, Tile
from hanbok.http.entrance import enter
from hanbok.http.failure import tell
from hanbok.http.inbound import Headers, Inbound
from hanbok.policy.roles import require

_PLAIN: Final[Headers] = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "max-age=1")]
_TILE: Final[Headers] = [
    ("content-type", "application/octet-stream"),
    ("cache-control", "public, max-age=31536000, immutable"),
]
_BUNDLE: Final[Headers] = [("content-type", "application/octet-stream"), ("cache-control", "no-store")]
_PATH: Final = re.compile(
    r"/log/tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)
PERMISSION: Final = "log.read"


async def checkpoint(app: App, inbound: Inbound) -> None:
    """Answer with the newest checkpoint that the log signed."""
    archive = await asyncio.to_thread(Archive, app.log.directory)
    await inbound.reply(200, _PLAIN, archive.latest.note)


async def witnessed(app: App, inbound: Inbound) -> None:
    """Answer with the newest checkpoint that enough witnesses cosigned."""
    archive = await asyncio.to_thread(Archive, app.log.directory)
    found = await asyncio.to_thread(archive.witnessed)
    if found is None:
        raise NotInLog(what="witnessed checkpoint")
    await inbound.reply(200, _PLAIN, found.note)


async def log_key(app: App, inbound: Inbound) -> None:
    """Answer with the log's public keys, oldest first."""
    data = await asyncio.to_thread((app.log.directory / KEYS).read_bytes)
    await inbound.reply(200, _PLAIN, data)


async def tile(app: App, inbound: Inbound) -> None:
    """Answer with a tile of hashes, or to an auditor with a bundle of entries."""
    found = _PATH.fullmatch(inbound.path)
    if found is None:
        raise NotInLog(what=inbound.path[:200])
    level, number, partial = found.groups()
    width = int(partial or WIDTH)
    wanted = Tile(0 if level == "entries" else int(level), int(re.sub(r"\D", "", number)), width)
    if width > WIDTH or wanted.path != f"tile/{wanted.level}/{inbound.path.split('/', 4)[4]}":
        raise NotInLog(what=inbound.path[:200])
    archive = await asyncio.to_thread(Archive, app.log.directory)
    if level != "entries":
        await inbound.reply(200, _TILE, await asyncio.to_thread(archive.tile, wanted))
        return
    try:
        await inbound.reply(200, _BUNDLE, await _bundle(app, inbound, archive, wanted))
    except HanbokError as error:
        await tell(inbound, error, app.runtime.settings.language, [("cache-control", "no-store")])


async def _bundle(app: App, inbound: Inbound, archive: Archive, wanted: Tile) -> bytes:
    who = await asyncio.to_thread(enter, app, inbound, app.runtime.settings.roles)
    require(who.principal, PERMISSION, "")
    data = await asyncio.to_thread(archive.bundle, wanted.number, wanted.width)
    facts = {"first": str(wanted.number * WIDTH), "entries": str(wanted.width)}
    await app.log.append(
        Act(
            at=stamp(),
            actor=str(who.actor),
            origin=inbound.peer,
            verb="log.bundle",
            object="entries",
            facts=facts,
        )
    )
    return data
